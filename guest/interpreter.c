// QuickJS itself, and the few things for which it has no public function.
#include "quickjs.c"

#include "interpreter.h"

#include "hints.h"

bool (*interpreter_is_array_hook)(JSValueConst object, JSClassID class_id);

// Called from our patch, for objects that are neither arrays nor proxies.
static bool nexus_is_array(JSValueConst value) {
  return interpreter_is_array_hook && interpreter_is_array_hook(value, JS_VALUE_GET_OBJ(value)->class_id);
}

// Called from our patch, when a name is not defined.
static const char* nexus_hint(JSContext* ctx, JSAtom name) {
  char buffer[ATOM_GET_STR_BUF_SIZE];
  return hint_for_name(JS_AtomGetStr(ctx, buffer, sizeof buffer, name));
}

void interpreter_forbid_eval(JSContext* ctx) { ctx->eval_internal = NULL; }

size_t interpreter_live_bytes(JSRuntime* rt) { return rt->malloc_state.malloc_size; }

void interpreter_reseed(JSContext* ctx, uint64_t seed) { ctx->random_state = seed ? seed : 1; }

JSAtom interpreter_private_name(JSContext* ctx, const char* name) {
  JSAtom description = JS_NewAtom(ctx, name);
  JSValue symbol = JS_NewSymbolFromAtom(ctx, description, JS_ATOM_TYPE_PRIVATE);
  JSAtom atom = JS_ValueToAtom(ctx, symbol);
  JS_FreeValue(ctx, symbol);
  JS_FreeAtom(ctx, description);
  return atom;
}

JSValue interpreter_last_backtrace(JSContext* ctx) { return JS_DupValue(ctx, ctx->error_back_trace); }

// The source is compiled with a line before it that is numbered 0, so that the author's own lines keep their numbers.
static JSValue compile_wrapped(JSContext* ctx, const char* before, const char* source, size_t length) {
  const size_t before_length = strlen(before);
  const char after[] = "\n})";
  const size_t after_length = before[1] == '\n' ? 2 : 3;  // "(\n" is closed by "\n)"
  char* text = js_malloc(ctx, before_length + length + after_length + 1);
  if (!text) return JS_EXCEPTION;
  memcpy(text, before, before_length);
  memcpy(text + before_length, source, length);
  memcpy(text + before_length + length, after_length == 2 ? "\n)" : after, after_length + 1);
  JSValue script = JS_EvalInternal(ctx, ctx->global_obj, text, before_length + length + after_length, "handler.js", 0,
                                   JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY | JS_EVAL_FLAG_STRICT, -1);
  js_free(ctx, text);
  return script;
}

// Whether a compiled script consists of one function expression and nothing else: its code makes one closure, keeps it
// as the script's value, and returns.
static bool is_one_function(JSValueConst script) {
  if (JS_VALUE_GET_TAG(script) != JS_TAG_FUNCTION_BYTECODE) return false;
  const JSFunctionBytecode* b = JS_VALUE_GET_PTR(script);
  int closures = 0;
  for (int pc = 0; pc < b->byte_code_len; pc += short_opcode_info(b->byte_code_buf[pc]).size) {
    switch (b->byte_code_buf[pc]) {
      case OP_fclosure:
      case OP_fclosure8:
        if (++closures > 1) return false;
        break;
      case OP_set_name:
      case OP_put_loc0:
      case OP_set_loc0:
      case OP_get_loc0:
      case OP_return:
      case OP_undefined:
        break;
      default:
        return false;
    }
  }
  return closures == 1;
}

static bool mentions_await(const char* source, size_t length) {
  for (size_t i = 0; i + 5 <= length; ++i) {
    if (memcmp(source + i, "await", 5) == 0) return true;
  }
  return false;
}

// Where the parser stopped; furthest wins, because it is the form that the author meant.
static int64_t place_of_pending_error(JSContext* ctx) {
  JSValue error = JS_GetException(ctx);
  JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
  const char* text = JS_ToCString(ctx, stack);
  const char* place = text ? strstr(text, "handler.js:") : NULL;
  int64_t position = 0;
  if (place) {
    char* end;
    const int64_t line = strtol(place + 11, &end, 10);
    position = line << 32 | (*end == ':' ? strtol(end + 1, NULL, 10) : 0);
  }
  JS_FreeCString(ctx, text);
  JS_FreeValue(ctx, stack);
  JS_Throw(ctx, error);
  return position;
}

static JSValue keep_furthest(JSContext* ctx, JSValue earlier, int64_t* furthest) {
  const int64_t position = place_of_pending_error(ctx);
  if (position <= *furthest) {
    JS_FreeValue(ctx, JS_GetException(ctx));
    return earlier;
  }
  *furthest = position;
  JS_FreeValue(ctx, earlier);
  return JS_GetException(ctx);
}

bool interpreter_compile(JSContext* ctx, const char* source, size_t length, JSValue* handler, enum source_form* form) {
  int64_t furthest = -1;
  JSValue error = JS_UNDEFINED;
  JSValue module = JS_EvalInternal(ctx, ctx->global_obj, source, length, "handler.js", 1,
                                   JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY, -1);
  if (JS_IsException(module)) {
    error = keep_furthest(ctx, error, &furthest);
  } else if (find_export_entry(ctx, JS_VALUE_GET_PTR(module), JS_ATOM_default)) {
    *form = FORM_MODULE;
    *handler = module;
    return true;
  } else {
    JS_FreeValue(ctx, module);
  }
  const char* bodies[] = {"(\n", mentions_await(source, length) ? "(async function () {\n" : "(function () {\n"};
  for (int i = 0; i < 2; ++i) {
    JSValue script = compile_wrapped(ctx, bodies[i], source, length);
    if (JS_IsException(script)) {
      error = keep_furthest(ctx, error, &furthest);
    } else if (is_one_function(script)) {
      JS_FreeValue(ctx, error);
      *form = i == 0 ? FORM_FUNCTION : FORM_BODY;
      *handler = script;
      return true;
    } else {
      JS_FreeValue(ctx, script);
    }
  }
  if (JS_IsUndefined(error)) error = JS_NewSyntaxError(ctx, "unexpected closing brace");
  JS_Throw(ctx, error);
  return false;
}

JSValue interpreter_module_default(JSContext* ctx, JSValueConst module) {
  JSValue namespace = JS_GetModuleNamespace(ctx, JS_VALUE_GET_PTR(module));
  if (JS_IsException(namespace)) return namespace;
  JSValue value = JS_GetProperty(ctx, namespace, JS_ATOM_default);
  JS_FreeValue(ctx, namespace);
  return value;
}
