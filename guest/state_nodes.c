// A node stands for a path: the top-level key and the names that lead to the object. Its content is in a cache of
// plain objects, which is filled key by key from the host and cleared at the end of a segment:
//
//   $state ─ cache ─┬─ "cart"  ─► raw object ◄─ node $state.cart          (one node per raw object)
//                   │              └─ items ─► raw array ◄─ node $state.cart.items
//                   └─ "count" ─► 3
//
// A write to a key goes to the host at once. A write inside a key changes the raw object and tells the host that the
// key will change (OP_STATE_TOUCH: permission and count); the key's whole new text follows at the end of the segment.
#include "state.h"

#include <string.h>

#include "interpreter.h"

typedef struct {
  JSValue parent;  // the node that contains it; null for the value of a key
  JSAtom name;     // its name in the parent, or the key itself
  JSValue raw;     // the object that it shows; valid in the segment of its lookup
  uint32_t segment;
  uint32_t version;  // the number of replacements of the key's whole value before the lookup
} Node;

static JSClassID node_class;
static JSAtom node_of_raw;  // private name: the node that stands for a raw object
static uint32_t segment = 1;

static Node* node_of(JSValueConst value) { return JS_GetOpaque(value, node_class); }

static Node* root_of(JSValueConst node) {
  Node* n = node_of(node);
  while (!JS_IsNull(n->parent))
    n = node_of(n->parent);
  return n;
}

static JSAtom root_key(JSValueConst node) { return root_of(node)->name; }

// The node for a raw object at this place. There is one per raw object, so that `$state.a === $state.a`.
JSValue node_for(JSContext* ctx, JSValueConst parent, JSAtom name, JSValue raw) {
  if (!JS_IsObject(raw)) return raw;
  JSValue known = JS_GetProperty(ctx, raw, node_of_raw);
  if (!JS_IsUndefined(known)) {
    JS_FreeValue(ctx, raw);
    return known;
  }
  JSValue prototype = JS_GetPrototype(ctx, raw);
  JSValue object = JS_NewObjectProtoClass(ctx, prototype, node_class);
  JS_FreeValue(ctx, prototype);
  Node* node = JS_IsException(object) ? NULL : js_malloc(ctx, sizeof *node);
  if (!node) {
    JS_FreeValue(ctx, object);
    JS_FreeValue(ctx, raw);
    return JS_EXCEPTION;
  }
  const uint32_t version = JS_IsNull(parent) ? 0 : root_of(parent)->version;
  *node = (Node){JS_DupValue(ctx, parent), JS_DupAtom(ctx, name), raw, segment, version};
  JS_SetOpaque(object, node);
  if (JS_DefinePropertyValue(ctx, raw, node_of_raw, JS_DupValue(ctx, object), JS_PROP_CONFIGURABLE) < 0) {
    JS_FreeValue(ctx, object);
    return JS_EXCEPTION;
  }
  return object;
}

// Makes the node stand for another raw object, and registers it there unless that object has a node. Takes `raw`.
static int node_show(JSContext* ctx, JSValueConst object, JSValue raw) {
  Node* node = node_of(object);
  JS_FreeValue(ctx, node->raw);
  node->raw = raw;
  JSValue prototype = JS_GetPrototype(ctx, raw);
  const int like_it = JS_SetPrototype(ctx, object, prototype);
  JS_FreeValue(ctx, prototype);
  if (like_it < 0) return -1;
  if (JS_GetOwnProperty(ctx, NULL, raw, node_of_raw) == 1) return 0;
  return JS_DefinePropertyValue(ctx, raw, node_of_raw, JS_DupValue(ctx, object), JS_PROP_CONFIGURABLE);
}

