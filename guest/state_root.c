// $state itself: its properties are the panel's keys, except six reserved names, which are methods.
#include "state.h"

#include <string.h>

#include "hostcalls.h"
#include "interpreter.h"

static JSClassID root_class;
static JSValue reserved;

static JSValue root_get(JSContext* ctx, JSValueConst object, JSAtom name, JSValueConst receiver) {
  (void)object;
  (void)receiver;
  if (interpreter_is_symbol(ctx, name)) return JS_UNDEFINED;
  JSValue method = JS_GetProperty(ctx, reserved, name);
  if (!JS_IsUndefined(method)) return method;
  JSValue value = key_lookup(ctx, name);
  if (is_absent(value)) {
    JS_FreeValue(ctx, value);
    return JS_UNDEFINED;
  }
  return JS_IsObject(value) ? node_for(ctx, JS_NULL, name, value) : value;
}

static int root_set(JSContext* ctx, JSValueConst object, JSAtom name, JSValueConst value, JSValueConst receiver,
                    int flags) {
  (void)object;
  (void)receiver;
  (void)flags;
  const int is_reserved = JS_GetOwnProperty(ctx, NULL, reserved, name);
  if (is_reserved < 0) return -1;
  if (!is_reserved) return key_set(ctx, name, value);
  const char* text = JS_AtomToCString(ctx, name);
  JS_ThrowTypeError(ctx, "$state.%s is a method; use $state.set(\"%s\", value) for a key of that name",
                    text ? text : "?", text ? text : "?");
  JS_FreeCString(ctx, text);
  return -1;
}

static int root_has(JSContext* ctx, JSValueConst object, JSAtom name) {
  (void)object;
  return key_is_visible(ctx, name);
}

static int root_get_own(JSContext* ctx, JSPropertyDescriptor* desc, JSValueConst object, JSAtom name) {
  const int there = key_is_visible(ctx, name);
  if (there == 1 && desc) {
    JSValue raw = key_lookup(ctx, name);
    desc->value = JS_IsObject(raw) ? node_for(ctx, JS_NULL, name, raw) : raw;
    desc->flags = JS_PROP_C_W_E;
    desc->getter = desc->setter = JS_UNDEFINED;
    if (JS_IsException(desc->value)) return -1;
  }
  (void)object;
  return there;
}

static int root_names(JSContext* ctx, JSPropertyEnum** table, uint32_t* count, JSValueConst object) {
  (void)object;
  JSValue keys = call_host_for_json(ctx, OP_STATE_KEYS, NULL, 0);
  int64_t length = 0;
  if (JS_IsException(keys) || JS_GetLength(ctx, keys, &length) < 0) return -1;
  // The host's list is an array, and the length of an array fits in uint32_t.
  const uint32_t many = (uint32_t)length;
  JSPropertyEnum* names = many ? js_malloc(ctx, sizeof *names * many) : NULL;
  if (many && !names) {
    JS_FreeValue(ctx, keys);
    return -1;
  }
  for (uint32_t i = 0; i < many; ++i) {
    JSValue key = JS_GetPropertyInt64(ctx, keys, i);
    names[i] = (JSPropertyEnum){.is_enumerable = true, .atom = JS_ValueToAtom(ctx, key)};
    JS_FreeValue(ctx, key);
  }
  JS_FreeValue(ctx, keys);
  *table = names;
  *count = many;
  return 0;
}

static int root_delete(JSContext* ctx, JSValueConst object, JSAtom name) {
  (void)object;
  return interpreter_is_symbol(ctx, name) ? 1 : key_delete(ctx, name);
}

static int root_define(JSContext* ctx, JSValueConst object, JSAtom name, JSValueConst value, JSValueConst getter,
                       JSValueConst setter, int flags) {
  (void)getter;
  (void)setter;
  if (refuse_definition(ctx, flags) < 0) return -1;
  return root_set(ctx, object, name, value, object, flags);
}

enum { METHOD_GET, METHOD_SET, METHOD_DELETE, METHOD_HAS, METHOD_KEYS, METHOD_UPDATE };

static JSValue root_method(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv, int method) {
  (void)this_value;
  (void)argc;
  if (method == METHOD_KEYS) return call_host_for_json(ctx, OP_STATE_KEYS, NULL, 0);
  JSAtom key = JS_ValueToAtom(ctx, argv[0]);
  if (key == JS_ATOM_NULL || refuse_symbol_name(ctx, key) < 0) return JS_EXCEPTION;
  JSValue result = JS_UNDEFINED;
  if (method == METHOD_SET) {
    if (key_set(ctx, key, argv[1]) < 0) result = JS_EXCEPTION;
  } else if (method == METHOD_DELETE || method == METHOD_HAS) {
    const int there = key_is_visible(ctx, key);
    const int done = method == METHOD_DELETE && there >= 0 ? key_delete(ctx, key) : there;
    result = done < 0 ? JS_EXCEPTION : JS_NewBool(ctx, there);
  } else {
    JSValue raw = key_lookup(ctx, key);
    if (is_absent(raw)) {
      JS_FreeValue(ctx, raw);
      raw = JS_UNDEFINED;
    }
    result = JS_IsObject(raw) ? node_for(ctx, JS_NULL, key, raw) : raw;
    if (method == METHOD_UPDATE && !JS_IsException(result)) {
      JSValue updated = JS_Call(ctx, argv[1], JS_UNDEFINED, 1, (JSValueConst*)&result);
      JS_FreeValue(ctx, result);
      result = updated;
      if (!JS_IsException(updated) && key_set(ctx, key, updated) < 0) {
        JS_FreeValue(ctx, updated);
        result = JS_EXCEPTION;
      }
    }
  }
  JS_FreeAtom(ctx, key);
  return result;
}

int state_open(JSContext* ctx) {
  static JSClassExoticMethods exotic = {
      root_get_own, root_names, root_delete, root_define, root_has, root_get, root_set,
  };
  static const JSClassDef definition = {.class_name = "Object", .exotic = &exotic};
  static const JSCFunctionListEntry methods[] = {
      JS_CFUNC_MAGIC_DEF("get", 1, root_method, METHOD_GET),
      JS_CFUNC_MAGIC_DEF("set", 2, root_method, METHOD_SET),
      JS_CFUNC_MAGIC_DEF("delete", 1, root_method, METHOD_DELETE),
      JS_CFUNC_MAGIC_DEF("has", 1, root_method, METHOD_HAS),
      JS_CFUNC_MAGIC_DEF("keys", 0, root_method, METHOD_KEYS),
      JS_CFUNC_MAGIC_DEF("update", 2, root_method, METHOD_UPDATE),
  };
  JS_NewClassID(JS_GetRuntime(ctx), &root_class);
  if (JS_NewClass(JS_GetRuntime(ctx), root_class, &definition) < 0) return -1;
  if (keys_open(ctx) < 0 || nodes_open(ctx) < 0) return -1;
  reserved = JS_NewObjectProto(ctx, JS_NULL);
  if (JS_IsException(reserved)) return -1;
  return JS_SetPropertyFunctionList(ctx, reserved, methods, sizeof methods / sizeof *methods);
}

JSValue state_new_root(JSContext* ctx) { return JS_NewObjectProtoClass(ctx, JS_NULL, root_class); }
