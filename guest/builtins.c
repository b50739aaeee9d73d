#include "builtins.h"

#include <string.h>

#include "extensions.h"
#include "hostcalls.h"

// op(a, b): sends the texts a and b to the host.
static JSValue tell_host(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv, int op) {
  (void)this_value;
  (void)argc;
  size_t a_length, b_length;
  const char* a = JS_ToCStringLen(ctx, &a_length, argv[0]);
  const char* b = a ? JS_ToCStringLen(ctx, &b_length, argv[1]) : NULL;
  const int answer = b ? call_host(ctx, op, a, a_length, b, b_length) : -1;
  JS_FreeCString(ctx, b);
  JS_FreeCString(ctx, a);
  return answer < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

// The bytes of a typed array or ArrayBuffer view: [pointer, length], or NULL with an exception.
static uint8_t* bytes_of(JSContext* ctx, JSValueConst view, size_t* length) {
  size_t offset, view_length, element, buffer_length;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, view, &offset, &view_length, &element);
  if (JS_IsException(buffer)) return NULL;
  uint8_t* bytes = JS_GetArrayBuffer(ctx, &buffer_length, buffer);
  JS_FreeValue(ctx, buffer);
  *length = view_length;
  return bytes ? bytes + offset : NULL;
}

static JSValue fill_random(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
  (void)this_value;
  (void)argc;
  size_t length;
  uint8_t* bytes = bytes_of(ctx, argv[0], &length);
  if (!bytes) return JS_EXCEPTION;
  host_random(bytes, length);
  return JS_UNDEFINED;
}

static JSValue utf8_encode(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
  (void)this_value;
  (void)argc;
  size_t length;
  const char* text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!text) return JS_EXCEPTION;
  JSValue array = JS_NewUint8ArrayCopy(ctx, (const uint8_t*)text, length);
  JS_FreeCString(ctx, text);
  return array;
}

// Decodes one UTF-8 character as the Encoding standard defines: returns its length, or minus the bytes that one
// U+FFFD replaces (the longest prefix of a valid sequence).
static int decode_one(const uint8_t* p, size_t left) {
  if (p[0] < 0x80) return 1;
  int more = p[0] >= 0xc2 && p[0] <= 0xdf ? 1 : p[0] >= 0xe0 && p[0] <= 0xef ? 2 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 3 : 0;
  if (more == 0) return -1;
  uint8_t low = 0x80, high = 0xbf;
  if (p[0] == 0xe0) low = 0xa0;
  if (p[0] == 0xed) high = 0x9f;
  if (p[0] == 0xf0) low = 0x90;
  if (p[0] == 0xf4) high = 0x8f;
  for (int i = 1; i <= more; ++i) {
    if ((size_t)i >= left || p[i] < low || p[i] > high) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return more + 1;
}

// utf8_decode(view, fatal): the text, or undefined if it is invalid and `fatal` is set.
static JSValue utf8_decode(JSContext* ctx, JSValueConst this_value, int argc, JSValueConst* argv) {
  (void)this_value;
  (void)argc;
  size_t length, written = 0;
  const uint8_t* bytes = bytes_of(ctx, argv[0], &length);
  if (!bytes) return JS_EXCEPTION;
  if (length == 0) return JS_NewString(ctx, "");
  const int fatal = JS_ToBool(ctx, argv[1]);
  char* text = js_malloc(ctx, length * 3 + 1);
  if (!text) return JS_EXCEPTION;
  for (size_t i = 0; i < length;) {
    const int n = decode_one(bytes + i, length - i);
    if (n > 0) {
      memcpy(text + written, bytes + i, n);
      written += n;
      i += n;
    } else if (fatal) {
      js_free(ctx, text);
      return JS_UNDEFINED;
    } else {
      memcpy(text + written, "\xef\xbf\xbd", 3);
      written += 3;
      i += -n;
    }
  }
  JSValue result = JS_NewStringLen(ctx, text, written);
  js_free(ctx, text);
  return result;
}

JSValue builtins_new(JSContext* ctx) {
  static const JSCFunctionListEntry functions[] = {
      JS_CFUNC_MAGIC_DEF("emit", 2, tell_host, OP_EMIT),
      JS_CFUNC_MAGIC_DEF("view", 2, tell_host, OP_VIEW),
      JS_CFUNC_MAGIC_DEF("log", 2, tell_host, OP_LOG),
      JS_CFUNC_DEF("methods", 1, extension_methods),
      JS_CFUNC_DEF("extension", 1, extension_object),
      JS_CFUNC_DEF("random", 1, fill_random),
      JS_CFUNC_DEF("encode", 1, utf8_encode),
      JS_CFUNC_DEF("decode", 2, utf8_decode),
  };
  JSValue object = JS_NewObject(ctx);
  if (JS_IsException(object)) return object;
  JS_SetPropertyFunctionList(ctx, object, functions, sizeof functions / sizeof *functions);
  return object;
}