// The raw object that the node shows now. Looks its path up again in a new segment, and after its key got another
// value. Borrowed; JS_EXCEPTION if the path no longer exists.
static JSValueConst node_raw(JSContext* ctx, JSValueConst object) {
  Node* node = node_of(object);
  const uint32_t version = root_of(object)->version;
  if (node->segment == segment && node->version == version) return node->raw;
  JSValue raw;
  if (JS_IsNull(node->parent)) {
    raw = key_lookup(ctx, node->name);
  } else {
    JSValueConst around = node_raw(ctx, node->parent);
    raw = JS_IsException(around) ? JS_EXCEPTION : JS_GetProperty(ctx, around, node->name);
  }
  if (JS_IsException(raw)) return JS_EXCEPTION;
  if (!JS_IsObject(raw)) {
    JS_FreeValue(ctx, raw);
    const char* name = JS_AtomToCString(ctx, node->name);
    JS_ThrowTypeError(ctx, "'%s' is no longer in $state", name ? name : "?");
    JS_FreeCString(ctx, name);
    return JS_EXCEPTION;
  }
  if (node_show(ctx, object, raw) < 0) return JS_EXCEPTION;
  node->segment = segment;
  node->version = version;
  return raw;
}

int node_replace(JSContext* ctx, JSValueConst before, JSValueConst after) {
  JSValue object = JS_GetProperty(ctx, before, node_of_raw);
  if (JS_IsUndefined(object)) return 0;
  Node* node = node_of(object);
  ++node->version;
  int result = 0;
  if (JS_IsObject(after)) {
    result = node_show(ctx, object, JS_DupValue(ctx, after));
  } else {
    node->segment = 0;
  }
  JS_FreeValue(ctx, object);
  return result;
}

// The value to store in a raw object: a copy, except for nodes of the same key, which are moved, so that sorting and
// splicing an array keep the identity of its elements.
static JSValue value_to_keep(JSContext* ctx, JSValueConst node, JSValueConst value) {
  if (!JS_IsObject(value) && !JS_IsBigInt(value)) {
    double number = 1;
    if (!JS_IsNumber(value) || JS_ToFloat64(ctx, &number, value) < 0) return JS_DupValue(ctx, value);
    if (number - number != 0) return JS_NULL;
    return number == 0 ? JS_NewInt32(ctx, 0) : JS_DupValue(ctx, value);  // JSON has no -0
  }
  if (node_of(value) && root_key(value) == root_key(node)) {
    JSValueConst raw = node_raw(ctx, value);
    if (JS_IsException(raw)) return JS_EXCEPTION;
    for (JSValueConst n = node; !JS_IsNull(n); n = node_of(n)->parent) {
      if (JS_VALUE_GET_PTR(node_of(n)->raw) == JS_VALUE_GET_PTR(raw))
        return JS_ThrowTypeError(ctx, "cycle in $state");
    }
    return JS_DupValue(ctx, raw);
  }
  struct json_text text;
  JSValue copy = json_copy(ctx, value, &text);
  json_text_free(ctx, &text);
  return copy;
}

static int same_value_there(JSContext* ctx, JSValueConst raw, JSAtom name, JSValueConst value) {
  if (JS_IsObject(value)) return 0;
  JSValue now = JS_GetProperty(ctx, raw, name);
  const int same = !JS_IsUndefined(now) && JS_IsStrictEqual(ctx, now, value);
  JS_FreeValue(ctx, now);
  return same;
}

static int node_delete(JSContext* ctx, JSValueConst object, JSAtom name);

static int node_set(JSContext* ctx, JSValueConst object, JSAtom name, JSValueConst value,
                    JSValueConst receiver, int flags) {
  (void)receiver;
  (void)flags;
  if (refuse_symbol_name(ctx, name) < 0 || refuse_value(ctx, value) < 0) return -1;
  JSValueConst raw = node_raw(ctx, object);
  if (JS_IsException(raw)) return -1;
  // Array methods set `length` to its current value; that is not a change.
  if (same_value_there(ctx, raw, name, value)) return 1;
  const char* text = JS_IsArray(raw) ? JS_AtomToCString(ctx, name) : NULL;
  const int is_length = text && strcmp(text, "length") == 0;
  JS_FreeCString(ctx, text);
  JSValue kept = is_length ? JS_DupValue(ctx, value) : value_to_keep(ctx, object, value);
  if (JS_IsException(kept)) return -1;
  if (JS_IsUndefined(kept) && !is_length) {
    if (!JS_IsArray(raw)) return node_delete(ctx, object, name);
    kept = JS_NULL;
  }
  if (key_touch(ctx, root_key(object)) < 0) {
    JS_FreeValue(ctx, kept);
    return -1;
  }
  if (is_length) return JS_SetProperty(ctx, raw, name, kept);
  return JS_DefinePropertyValue(ctx, raw, name, kept, JS_PROP_C_W_E | JS_PROP_THROW) < 0 ? -1 : 1;
}

