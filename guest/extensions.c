#include "extensions.h"

#include <string.h>

#include "hostcalls.h"
#include "interpreter.h"

// The table is ours alone: whatever a handler does to Promise or Map, the host's answer reaches the promise that it made.
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

// Once the host knows of the call nothing can fail any more.
JSValue extension_call(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
  (void)this_value;
  (void)argc;
  size_t name_length, args_length;
  const char* name = JS_ToCStringLen(ctx, &name_length, argv[0]);
  const char* args = name ? JS_ToCStringLen(ctx, &args_length, argv[1]) : NULL;
  Call call;
  JSValue promise = args && make_room(ctx) == 0 ? JS_NewPromiseCapability(ctx, call.settle) : JS_EXCEPTION;
  if (!JS_IsException(promise)) {
    const int number = call_host(ctx, OP_EXT_CALL, name, name_length, args, args_length);
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
  JS_FreeCString(ctx, args);
  JS_FreeCString(ctx, name);
  return promise;
}

uint32_t extension_calls(void) { return count; }

// An Error with the members of the host's {"name", "message", ...}. Its place is that of the await that throws it.
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
  // What does not fit into its memory is the handler's to catch, where it awaits it.
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
