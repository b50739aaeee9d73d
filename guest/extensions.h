// Calls of $ext: each returns a promise that the host settles later.
#pragma once

#include <stdint.h>

#include "quickjs.h"

// host.methods(NAME): the extension's methods, or undefined if it does not exist. Without a name: all extensions.
JSValue extension_methods(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv);
// host.extension(NAME): a frozen object of functions that return promises, or undefined if NAME does not exist.
JSValue extension_object(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv);

// The number of unsettled calls.
uint32_t extension_calls(void);
// Settles a call; a NUL follows `json`. < 0: an exception is pending, or the call does not exist.
int extension_settle(JSContext* ctx, uint32_t call, uint32_t settlement, const char* json, size_t length);
