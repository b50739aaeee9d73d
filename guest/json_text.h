// A value as JSON text for the host. A fast writer handles plain data without running the handler's code;
// JSON.stringify handles all other values. Both write the same text.
#pragma once

#include <stddef.h>

#include "quickjs.h"

struct json_text {
  const char* at;  // UTF-8 with a NUL behind it; NULL if JSON cannot represent the value
  size_t length;
  char* block;     // the block of `at`, if the text does not fit in `small`
  const char* string;  // the string of `at`, if JSON.stringify made it
  char small[512];
};

// < 0: an exception is pending. Otherwise the caller frees the text.
int json_text_of(JSContext* ctx, JSValueConst value, struct json_text* text);
void json_text_free(JSContext* ctx, struct json_text* text);
