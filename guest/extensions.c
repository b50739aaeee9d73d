#include "extensions.h"

#include <string.h>

#include "hostcalls.h"
#include "interpreter.h"
#include "json_text.h"

// Private to the guest: whatever a handler does to Promise or Map, an answer settles the promise of its call.
typedef struct {
  uint32_t number;
  JSValue settle[2];  // resolve, reject
} Call;

static Call* calls;
static uint32_t count, room;

static int make_room(JSContext* ctx) {
  if (count < room) return 0;
  const uint32_t more = room ? 2 * room : 4;
  Call* larger = js_realloc(ctx, calls, more * sizeof *calls);
  if (!larger) return -1;
  calls = larger;
  room = more;
  return 0;
}

JSValue extension_methods(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
  (void)this_value;
  (void)argc;
  if (JS_IsUndefined(argv[0])) return call_host_for_json(ctx, OP_EXT_METHODS, NULL, 0);
  size_t length;
  const char* name = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!name) return JS_EXCEPTION;
  JSValue methods = length ? call_host_for_json(ctx, OP_EXT_METHODS, name, length) : JS_UNDEFINED;
  JS_FreeCString(ctx, name);
  return methods;
}

// Most texts fit in `small` and leave nothing in the heap.
struct short_text {
  char* at;
  size_t length, room;
  char small[512];
};

static int append(JSContext* ctx, struct short_text* text, const char* bytes, size_t length) {
  if (length > text->room - text->length) {
    if (length > SIZE_MAX / 2 - text->length) {
      JS_ThrowOutOfMemory(ctx);
      return -1;
    }
    const size_t larger_room = 2 * (text->length + length);
    char* larger = js_malloc(ctx, larger_room);
    if (!larger) return -1;
    memcpy(larger, text->at, text->length);
    if (text->at != text->small) js_free(ctx, text->at);
    text->at = larger;
    text->room = larger_room;
  }
  memcpy(text->at + text->length, bytes, length);
  text->length += length;
  return 0;
}

// Writes an array, even if a handler has added toJSON to arrays.
static int put_args(JSContext* ctx, struct short_text* text, int argc, JSValueConst* argv) {
  int result = append(ctx, text, "[", 1);
  for (int i = 0; i < argc && result == 0; ++i) {
    struct json_text arg;
    result = json_text_of(ctx, argv[i], &arg);
    if (result < 0) return -1;
    if (i > 0) result = append(ctx, text, ",", 1);
    if (result == 0) result = arg.at ? append(ctx, text, arg.at, arg.length) : append(ctx, text, "null", 4);
    json_text_free(ctx, &arg);
  }
  return result == 0 ? append(ctx, text, "]", 1) : -1;
}

// Prepares everything first: after the host knows of the call, nothing can fail.
static JSValue start_call(JSContext* ctx, JSValueConst name, const struct short_text* args) {
  size_t name_length;
  const char* name_text = JS_ToCStringLen(ctx, &name_length, name);
  Call call;
  JSValue promise =
      name_text && make_room(ctx) == 0 ? JS_NewPromiseCapability(ctx, call.settle) : JS_EXCEPTION;
  if (!JS_IsException(promise)) {
    const int number = call_host(ctx, OP_EXT_CALL, name_text, name_length, args->at, args->length);
    if (number >= 0) {
      call.number = number;
      calls[count++] = call;
    } else {
      JS_FreeValue(ctx, call.settle[0]);
      JS_FreeValue(ctx, call.settle[1]);
      JS_FreeValue(ctx, promise);
      promise = JS_EXCEPTION;
    }
  }
  JS_FreeCString(ctx, name_text);
  return promise;
}

// Calls a method of an extension; *name is NAME.METHOD.
static JSValue call_method(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv, int magic,
                           JSValueConst* name) {
  (void)this_value;
  (void)magic;
  struct short_text args = {.at = args.small, .room = sizeof args.small};
  JSValue promise = put_args(ctx, &args, argc, argv) == 0 ? start_call(ctx, *name, &args) : JS_EXCEPTION;
  if (args.at != args.small) js_free(ctx, args.at);
  return promise;
}

// The string NAME.METHOD.
static JSValue whole_name(JSContext* ctx, JSValueConst name, const char* method, size_t method_length) {
  size_t name_length;
  const char* name_text = JS_ToCStringLen(ctx, &name_length, name);
  if (!name_text) return JS_EXCEPTION;
  struct short_text text = {.at = text.small, .room = sizeof text.small};
  const int result = append(ctx, &text, name_text, name_length) || append(ctx, &text, ".", 1) ||
                     append(ctx, &text, method, method_length);
  JSValue whole = result == 0 ? JS_NewStringLen(ctx, text.at, text.length) : JS_EXCEPTION;
  if (text.at != text.small) js_free(ctx, text.at);
  JS_FreeCString(ctx, name_text);
  return whole;
}

