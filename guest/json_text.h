// A value as JSON text for the host. Most values are plain data, and a quick writer that runs no code of the handler's
// does for them; JSON.stringify itself does for the rest, with the same text.
#pragma once

#include <stddef.h>

#include "quickjs.h"

struct json_text {
  const char* at;  // UTF-8, with a NUL behind it; NULL: JSON has nothing for this value
  size_t length;
  char* block;     // what is at `at`, when it is too long for `small`
  const char* string;  // what is at `at`, when JSON.stringify made it
  char small[512];
};

// < 0: an exception is pending. Otherwise to be freed.
int json_text_of(JSContext* ctx, JSValueConst value, struct json_text* text);
void json_text_free(JSContext* ctx, struct json_text* text);
