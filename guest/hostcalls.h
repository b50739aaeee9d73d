// Calls to the host as the rest of the guest makes them: a refusal becomes a JavaScript exception.
#pragma once

#include <stddef.h>

#include "host.h"
#include "quickjs.h"

int hostcalls_open(JSContext* ctx);

// >= 0: what the host said; -1: an exception is pending.
int call_host(JSContext* ctx, int op, const char* a, size_t a_length, const char* b, size_t b_length);

// For operations that answer with JSON: the value, JS_UNDEFINED when there is none, or JS_EXCEPTION.
JSValue call_host_for_json(JSContext* ctx, int op, const char* a, size_t a_length);

// FAILURE_PERMISSION or FAILURE_LIMIT for an error that the host's refusal made, else FAILURE_EXCEPTION.
int failure_of_error(JSContext* ctx, JSValueConst error);
