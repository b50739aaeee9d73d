// The exports: build the interpreter, load a handler, run it.
#include <string.h>

#include "allocator.h"
#include "builtins.h"
#include "extensions.h"
#include "host.h"
#include "hostcalls.h"
#include "interpreter.h"
#include "json_text.h"
#include "prelude.h"
#include "state.h"

static JSRuntime* rt;
static JSContext* ctx;
static JSValue handler;     // the function to call
static JSValue names;  // the prelude's result: $emit, $log, ...
static JSValue parameters;  // the object that a handler function receives
static JSValue promise;  // of the execution in progress
static JSAtom args_name, scope_name;

// ---- failures ----

static void tell_failure(int failure, const char* message, size_t message_length, const char* stack,
                         size_t stack_length) {
  control.failure = failure;
  host_call(OP_FAIL, message, message_length, stack, stack_length, NULL, 0);
}

static void fail_with(int failure, const char* message) { tell_failure(failure, message, strlen(message), NULL, 0); }

// The text of an own or inherited property, or NULL; leaves no exception pending.
static const char* text_property(JSValueConst object, const char* property, size_t* length) {
  JSValue value = JS_GetPropertyStr(ctx, object, property);
  const char* text = NULL;
  if (JS_IsException(value)) JS_FreeValue(ctx, JS_GetException(ctx));
  else if (JS_IsString(value)) text = JS_ToCStringLen(ctx, length, value);
  JS_FreeValue(ctx, value);
  return text;
}

// True for the values that the interpreter throws after a failed allocation: an error with this text, an error
// without a readable text, null, or nothing. A failed allocation that was caught does not affect the handler's own
// errors.
static int is_out_of_memory(JSValueConst error, const char* message) {
  if (JS_IsNull(error) || JS_IsUninitialized(error) || !message) return 1;
  return strstr(message, "out of memory") || strstr(message, "Invalid error message");
}

// Reports the error that ended the execution to the host, and frees it.
static void report(JSValue error, int failure) {
  struct json_text json;  // owns the message until the host has it
  size_t length = 0, stack_length = 0;
  const int allocation_failed = control.failed_cause != CAUSE_NONE;  // read before this function allocates itself
  const char* stack = NULL;
  if (JS_IsError(error)) {
    stack = text_property(error, "stack", &stack_length);  // absent if it was never thrown
  } else {
    JSValue last = interpreter_last_backtrace(ctx);
    if (JS_IsString(last)) stack = JS_ToCStringLen(ctx, &stack_length, last);
    JS_FreeValue(ctx, last);
  }
  const char* message = JS_ToCStringLen(ctx, &length, error);
  if (!message) JS_FreeValue(ctx, JS_GetException(ctx));
  if (message && strcmp(message, "[object Object]") == 0) {
    // The text of a thrown object that is not an Error.
    if (json_text_of(ctx, error, &json) < 0) {
      JS_FreeValue(ctx, JS_GetException(ctx));
    } else if (json.at) {
      message = json.at;
      length = json.length;
    }
  }
  if (allocation_failed && is_out_of_memory(error, message)) failure = FAILURE_MEMORY;
  else if (failure == FAILURE_EXCEPTION) failure = failure_of_error(ctx, error);
  if (message) {
    tell_failure(failure, message, length, stack, stack ? stack_length : 0);
  } else {
    static const char unprintable[] = "a value that has no text was thrown";
    tell_failure(failure, unprintable, sizeof unprintable - 1, stack, stack ? stack_length : 0);
  }
}

static void report_pending_exception(void) { report(JS_GetException(ctx), FAILURE_EXCEPTION); }

// Runs pending jobs. < 0: an uncatchable exception is pending, for example from a queueMicrotask callback. Without
// memory to queue a promise's reactions the interpreter drops an exception silently; that counts as one.
static int run_jobs(void) {
  JSContext* job_context;
  int ran;
  do {
    if (control.failed_cause != CAUSE_NONE && JS_HasException(ctx)) return -1;
    ran = JS_ExecutePendingJob(rt, &job_context);
  } while (ran > 0);
  return ran;
}

