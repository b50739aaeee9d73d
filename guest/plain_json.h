// Writes plain data as JSON. A part of interpreter.c, which alone sees QuickJS's representation of values. It gives
// up on values that could run the handler's code (accessors, proxies, toJSON) or are rare (boxed values, ropes,
// sparse arrays, keys like "7" out of order); JSON.stringify then writes the whole value, so the result is the same.
#pragma once

#include "json_text.h"

enum { PLAIN_MAX_DEPTH = 64 };  // a cycle exceeds it

struct plain_writer {
  JSContext* ctx;
  struct json_text* text;
  size_t room;
  JSObject *object_proto, *array_proto;
};

// The place for `bytes` more, or NULL.
static char* plain_end(struct plain_writer* w, size_t bytes) {
  struct json_text* text = w->text;
  const size_t wanted = text->length + bytes;
  if (wanted > w->room) {
    char* block = js_realloc_rt(w->ctx->rt, text->block, 2 * wanted);
    if (!block) return NULL;
    if (!text->block) memcpy(block, text->small, text->length);
    text->block = block;
    text->at = block;
    w->room = 2 * wanted;
  }
  return (char*)text->at + text->length;
}

static bool plain_put(struct plain_writer* w, const char* bytes, size_t length) {
  char* to = plain_end(w, length);
  if (!to) return false;
  memcpy(to, bytes, length);
  w->text->length += length;
  return true;
}

static char* plain_escape(char* to, uint32_t c) {
  static const char names[] = "btn\vfr";  // \b is 8
  *to++ = '\\';
  if (c == '"' || c == '\\') *to++ = (char)c;
  else if (c >= 8 && c <= 13 && c != 11) *to++ = names[c - 8];
  else to += snprintf(to, 6, "u%04x", (unsigned)c);
  return to;
}

static char* plain_code_point(char* to, uint32_t c) {
  if (c < 0x20 || c == '"' || c == '\\' || is_surrogate(c)) return plain_escape(to, c);
  if (c < 0x80) *to++ = (char)c;
  else to += utf8_encode((uint8_t*)to, c);
  return to;
}

static bool plain_string(struct plain_writer* w, JSString* string) {
  enum { MAX_BYTES_PER_UNIT = 6, STRETCH = 1024 };
  if (!plain_put(w, "\"", 1)) return false;
  for (int i = 0; i < (int)string->len;) {
    const int stop = i + STRETCH < (int)string->len ? i + STRETCH : (int)string->len;
    char* const start = plain_end(w, (stop - i + 1) * MAX_BYTES_PER_UNIT);
    if (!start) return false;
    char* to = start;
    while (i < stop) to = plain_code_point(to, string_getc(string, &i));
    w->text->length += to - start;
  }
  return plain_put(w, "\"", 1);
}

static bool plain_number(struct plain_writer* w, double number) {
  char decimal[64];
  JSDTOATempMem scratch;
  if (!isfinite(number)) return plain_put(w, "null", 4);
  if (js_dtoa_max_len(number, 10, 0, JS_DTOA_FORMAT_FREE) > (int)sizeof decimal) return false;
  return plain_put(w, decimal, js_dtoa(decimal, number, 10, 0, JS_DTOA_FORMAT_FREE, &scratch));
}

static bool plain_value(struct plain_writer* w, JSValueConst value, int depth);

static bool plain_array(struct plain_writer* w, JSObject* array, int depth) {
  const uint32_t count = array->u.array.count;
  if (!array->fast_array || array->shape->proto != w->array_proto || array->shape->prop_count != 1 ||
      JS_VALUE_GET_TAG(array->prop[0].u.value) != JS_TAG_INT ||
      JS_VALUE_GET_INT(array->prop[0].u.value) != (int)count)
    return false;
  if (!plain_put(w, "[", 1)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    const JSValue item = array->u.array.u.values[i];
    if (i > 0 && !plain_put(w, ",", 1)) return false;
    if (JS_IsUndefined(item) ? !plain_put(w, "null", 4) : !plain_value(w, item, depth)) return false;
  }
  return plain_put(w, "]", 1);
}

