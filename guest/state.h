// $state: an object whose properties are the panel's keys (state_root.c); nodes for the objects and arrays inside
// (state_nodes.c); and a cache of the host's values (state_keys.c).
//
// A negative int result means that an exception is pending.
#pragma once

#include "json_text.h"
#include "quickjs.h"

int state_open(JSContext* ctx);          // registers the classes
JSValue state_new_root(JSContext* ctx);  // $state itself
int state_flush(JSContext* ctx);         // sends the keys that have changed inside
int state_end_segment(JSContext* ctx);   // the same, and clears the cache: others may change the state now

// ---- for state_*.c only ----

int keys_open(JSContext* ctx);
int nodes_open(JSContext* ctx);
int keys_forget(JSContext* ctx);

JSValue key_lookup(JSContext* ctx, JSAtom key);  // its raw value, or one for which is_absent is true; a new reference
int is_absent(JSValueConst value);
int key_is_visible(JSContext* ctx, JSAtom key);  // 0 or 1
int key_set(JSContext* ctx, JSAtom key, JSValueConst value);
int key_delete(JSContext* ctx, JSAtom key);
int key_touch(JSContext* ctx, JSAtom key);

// Called when a key whose value was an object gets a new value.
int node_replace(JSContext* ctx, JSValueConst before, JSValueConst after);

// The node for a raw object at this place; other values are returned unchanged. Takes the reference to `raw`.
JSValue node_for(JSContext* ctx, JSValueConst parent, JSAtom name, JSValue raw);

// A copy of a value through JSON, undefined if JSON cannot represent it. The caller frees `text`, the JSON, in any
// case.
JSValue json_copy(JSContext* ctx, JSValueConst value, struct json_text* text);
int refuse_value(JSContext* ctx, JSValueConst value);  // functions and symbols
int refuse_definition(JSContext* ctx, int flags);      // by defineProperty, freeze, seal: only a value is accepted
int refuse_symbol_name(JSContext* ctx, JSAtom name);