// ---- the base image ----

static JSModuleDef* refuse_import(JSContext* c, const char* name, void* opaque) {
  (void)opaque;
  JS_ThrowSyntaxError(c, "import of '%s': there are no modules at run time, bundle it into the handler first", name);
  return NULL;
}

extern char __heap_base;

static void give_names(JSContext* c) {
  // Many bundles find the global object by `self`; a lexical name is not a property of it.
  static const char self[] = "const self = globalThis;";
  JS_FreeValue(c, JS_Eval(c, self, sizeof self - 1, "<nexus>", JS_EVAL_TYPE_GLOBAL));
}

NEXUS_EXPORT("control") struct control* guest_control(void) { return &control; }

// Builds the interpreter; 0 on success. REQUIRES: control.memory_limit and stack_bytes are set.
NEXUS_EXPORT("init") int guest_init(void) {
  control.static_bytes = (uint32_t)&__heap_base;
  allocator_open();
  rt = JS_NewRuntime2(&nexus_allocator, NULL);
  if (!rt) return -1;
  JS_SetMaxStackSize(rt, control.stack_bytes);
  JS_SetModuleLoaderFunc(rt, NULL, refuse_import, NULL);
  ctx = JS_NewContext(rt);
  if (!ctx || hostcalls_open(ctx) < 0 || state_open(ctx) < 0) return -2;
  JSValue prelude = JS_Eval(ctx, nexus_prelude, sizeof nexus_prelude - 1, "<nexus>", JS_EVAL_TYPE_GLOBAL);
  JSValue functions = builtins_new(ctx);
  if (JS_IsException(prelude) || JS_IsException(functions)) return -3;
  names = JS_Call(ctx, prelude, JS_UNDEFINED, 1, (JSValueConst*)&functions);
  JS_FreeValue(ctx, prelude);
  JS_FreeValue(ctx, functions);
  if (JS_IsException(names)) return -4;
  give_names(ctx);
  args_name = JS_NewAtom(ctx, "$args");
  scope_name = JS_NewAtom(ctx, "$scope");
  handler = parameters = promise = JS_UNDEFINED;
  JS_RunGC(rt);
  return 0;
}

// ---- loading ----

// The input text at `offset`, from the input area or from the host. NUL-terminated; free_input frees it.
static char* input_text(uint32_t offset, uint32_t length) {
  if (control.input_bytes != 0) return control.input + offset;
  char* text = js_malloc(ctx, length + 1);
  if (!text) return NULL;
  host_take(text, length);
  text[length] = 0;
  return text;
}

static void free_input(char* text) {
  if (text < control.input || text >= control.input + INPUT_BYTES) js_free(ctx, text);
}

static int fail_not_handler(const char* message) {
  fail_with(FAILURE_NOT_HANDLER, message);
  return 1;
}

static int show_names(void) {
  static const char* const shown[] = {"$emit", "$view", "$ext", "$log", "$time"};
  JSValue global = JS_GetGlobalObject(ctx);
  JSAtom function_name = JS_NewAtom(ctx, "Function");  // the prelude's stand-in, only for loading
  JS_DeleteProperty(ctx, global, function_name, 0);
  JS_FreeAtom(ctx, function_name);
  parameters = JS_NewObject(ctx);
  JSValue state = state_new_root(ctx);
  JSValue empty = JS_NewObject(ctx);
  if (JS_IsException(parameters) || JS_IsException(state) || JS_IsException(empty)) return -1;
  JS_FreezeObject(ctx, empty);
  JSValueConst targets[] = {global, parameters};
  for (int t = 0; t < 2; ++t) {
    for (unsigned i = 0; i < sizeof shown / sizeof *shown; ++i)
      JS_DefinePropertyValueStr(ctx, targets[t], shown[i], JS_GetPropertyStr(ctx, names, shown[i]), JS_PROP_C_W_E);
    JS_DefinePropertyValueStr(ctx, targets[t], "$state", JS_DupValue(ctx, state), JS_PROP_C_W_E);
    JS_DefinePropertyValue(ctx, targets[t], args_name, JS_DupValue(ctx, empty), JS_PROP_C_W_E);
    JS_DefinePropertyValue(ctx, targets[t], scope_name, JS_DupValue(ctx, empty), JS_PROP_C_W_E);
  }
  JS_FreeValue(ctx, empty);
  JS_FreeValue(ctx, state);
  JS_FreeValue(ctx, global);
  return 0;
}