static bool plain_object(struct plain_writer* w, JSObject* object, int depth) {
  JSShape* shape = object->shape;
  if (object->is_exotic || (shape->proto != w->object_proto && shape->proto != NULL)) return false;
  if (!plain_put(w, "{", 1)) return false;
  bool is_first = true;
  for (int i = 0; i < shape->prop_count; ++i) {
    const JSShapeProperty* property = get_shape_prop(shape) + i;
    if (property->atom == JS_ATOM_NULL) continue;  // deleted
    if (property->atom == JS_ATOM_toJSON || __JS_AtomIsTaggedInt(property->atom) ||
        (property->flags & JS_PROP_TMASK) != JS_PROP_NORMAL)
      return false;
    const JSValue value = object->prop[i].u.value;
    JSString* key = w->ctx->rt->atom_array[property->atom];
    if (!(property->flags & JS_PROP_ENUMERABLE) || JS_IsUndefined(value)) continue;
    if (JS_AtomGetKind(w->ctx, property->atom) != JS_ATOM_KIND_STRING ||
        (key->len > 0 && is_digit(string_get(key, 0))))
      return false;
    if (!is_first && !plain_put(w, ",", 1)) return false;
    is_first = false;
    if (!plain_string(w, key) || !plain_put(w, ":", 1) || !plain_value(w, value, depth)) return false;
  }
  return plain_put(w, "}", 1);
}

static bool plain_value(struct plain_writer* w, JSValueConst value, int depth) {
  switch (JS_VALUE_GET_NORM_TAG(value)) {
    case JS_TAG_NULL:
      return plain_put(w, "null", 4);
    case JS_TAG_BOOL:
      return JS_VALUE_GET_BOOL(value) ? plain_put(w, "true", 4) : plain_put(w, "false", 5);
    case JS_TAG_INT: {
      char decimal[16];
      return plain_put(w, decimal, i32toa(decimal, JS_VALUE_GET_INT(value)));
    }
    case JS_TAG_FLOAT64:
      return plain_number(w, JS_VALUE_GET_FLOAT64(value));
    case JS_TAG_STRING:
      return plain_string(w, JS_VALUE_GET_STRING(value));
    case JS_TAG_OBJECT: {
      JSObject* object = JS_VALUE_GET_OBJ(value);
      if (depth == PLAIN_MAX_DEPTH) return false;
      if (object->class_id == JS_CLASS_OBJECT) return plain_object(w, object, depth + 1);
      return object->class_id == JS_CLASS_ARRAY && plain_array(w, object, depth + 1);
    }
    default:
      return false;
  }
}

// True if JSON.stringify would find toJSON on every object.
static bool plain_has_to_json(JSObject* prototype) {
  JSProperty* property;
  return find_own_property(&property, prototype, JS_ATOM_toJSON) != NULL;
}

bool interpreter_plain_json(JSContext* ctx, JSValueConst value, struct json_text* text) {
  struct plain_writer w = {.ctx = ctx,
                           .text = text,
                           .room = sizeof text->small,
                           .object_proto = JS_VALUE_GET_OBJ(ctx->class_proto[JS_CLASS_OBJECT]),
                           .array_proto = JS_VALUE_GET_OBJ(ctx->class_proto[JS_CLASS_ARRAY])};
  text->at = text->small;
  text->length = 0;
  if (JS_IsUndefined(value)) {
    text->at = NULL;
    return true;
  }
  if (plain_has_to_json(w.object_proto) || plain_has_to_json(w.array_proto) ||
      w.object_proto->shape->proto != NULL || w.array_proto->shape->proto != w.object_proto ||
      !plain_value(&w, value, 0))
    return false;
  char* end = plain_end(&w, 1);
  if (end) *end = 0;
  return end != NULL;
}
