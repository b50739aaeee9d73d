// The keys of $state within a segment: a cache of plain values over the host's, and the keys that changed inside.
#include "state.h"

#include <string.h>

#include "hostcalls.h"
#include "interpreter.h"
#include "json_text.h"

static JSValue cache, dirty, absent;

// ---- values ----

// A copy of a value through JSON; undefined if JSON cannot represent it.
JSValue json_copy(JSContext* ctx, JSValueConst value, struct json_text* text) {
  if (json_text_of(ctx, value, text) < 0) return JS_EXCEPTION;
  if (!text->at) return JS_UNDEFINED;
  if (JS_IsNumber(value)) {
    double number;
    JS_ToFloat64(ctx, &number, value);
    return number - number != 0 ? JS_NULL : number == 0 ? JS_NewInt32(ctx, 0) : JS_DupValue(ctx, value);
  }
  if (!JS_IsObject(value) && !JS_IsBigInt(value)) return JS_DupValue(ctx, value);
  return JS_ParseJSON(ctx, text->at, text->length, "$state");
}

int refuse_value(JSContext* ctx, JSValueConst value) {
  if (!JS_IsFunction(ctx, value) && !JS_IsSymbol(value)) return 0;
  JS_ThrowTypeError(ctx, "$state holds JSON: a %s cannot be kept", JS_IsSymbol(value) ? "symbol" : "function");
  return -1;
}

int refuse_symbol_name(JSContext* ctx, JSAtom name) {
  if (!interpreter_is_symbol(ctx, name)) return 0;
  JS_ThrowTypeError(ctx, "$state has no symbol keys");
  return -1;
}

int refuse_definition(JSContext* ctx, int flags) {
  const char* why = NULL;
  if (flags & (JS_PROP_HAS_GET | JS_PROP_HAS_SET)) why = "no accessors";
  else if (!(flags & JS_PROP_HAS_VALUE)) why = "it cannot be frozen or sealed";
  if (why) JS_ThrowTypeError(ctx, "$state holds JSON: %s", why);
  return why ? -1 : 0;
}

// ---- keys: the cache over the host ----

// Names that the language looks up on any object: reading them must not throw even without permission.
static int is_protocol_name(const char* key) { return strcmp(key, "toJSON") == 0 || strcmp(key, "then") == 0; }

// The raw value of a key, or `absent`. A new reference.
JSValue key_lookup(JSContext* ctx, JSAtom key) {
  JSValue value = JS_GetProperty(ctx, cache, key);
  if (!JS_IsUndefined(value)) return value;
  size_t length;
  const char* name = JS_AtomToCStringLen(ctx, &length, key);
  if (!name) return JS_EXCEPTION;
  value = call_host_for_json(ctx, is_protocol_name(name) ? OP_STATE_GET_VISIBLE : OP_STATE_GET, name, length);
  JS_FreeCString(ctx, name);
  if (JS_IsException(value)) return value;
  if (JS_IsUndefined(value)) value = JS_DupValue(ctx, absent);
  if (JS_DefinePropertyValue(ctx, cache, key, JS_DupValue(ctx, value), JS_PROP_C_W_E) < 0) {
    JS_FreeValue(ctx, value);
    return JS_EXCEPTION;
  }
  return value;
}

int is_absent(JSValueConst value) {
  return JS_VALUE_GET_TAG(value) == JS_TAG_SYMBOL && JS_VALUE_GET_PTR(value) == JS_VALUE_GET_PTR(absent);
}

// `text`: the operation's JSON, or NULL.
int call_with_key(JSContext* ctx, int op, JSAtom key, const struct json_text* text) {
  size_t length;
  const char* name = JS_AtomToCStringLen(ctx, &length, key);
  if (!name) return -1;
  const int result = call_host(ctx, op, name, length, text ? text->at : NULL, text ? text->length : 0);
  JS_FreeCString(ctx, name);
  return result;
}