static int load(const char* source, size_t length) {
  enum source_form form;
  JSValue compiled;
  if (!interpreter_compile(ctx, source, length, &compiled, &form)) {
    report(JS_GetException(ctx), FAILURE_SYNTAX);
    return 1;
  }
  interpreter_forbid_eval(ctx);
  JSValue kept = form == FORM_MODULE ? JS_DupValue(ctx, compiled) : JS_UNDEFINED;
  JSValue value = JS_EvalFunction(ctx, compiled);
  if (JS_IsException(value)) {
    report_pending_exception();
    return 1;
  }
  if (run_jobs() < 0) {
    report_pending_exception();
    return 1;
  }
  if (form == FORM_MODULE) {
    const JSPromiseStateEnum state = JS_PromiseState(ctx, value);
    if (state == JS_PROMISE_PENDING) {
      fail_with(FAILURE_PENDING, "the module's top level waits for nothing: no promise of it can settle");
      return 1;
    }
    if (state == JS_PROMISE_REJECTED) {
      report(JS_PromiseResult(ctx, value), FAILURE_EXCEPTION);
      return 1;
    }
    JS_FreeValue(ctx, value);
    value = interpreter_module_default(ctx, kept);
    if (JS_IsException(value)) {
      report_pending_exception();
      return 1;
    }
    if (!JS_IsFunction(ctx, value)) return fail_not_handler("the default export is not a function");
  }
  handler = value;
  if (show_names() < 0) {
    report_pending_exception();
    return 1;
  }
  JS_RunGC(rt);
  return 0;
}

static void begin_execution(void) {
  control.failure = FAILURE_NONE;
  allocator_begin_execution();
  JS_UpdateStackTop(rt);
  JS_SetMaxStackSize(rt, control.stack_bytes);
}

// The input is the source. 0: loaded; 1: failed, and the host has the failure.
NEXUS_EXPORT("load") int guest_load(void) {
  begin_execution();
  char* source = input_text(0, control.args_length);
  if (!source) {
    report_pending_exception();
    return 1;
  }
  const int result = load(source, control.args_length);
  free_input(source);
  allocator_end_load();
  memset(control.input, 0, sizeof control.input);
  return result;
}

// ---- running ----

static int set_input(JSAtom name, uint32_t offset, uint32_t length) {
  char* text = input_text(offset, length);
  if (!text) return -1;
  JSValue value = JS_ParseJSON(ctx, text, length, name == args_name ? "$args" : "$scope");
  free_input(text);
  if (JS_IsException(value)) return -1;
  if (interpreter_freeze_json(ctx, value) < 0) return -1;
  JSValue global = JS_GetGlobalObject(ctx);
  interpreter_put(ctx, parameters, name, JS_DupValue(ctx, value));
  interpreter_put(ctx, global, name, value);
  JS_FreeValue(ctx, global);
  return 0;
}

static int finish_with(JSValueConst value) {
  struct json_text json;
  if (json_text_of(ctx, value, &json) < 0 || state_flush(ctx) < 0 ||
      call_host(ctx, OP_RESULT, json.at, json.length, NULL, 0) < 0) {
    report_pending_exception();
    return RUN_FAILED;
  }
  return RUN_ENDED;
}

