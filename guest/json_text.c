#include "json_text.h"

#include "interpreter.h"

int json_text_of(JSContext* ctx, JSValueConst value, struct json_text* text) {
  text->block = NULL;
  text->string = NULL;
  if (interpreter_plain_json(ctx, value, text)) return 0;
  json_text_free(ctx, text);
  JSValue json = JS_JSONStringify(ctx, value, JS_UNDEFINED, JS_UNDEFINED);
  if (JS_IsString(json)) text->string = JS_ToCStringLen(ctx, &text->length, json);
  const int failed = JS_IsException(json) || (JS_IsString(json) && !text->string);
  JS_FreeValue(ctx, json);
  text->at = text->string;
  return failed ? -1 : 0;
}

void json_text_free(JSContext* ctx, struct json_text* text) {
  js_free(ctx, text->block);
  JS_FreeCString(ctx, text->string);
  text->block = NULL;
  text->string = NULL;
  text->at = NULL;
  text->length = 0;
}