// The host has the key's new value; nodes of the old value now show the new one.
static int key_replaced(JSContext* ctx, JSAtom key, JSValueConst value) {
  JSValue before = JS_GetProperty(ctx, cache, key);
  const int moved = JS_IsObject(before) ? node_replace(ctx, before, value) : 0;
  JS_FreeValue(ctx, before);
  JS_DeleteProperty(ctx, dirty, key, 0);
  return moved < 0 || JS_DefinePropertyValue(ctx, cache, key, JS_DupValue(ctx, value), JS_PROP_C_W_E) < 0 ? -1 : 1;
}

int key_delete(JSContext* ctx, JSAtom key) {
  const int was_there = call_with_key(ctx, OP_STATE_DELETE, key, NULL);
  return was_there < 0 ? -1 : key_replaced(ctx, key, absent);
}

int key_set(JSContext* ctx, JSAtom key, JSValueConst value) {
  if (refuse_symbol_name(ctx, key) < 0 || refuse_value(ctx, value) < 0) return -1;
  if (JS_IsUndefined(value)) return key_delete(ctx, key);
  struct json_text text;
  JSValue copy = json_copy(ctx, value, &text);
  int result = -1;
  if (!JS_IsException(copy)) {
    if (!text.at) result = key_delete(ctx, key);  // toJSON returned undefined
    else if (call_with_key(ctx, OP_STATE_SET, key, &text) >= 0) result = key_replaced(ctx, key, copy);
  }
  JS_FreeValue(ctx, copy);
  json_text_free(ctx, &text);
  return result;
}

int key_is_visible(JSContext* ctx, JSAtom name) {
  if (interpreter_is_symbol(ctx, name)) return 0;
  JSValue value = JS_GetProperty(ctx, cache, name);
  if (!JS_IsUndefined(value)) {
    const int there = !is_absent(value);
    JS_FreeValue(ctx, value);
    return there;
  }
  return call_with_key(ctx, OP_STATE_HAS, name, NULL);
}

int keys_open(JSContext* ctx) {
  cache = JS_NewObjectProto(ctx, JS_NULL);
  dirty = JS_NewObjectProto(ctx, JS_NULL);
  absent = JS_NewSymbol(ctx, "absent", false);
  return JS_IsException(cache) || JS_IsException(dirty) || JS_IsException(absent) ? -1 : 0;
}

int keys_forget(JSContext* ctx) {
  JSValue* const known[] = {&cache, &dirty};
  for (int i = 0; i < 2; ++i) {
    JSValue empty = JS_NewObjectProto(ctx, JS_NULL);
    if (JS_IsException(empty)) return -1;
    JS_FreeValue(ctx, *known[i]);
    *known[i] = empty;
  }
  return 0;
}

// Announces a change inside the key's value: the host checks it, and state_flush sends the whole value.
int key_touch(JSContext* ctx, JSAtom key) {
  if (call_with_key(ctx, OP_STATE_TOUCH, key, NULL) < 0) return -1;
  return JS_DefinePropertyValue(ctx, dirty, key, JS_TRUE, JS_PROP_C_W_E);
}

int state_flush(JSContext* ctx) {
  JSPropertyEnum* names;
  uint32_t count;
  if (JS_GetOwnPropertyNames(ctx, &names, &count, dirty, JS_GPN_STRING_MASK) < 0) return -1;
  int result = 0;
  for (uint32_t i = 0; i < count && result == 0; ++i) {
    JSValue raw = JS_GetProperty(ctx, cache, names[i].atom);
    struct json_text text;
    if (json_text_of(ctx, raw, &text) < 0 || call_with_key(ctx, OP_STATE_FLUSH, names[i].atom, &text) < 0) result = -1;
    json_text_free(ctx, &text);
    JS_FreeValue(ctx, raw);
  }
  JS_FreePropertyEnum(ctx, names, count);
  return result;
}
