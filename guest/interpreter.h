// What we need of QuickJS beyond its public interface. interpreter.c is the one file that sees its inside.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "json_text.h"
#include "quickjs.h"

enum source_form { FORM_MODULE, FORM_FUNCTION, FORM_BODY };

// Compiles, runs nothing. On success `*handler` is a module, or a script whose value is the one function. On failure
// JS_EXCEPTION is pending and its place is in the author's own lines and columns.
bool interpreter_compile(JSContext* ctx, const char* source, size_t length, JSValue* handler, enum source_form* form);
JSValue interpreter_module_default(JSContext* ctx, JSValueConst module);  // after its evaluation

// From here on no source can become code: eval, Function and what reaches them are gone.
void interpreter_forbid_eval(JSContext* ctx);
size_t interpreter_live_bytes(JSRuntime* rt);
void interpreter_reseed(JSContext* ctx, uint64_t seed);
JSAtom interpreter_private_name(JSContext* ctx, const char* name);  // of properties that no script can list

bool interpreter_is_symbol(JSContext* ctx, JSAtom name);
// Freezes a value that JS_ParseJSON made, deeply. JS_FreezeObject does the same, several times slower.
int interpreter_freeze_json(JSContext* ctx, JSValueConst value);

// Sets a property that an object has as show_names made it; takes the value.
void interpreter_put(JSContext* ctx, JSValueConst object, JSAtom name, JSValue value);

// Whether `value` is plain data, of which the text was then written; otherwise what was written is to be freed.
bool interpreter_plain_json(JSContext* ctx, JSValueConst value, struct json_text* text);

// An Error that has no stack until code of the handler throws it: one that is made while none runs would keep an empty one.
JSValue interpreter_new_error(JSContext* ctx);

// The backtrace of the latest throw, also of a value that is no Error; JS_UNDEFINED when there was none.
JSValue interpreter_last_backtrace(JSContext* ctx);

// Classes that Array.isArray and JSON take for arrays; set by state.c.
extern bool (*interpreter_is_array_hook)(JSValueConst object, JSClassID class_id);
