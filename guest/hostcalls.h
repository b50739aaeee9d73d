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

// The kind of failure that an error made here is of, such as FAILURE_LIMIT, else FAILURE_EXCEPTION.
int failure_of_error(JSContext* ctx, JSValueConst error);
void mark_failure(JSContext* ctx, JSValueConst error, int failure);

// Between two segments: what the last calls have left behind is of no use, and would have to be kept.
void hostcalls_scrub(void);
