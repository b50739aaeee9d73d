// $state: an object whose properties are the panel's keys (state_root.c), nodes that stand for the objects and arrays
// inside (state_nodes.c), over a cache of what the host has told of each key (state_keys.c).
//
// Functions that return int: < 0 means that an exception is pending.
#pragma once

#include "json_text.h"
#include "quickjs.h"

int state_open(JSContext* ctx);          // registers the classes
JSValue state_new_root(JSContext* ctx);  // $state itself
int state_flush(JSContext* ctx);         // sends the keys that changed inside
int state_end_segment(JSContext* ctx);   // the same, and forgets what it knew: others may change it now

// ---- within state_*.c ----

int keys_open(JSContext* ctx);
int nodes_open(JSContext* ctx);
int keys_forget(JSContext* ctx);

JSValue key_lookup(JSContext* ctx, JSAtom key);  // its raw value, or one for which is_absent says so; a new reference
int is_absent(JSValueConst value);
int key_is_visible(JSContext* ctx, JSAtom key);  // 0 or 1
int key_set(JSContext* ctx, JSAtom key, JSValueConst value);
int key_delete(JSContext* ctx, JSAtom key);
int key_touch(JSContext* ctx, JSAtom key);

// The value of a key was an object and is replaced.
int node_replace(JSContext* ctx, JSValueConst before, JSValueConst after);

// The node for a raw object at a place; other values as they are. Takes the reference to `raw`.
JSValue node_for(JSContext* ctx, JSValueConst parent, JSAtom name, JSValue raw);

// The copy of a value as JSON keeps it, undefined when JSON has nothing for it; `text` is that JSON, to be
// freed in any case.
JSValue json_copy(JSContext* ctx, JSValueConst value, struct json_text* text);
int refuse_value(JSContext* ctx, JSValueConst value);  // functions and symbols
int refuse_definition(JSContext* ctx, int flags);      // by defineProperty, freeze, seal: all but a value
int refuse_symbol_name(JSContext* ctx, JSAtom name);
