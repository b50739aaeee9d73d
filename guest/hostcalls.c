#include "hostcalls.h"

#include <string.h>

#include "interpreter.h"

static JSAtom failure_name;  // private: marks errors made by the guest

void mark_failure(JSContext* ctx, JSValueConst error, int failure) {
  JS_DefinePropertyValue(ctx, error, failure_name, JS_NewInt32(ctx, failure), 0);
}

// `text`: one character for the kind of the refusal, then the message.
static int throw_refusal(JSContext* ctx, int length, const char* text) {
  const char kind = length > 0 ? text[0] : 'L';
  const int failure = kind == 'P' ? FAILURE_PERMISSION : kind == 'L' ? FAILURE_LIMIT : FAILURE_EXCEPTION;
  JSValue error = JS_NewPlainError(ctx, "%.*s", length > 1 ? length - 1 : 0, text + 1);
  if (JS_IsException(error)) return -1;
  const char* name = kind == 'P' ? "PermissionDenied" : kind == 'L' ? "ResourceLimit" : "NoSuchExtension";
  JS_DefinePropertyValueStr(ctx, error, "name", JS_NewString(ctx, name), JS_PROP_C_W_E & ~JS_PROP_ENUMERABLE);
  mark_failure(ctx, error, failure);
  JS_Throw(ctx, error);
  return -1;
}

static char small[4096];

// Makes the call and returns the text of the result, which is `small` or a block to be freed. NULL with *length >= 0:
// the result is *length itself. NULL with *length < 0: an exception is pending.
static char* exchange(JSContext* ctx, int op, const char* a, size_t a_length, const char* b, size_t b_length,
                      int* length) {
  *length = host_call(op, a, a_length, b, b_length, small, sizeof small - 1);
  if (*length == HOST_ABSENT) return NULL;
  if (*length == HOST_REFUSED) {
    const int taken = host_take(small, sizeof small - 1);
    *length = throw_refusal(ctx, taken, small);
    return NULL;
  }
  if (*length < (int)sizeof small) {
    small[*length] = 0;
    return small;
  }
  char* text = js_malloc(ctx, *length + 1);
  if (!text) {
    *length = -3;
    return NULL;
  }
  host_take(text, *length);
  text[*length] = 0;
  return text;
}

int call_host(JSContext* ctx, int op, const char* a, size_t a_length, const char* b, size_t b_length) {
  const int answer = host_call(op, a, a_length, b, b_length, NULL, 0);
  if (answer != HOST_REFUSED) return answer;
  return throw_refusal(ctx, host_take(small, sizeof small - 1), small);
}

JSValue call_host_for_json(JSContext* ctx, int op, const char* a, size_t a_length) {
  int length;
  char* text = exchange(ctx, op, a, a_length, NULL, 0, &length);
  if (!text) return length == HOST_ABSENT && !JS_HasException(ctx) ? JS_UNDEFINED : JS_EXCEPTION;
  JSValue value = JS_ParseJSON(ctx, text, length, "$state");
  if (text != small) js_free(ctx, text);
  return value;
}

void hostcalls_scrub(void) { memset(small, 0, sizeof small); }

int failure_of_error(JSContext* ctx, JSValueConst error) {
  if (!JS_IsObject(error)) return FAILURE_EXCEPTION;
  JSValue mark = JS_GetProperty(ctx, error, failure_name);
  int32_t failure = FAILURE_EXCEPTION;
  if (JS_IsNumber(mark)) JS_ToInt32(ctx, &failure, mark);
  if (JS_IsException(mark)) JS_FreeValue(ctx, JS_GetException(ctx));
  JS_FreeValue(ctx, mark);
  return failure;
}

int hostcalls_open(JSContext* ctx) {
  failure_name = interpreter_private_name(ctx, "failure");
  return failure_name == JS_ATOM_NULL ? -1 : 0;
}