static JSValue node_get(JSContext* ctx, JSValueConst object, JSAtom name, JSValueConst receiver) {
  (void)receiver;
  JSValueConst raw = node_raw(ctx, object);
  if (JS_IsException(raw)) return JS_EXCEPTION;
  JSValue value = JS_GetProperty(ctx, raw, name);
  if (!JS_IsObject(value) || JS_IsFunction(ctx, value)) return value;
  // Inherited values (Object.prototype by __proto__) are not part of the state.
  if (JS_GetOwnProperty(ctx, NULL, raw, name) != 1) return value;
  return node_for(ctx, object, name, value);
}

static int node_get_own(JSContext* ctx, JSPropertyDescriptor* desc, JSValueConst object, JSAtom name) {
  JSValueConst raw = node_raw(ctx, object);
  if (JS_IsException(raw)) return -1;
  const int found = JS_GetOwnProperty(ctx, desc, raw, name);
  if (found == 1 && desc) {
    if (JS_IsObject(desc->value)) desc->value = node_for(ctx, object, name, desc->value);
    if (JS_IsException(desc->value)) return -1;
  }
  return found;
}

static int node_names(JSContext* ctx, JSPropertyEnum** table, uint32_t* count, JSValueConst object) {
  JSValueConst raw = node_raw(ctx, object);
  if (JS_IsException(raw)) return -1;
  return JS_GetOwnPropertyNames(ctx, table, count, raw, JS_GPN_STRING_MASK);
}

static int node_delete(JSContext* ctx, JSValueConst object, JSAtom name) {
  JSValueConst raw = node_raw(ctx, object);
  if (JS_IsException(raw)) return -1;
  const int there = JS_GetOwnProperty(ctx, NULL, raw, name);
  if (there <= 0) return there < 0 ? -1 : 1;
  if (key_touch(ctx, root_key(object)) < 0) return -1;
  return JS_DeleteProperty(ctx, raw, name, 0);
}

static int node_has(JSContext* ctx, JSValueConst object, JSAtom name) {
  JSValueConst raw = node_raw(ctx, object);
  return JS_IsException(raw) ? -1 : JS_HasProperty(ctx, raw, name);
}

static int node_define(JSContext* ctx, JSValueConst object, JSAtom name, JSValueConst value,
                       JSValueConst getter, JSValueConst setter, int flags) {
  (void)getter;
  (void)setter;
  if (refuse_definition(ctx, flags) < 0) return -1;
  return node_set(ctx, object, name, value, object, flags);
}

static void node_finalizer(JSRuntime* rt, JSValueConst object) {
  Node* node = node_of(object);
  if (!node) return;
  JS_FreeValueRT(rt, node->parent);
  JS_FreeAtomRT(rt, node->name);
  JS_FreeValueRT(rt, node->raw);
  js_free_rt(rt, node);
}

static void node_mark(JSRuntime* rt, JSValueConst object, JS_MarkFunc* mark) {
  Node* node = node_of(object);
  if (!node) return;
  JS_MarkValue(rt, node->parent, mark);
  JS_MarkValue(rt, node->raw, mark);
}

static bool is_array_node(JSValueConst object, JSClassID class_id) {
  return class_id == node_class && node_class && JS_IsArray(node_of(object)->raw);
}

int state_end_segment(JSContext* ctx) {
  if (state_flush(ctx) < 0 || keys_forget(ctx) < 0) return -1;
  ++segment;
  return 0;
}

int nodes_open(JSContext* ctx) {
  static JSClassExoticMethods methods = {
      node_get_own, node_names, node_delete, node_define, node_has, node_get, node_set,
  };
  static const JSClassDef definition = {
      .class_name = "Object", .finalizer = node_finalizer, .gc_mark = node_mark, .exotic = &methods};
  JS_NewClassID(JS_GetRuntime(ctx), &node_class);
  if (JS_NewClass(JS_GetRuntime(ctx), node_class, &definition) < 0) return -1;
  node_of_raw = interpreter_private_name(ctx, "node");
  interpreter_is_array_hook = is_array_node;
  return node_of_raw == JS_ATOM_NULL ? -1 : 0;
}
