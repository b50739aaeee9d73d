// QuickJS itself, and the functions that need its internals.
#include "quickjs.c"

#include "interpreter.h"

#include "hints.h"
#include "plain_json.h"

bool (*interpreter_is_array_hook)(JSValueConst object, JSClassID class_id);

// Called from our patch for objects that are neither arrays nor proxies.
static bool nexus_is_array(JSValueConst value) {
  return interpreter_is_array_hook && interpreter_is_array_hook(value, JS_VALUE_GET_OBJ(value)->class_id);
}

// Called from our patch when a name is not defined.
static const char* nexus_hint(JSContext* ctx, JSAtom name) {
  char buffer[ATOM_GET_STR_BUF_SIZE];
  return hint_for_name(JS_AtomGetStr(ctx, buffer, sizeof buffer, name));
}

// Called from our patch at the specifier of an import.
static int nexus_refuse_import(JSParseState* s) {
  const char* name = JS_ToCString(s->ctx, s->token.u.str.str);
  if (name)
    js_parse_error(s, "import of '%s': there are no modules at run time, bundle it into the handler first",
                   name);
  JS_FreeCString(s->ctx, name);
  return -1;
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

bool interpreter_is_symbol(JSContext* ctx, JSAtom name) {
  return JS_AtomGetKind(ctx, name) != JS_ATOM_KIND_STRING;
}

void interpreter_put(JSContext* ctx, JSValueConst object, JSAtom name, JSValue value) {
  JSProperty* property;
  const JSShapeProperty* found = find_own_property(&property, JS_VALUE_GET_OBJ(object), name);
  if (found && (found->flags & JS_PROP_TMASK) == JS_PROP_NORMAL)
    set_value(ctx, &property->u.value, value);
  else  // a module has closed the global object: add nothing to it
    JS_FreeValue(ctx, value);
}

static int freeze_array(JSContext* ctx, JSValueConst array) {
  JSValue* items;
  uint32_t count;
  if (js_get_fast_array(ctx, array, &items, &count)) {
    for (uint32_t i = 0; i < count; ++i) {
      if (interpreter_freeze_json(ctx, items[i]) < 0) return -1;
    }
  }
  return JS_FreezeObject(ctx, array);
}

int interpreter_freeze_json(JSContext* ctx, JSValueConst value) {
  if (!JS_IsObject(value)) return 0;
  JSObject* object = JS_VALUE_GET_OBJ(value);
  if (object->class_id != JS_CLASS_OBJECT) return freeze_array(ctx, value);
  for (int i = 0; i < object->shape->prop_count; ++i) {
    if (interpreter_freeze_json(ctx, object->prop[i].u.value) < 0) return -1;
  }
  if (js_shape_prepare_update(ctx, object, NULL) < 0) return -1;  // gives the object a shape of its own
  JSShapeProperty* properties = get_shape_prop(object->shape);
  for (int i = 0; i < object->shape->prop_count; ++i)
    properties[i].flags = JS_PROP_ENUMERABLE;
  object->extensible = false;
  return 0;
}

JSValue interpreter_new_error(JSContext* ctx) { return JS_NewObjectClass(ctx, JS_CLASS_ERROR); }

JSValue interpreter_last_backtrace(JSContext* ctx) { return JS_DupValue(ctx, ctx->error_back_trace); }

// Compiles the source with a line before it that has number 0, so that the author's lines keep their numbers.
static JSValue compile_between(JSContext* ctx, const char* before, const char* source, size_t length,
                               const char* after) {
  const size_t before_length = strlen(before), after_length = strlen(after);
  char* text = js_malloc(ctx, before_length + length + after_length + 1);
  if (!text) return JS_EXCEPTION;
  memcpy(text, before, before_length);
  memcpy(text + before_length, source, length);
  if (length > 1 && source[0] == '#' && source[1] == '!') memcpy(text + before_length, "//", 2);
  memcpy(text + before_length + length, after, after_length + 1);
  JSValue script =
      JS_EvalInternal(ctx, ctx->global_obj, text, before_length + length + after_length, "handler.js", 0,
                      JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY | JS_EVAL_FLAG_STRICT, -1);
  js_free(ctx, text);
  return script;
}

// True if a compiled script is exactly one function expression: its code makes one closure, keeps it as the script's
// value, and returns.
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

// The place where the parser stopped. The form that got furthest is the one that the author meant. An error without a
// place was raised after the whole source had been parsed.
static int64_t place_of_pending_error(JSContext* ctx) {
  JSValue error = JS_GetException(ctx);
  JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
  const char* text = JS_ToCString(ctx, stack);
  const char* place = text ? strstr(text, "handler.js:") : NULL;
  int64_t position = INT64_MAX;
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

static bool is_compiled(JSContext* ctx, JSValue script) {
  if (JS_IsException(script))
    JS_FreeValue(ctx, JS_GetException(ctx));
  else
    JS_FreeValue(ctx, script);
  return !JS_IsException(script);
}

// The offset of `position` in the source; the source's length if it lies behind the source.
static size_t offset_of(const char* source, size_t length, int64_t position) {
  const char* at = source;
  for (int64_t line = position >> 32; line > 1; --line) {
    const char* end = memchr(at, '\n', source + length - at);
    if (!end) return length;
    at = end + 1;
  }
  const size_t offset = at - source + (position & INT32_MAX) - 1;
  return offset < length ? offset : length;
}

// A surplus closing brace closes our wrapper, and the parser only complains about the text after it. If everything
// before the last brace before that place is a body, that brace is the surplus one. Throws an error with its place.
static bool throw_surplus_brace(JSContext* ctx, const char* source, size_t length) {
  static const char before[] = "(async function () {\n";
  JSValue script = compile_between(ctx, "(async function () {do{\n", source, length, "\n}while(0)})");
  if (!JS_IsException(script)) return is_compiled(ctx, script) && false;
  size_t offset = offset_of(source, length, place_of_pending_error(ctx));
  JS_FreeValue(ctx, JS_GetException(ctx));
  while (offset > 0 && strchr(" \t\r\n", source[offset - 1]))
    --offset;
  if (offset == 0 || source[--offset] != '}') return false;
  if (!is_compiled(ctx, compile_between(ctx, before, source, offset, "\n})"))) return false;
  int line = 1;
  size_t start = 0;
  for (size_t i = 0; i < offset; ++i) {
    if (source[i] == '\n') {
      ++line;
      start = i + 1;
    }
  }
  char place[64];
  snprintf(place, sizeof place, "    at handler.js:%d:%d\n", line, (int)(offset - start) + 1);
  JSValue error = JS_NewSyntaxError(ctx, "unexpected '}': it closes nothing");
  JS_DefinePropertyValueStr(ctx, error, "stack", JS_NewString(ctx, place),
                            JS_PROP_C_W_E & ~JS_PROP_ENUMERABLE);
  JS_Throw(ctx, error);
  return true;
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

bool interpreter_compile(JSContext* ctx, const char* source, size_t length, JSValue* handler,
                         enum source_form* form) {
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
  const struct {
    enum source_form form;
    const char *before, *after;
  } ways[] = {
      {FORM_FUNCTION, "(\n", "\n)"},
      {FORM_FUNCTION, "\n", ""},  // an arrow function followed by a semicolon, as formatters write it
      {FORM_BODY, mentions_await(source, length) ? "(async function () {\n" : "(function () {\n", "\n})"},
  };
  for (unsigned i = 0; i < countof(ways); ++i) {
    JSValue script = compile_between(ctx, ways[i].before, source, length, ways[i].after);
    if (JS_IsException(script)) {
      error = keep_furthest(ctx, error, &furthest);
    } else if (is_one_function(script)) {
      JS_FreeValue(ctx, error);
      *form = ways[i].form;
      *handler = script;
      return true;
    } else {
      JS_FreeValue(ctx, script);
    }
  }
  // Keeps an error that a module raised after the whole source had been parsed.
  if (furthest != INT64_MAX && throw_surplus_brace(ctx, source, length)) {
    JS_FreeValue(ctx, error);
    return false;
  }
  if (JS_IsUndefined(error)) error = JS_NewSyntaxError(ctx, "the source is no handler");
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