static int is_thenable(JSValueConst value) {
  if (!JS_IsObject(value)) return 0;
  JSValue then = JS_GetPropertyStr(ctx, value, "then");
  const int callable = JS_IsException(then) ? -1 : JS_IsFunction(ctx, then);
  JS_FreeValue(ctx, then);
  return callable;
}

// The promise of a returned promise or thenable; JS_UNDEFINED for a plain value.
static JSValue promise_of(JSValueConst value) {
  if (JS_IsPromise(value)) return JS_DupValue(ctx, value);
  const int thenable = is_thenable(value);
  if (thenable <= 0) return thenable < 0 ? JS_EXCEPTION : JS_UNDEFINED;
  JSValue settle[2];
  JSValue wrapped = JS_NewPromiseCapability(ctx, settle);
  if (JS_IsException(wrapped)) return wrapped;
  JSValue done = JS_Call(ctx, settle[0], JS_UNDEFINED, 1, &value);
  JS_FreeValue(ctx, done);
  JS_FreeValue(ctx, settle[0]);
  JS_FreeValue(ctx, settle[1]);
  return wrapped;
}

// Ends a segment.
static int wait_for_calls(void) {
  if (extension_calls() == 0) {
    fail_with(FAILURE_PENDING, "the handler waits for nothing: no promise that it awaits can settle");
    return RUN_FAILED;
  }
  if (state_end_segment(ctx) < 0) {
    report_pending_exception();
    return RUN_FAILED;
  }
  hostcalls_scrub();
  return RUN_WAITS;
}

// Runs pending jobs, then ends the execution or the segment.
static int run_on(void) {
  if (run_jobs() < 0) {
    report_pending_exception();
    return RUN_FAILED;
  }
  switch (JS_PromiseState(ctx, promise)) {
    case JS_PROMISE_FULFILLED:
      return finish_with(JS_PromiseResult(ctx, promise));
    case JS_PROMISE_REJECTED:
      report(JS_PromiseResult(ctx, promise), FAILURE_EXCEPTION);
      return RUN_FAILED;
    default:
      return wait_for_calls();
  }
}

static int run_to_the_end(JSValue value) {
  promise = promise_of(value);
  const int is_plain = JS_IsUndefined(promise);
  if (!is_plain && !JS_IsException(promise)) return run_on();
  if (!is_plain || run_jobs() < 0) {
    report_pending_exception();
    return RUN_FAILED;
  }
  return finish_with(value);
}

// The input is the arguments and the scope. Nothing is freed at the end, because the host resets the memory.
NEXUS_EXPORT("run") int guest_run(void) {
  begin_execution();
  interpreter_reseed(ctx, control.seed);
  const size_t threshold = nexus_gc_threshold(interpreter_live_bytes(rt));
  if (threshold < JS_GetGCThreshold(rt)) JS_SetGCThreshold(rt, threshold);
  if (set_input(args_name, 0, control.args_length) < 0 ||
      (control.scope_length && set_input(scope_name, control.args_length + 1, control.scope_length) < 0)) {
    report_pending_exception();
    return RUN_FAILED;
  }
  JSValue value = JS_Call(ctx, handler, JS_UNDEFINED, 1, (JSValueConst*)&parameters);
  if (JS_IsException(value)) {
    report_pending_exception();
    return RUN_FAILED;
  }
  return run_to_the_end(value);
}

// Continues after a call has been settled. The input is its answer. Returns as `run` does.
NEXUS_EXPORT("resume") int guest_resume(void) {
  JS_UpdateStackTop(rt);
  char* json = input_text(0, control.args_length);
  const int is_settled =
      json && extension_settle(ctx, control.call, control.settlement, json, control.args_length) == 0;
  if (json) free_input(json);
  if (!is_settled) {
    report_pending_exception();
    return RUN_FAILED;
  }
  return run_on();
}
