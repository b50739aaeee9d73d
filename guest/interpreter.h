// Functions of QuickJS beyond its public interface. Only interpreter.c sees its internals.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "json_text.h"
#include "quickjs.h"

enum source_form { FORM_MODULE, FORM_FUNCTION, FORM_BODY };

// Compiles without running. On success `*handler` is a module, or a script whose value is the one function. On
// failure an exception is pending, with its place in the author's lines and columns.
bool interpreter_compile(JSContext* ctx, const char* source, size_t length, JSValue* handler, enum source_form* form);
JSValue interpreter_module_default(JSContext* ctx, JSValueConst module);  // after its evaluation

// From now on no source can become code: eval, Function and all ways to them are removed.
void interpreter_forbid_eval(JSContext* ctx);
size_t interpreter_live_bytes(JSRuntime* rt);
void interpreter_reseed(JSContext* ctx, uint64_t seed);
JSAtom interpreter_private_name(JSContext* ctx, const char* name);  // for properties that scripts cannot list

bool interpreter_is_symbol(JSContext* ctx, JSAtom name);
// Deeply freezes a value from JS_ParseJSON. JS_FreezeObject does the same several times slower.
int interpreter_freeze_json(JSContext* ctx, JSValueConst value);

// Sets a property that show_names() has created; takes the reference to the value.
void interpreter_put(JSContext* ctx, JSValueConst object, JSAtom name, JSValue value);

// True if `value` is plain data; its text has then been written. Otherwise the caller frees the partial text.
bool interpreter_plain_json(JSContext* ctx, JSValueConst value, struct json_text* text);

// An Error whose stack is set when the handler's code throws it. A normal Error would keep an empty stack, because no
// code runs when it is made.
JSValue interpreter_new_error(JSContext* ctx);

// The backtrace of the latest throw, even of a value that is not an Error; JS_UNDEFINED without a throw.
JSValue interpreter_last_backtrace(JSContext* ctx);

// Makes Array.isArray and JSON treat other classes as arrays; set by state.c.
extern bool (*interpreter_is_array_hook)(JSValueConst object, JSClassID class_id);