static int add_method(JSContext* ctx, JSValueConst extension, JSValueConst name, JSValueConst method) {
  size_t length;
  const char* method_text = JS_ToCStringLen(ctx, &length, method);
  if (!method_text) return -1;
  JSValue whole = whole_name(ctx, name, method_text, length);
  JSValue function = JS_EXCEPTION;
  if (!JS_IsException(whole)) function = JS_NewCFunctionData(ctx, call_method, 0, 0, 1, &whole);
  int result = -1;
  if (!JS_IsException(function))
    result = JS_DefinePropertyValueStr(ctx, extension, method_text, function, JS_PROP_ENUMERABLE);
  JS_FreeValue(ctx, whole);
  JS_FreeCString(ctx, method_text);
  return result;
}

JSValue extension_object(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
  JSValue methods = extension_methods(ctx, this_value, argc, argv);
  if (!JS_IsObject(methods)) return methods;
  JSValue extension = JS_NewObject(ctx);
  int64_t length = 0;
  int result = JS_IsException(extension) ? -1 : JS_GetLength(ctx, methods, &length);
  for (int64_t i = 0; i < length && result >= 0; ++i) {
    JSValue method = JS_GetPropertyInt64(ctx, methods, i);
    result = JS_IsException(method) ? -1 : add_method(ctx, extension, argv[0], method);
    JS_FreeValue(ctx, method);
  }
  if (result >= 0) result = JS_PreventExtensions(ctx, extension);
  JS_FreeValue(ctx, methods);
  if (result >= 0) return extension;
  JS_FreeValue(ctx, extension);
  return JS_EXCEPTION;
}

uint32_t extension_calls(void) { return count; }

// An Error with the members of the host's {"name", "message", ...}. Its place is the await that throws it.
static JSValue error_of(JSContext* ctx, JSValueConst members) {
  JSValue error = interpreter_new_error(ctx);
  JSPropertyEnum* names;
  uint32_t length;
  if (JS_IsException(error) || JS_GetOwnPropertyNames(ctx, &names, &length, members, JS_GPN_STRING_MASK) < 0)
    return JS_EXCEPTION;
  int result = 0;
  for (uint32_t i = 0; i < length && result >= 0; ++i) {
    const char* name = JS_AtomToCString(ctx, names[i].atom);
    const int is_usual = name && (strcmp(name, "name") == 0 || strcmp(name, "message") == 0);
    JS_FreeCString(ctx, name);
    result = JS_DefinePropertyValue(ctx, error, names[i].atom, JS_GetProperty(ctx, members, names[i].atom),
                                    is_usual ? JS_PROP_C_W_E & ~JS_PROP_ENUMERABLE : JS_PROP_C_W_E);
  }
  JS_FreePropertyEnum(ctx, names, length);
  return result < 0 ? JS_EXCEPTION : error;
}

int extension_settle(JSContext* ctx, uint32_t number, uint32_t settlement, const char* json, size_t length) {
  uint32_t at = 0;
  while (at < count && calls[at].number != number)
    ++at;
  if (at == count) return -1;
  const Call call = calls[at];
  calls[at] = calls[--count];
  JSValue value = JS_ParseJSON(ctx, json, length, "$ext");
  if (!JS_IsException(value) && settlement != SETTLED_VALUE) {
    JSValue error = error_of(ctx, value);
    JS_FreeValue(ctx, value);
    value = error;
    if (settlement == SETTLED_EXPIRED && !JS_IsException(value)) mark_failure(ctx, value, FAILURE_EXPIRED);
  }
  // If the answer does not fit in memory, the await throws, and the handler can catch it.
  const int is_rejected = settlement != SETTLED_VALUE || JS_IsException(value);
  if (JS_IsException(value)) value = JS_GetException(ctx);
  JSValue done = JS_Call(ctx, call.settle[is_rejected], JS_UNDEFINED, 1, (JSValueConst*)&value);
  const int result = JS_IsException(done) ? -1 : 0;
  JS_FreeValue(ctx, done);
  JS_FreeValue(ctx, value);
  JS_FreeValue(ctx, call.settle[0]);
  JS_FreeValue(ctx, call.settle[1]);
  return result;
}
