// Calls to the host for the rest of the guest: a refusal becomes a JavaScript exception.
#pragma once

#include <stddef.h>

#include "host.h"
#include "quickjs.h"

int hostcalls_open(JSContext* ctx);

// >= 0: the host's result; -1: an exception is pending.
int call_host(JSContext* ctx, int op, const char* a, size_t a_length, const char* b, size_t b_length);

// For operations with a JSON result: the value, JS_UNDEFINED if it is absent, or JS_EXCEPTION.
JSValue call_host_for_json(JSContext* ctx, int op, const char* a, size_t a_length);

// The kind of an error made by the guest, such as FAILURE_LIMIT; FAILURE_EXCEPTION for any other error.
int failure_of_error(JSContext* ctx, JSValueConst error);
void mark_failure(JSContext* ctx, JSValueConst error, int failure);

// Between two segments: scrubs the remains of the last calls, which a delta would have to keep.
void hostcalls_scrub(void);
