// Calls of $ext: each is a promise that the host settles later.
#pragma once

#include <stdint.h>

#include "quickjs.h"

// host.methods(NAME): its methods, undefined when there is no such extension; without a name: all extensions.
JSValue extension_methods(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv);
// host.extension(NAME): a frozen object of its methods as functions that give promises; undefined when there is none.
JSValue extension_object(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv);

// How many calls are not settled.
uint32_t extension_calls(void);
// Settles one; `json` is followed by a NUL. < 0: an exception is pending, or there is no such call.
int extension_settle(JSContext* ctx, uint32_t call, uint32_t settlement, const char* json, size_t length);
