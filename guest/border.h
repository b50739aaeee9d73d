// The border between guest and host: the operations that the guest can call, and the block of memory in which the
// host passes numbers to an execution. Both sides include this file: the guest is 32-bit C, the host 64-bit C++. So
// every type here has a fixed width.
#pragma once

#include <stdint.h>

// Operations of host_call. `a` and `b` are UTF-8 texts; the result is written to `out`.
enum {
  OP_STATE_GET = 1,      // a: key            -> JSON, or HOST_ABSENT
  OP_STATE_GET_VISIBLE,  // a: key            -> the same; HOST_ABSENT if reading is not allowed
  OP_STATE_HAS,          // a: key            -> 0 or 1
  OP_STATE_KEYS,         //                   -> JSON array of the readable keys
  OP_STATE_SET,          // a: key, b: JSON
  OP_STATE_TOUCH,        // a: key            a value inside will change; OP_STATE_FLUSH sends the whole value
  OP_STATE_FLUSH,        // a: key, b: JSON   at the end of the segment
  OP_STATE_DELETE,       // a: key            -> 0 or 1: whether it existed
  OP_EMIT,               // a: name, b: JSON
  OP_VIEW,               // a: id, b: JSON {COMMAND: params}
  OP_EXT_METHODS,        // a: an extension   -> JSON array of its methods, or HOST_ABSENT; a: empty -> all extensions
  OP_EXT_CALL,           // a: NAME.METHOD, b: JSON array of arguments -> the number of the call, which begins later
  OP_LOG,                // a: text, b: one digit, the level
  OP_RESULT,             // a: JSON, or empty for undefined
  OP_FAIL,               // a: message, b: stack; control.failure has the kind
};

// Negative results of host_call. HOST_REFUSED: host_take returns the kind and message of the refusal.
enum { HOST_ABSENT = -1, HOST_REFUSED = -2 };

// control.failure: the reason why an execution or load failed.
enum {
  FAILURE_NONE = 0,
  FAILURE_EXCEPTION,    // thrown by the handler
  FAILURE_PERMISSION,   // thrown by us, uncaught
  FAILURE_LIMIT,        // thrown by us, uncaught
  FAILURE_MEMORY,       // an allocation failed; control.failed_* describe it
  FAILURE_SYNTAX,       // at load
  FAILURE_NOT_HANDLER,  // at load: not a function
  FAILURE_PENDING,      // awaits a promise that nothing can settle
  FAILURE_EXPIRED,      // an extension call exceeded its time; uncaught
};

// Results of `run` and `resume`.
enum {
  RUN_ENDED = 0,   // the host has the result
  RUN_FAILED = 1,  // the host has the failure
  RUN_WAITS = 2,   // for an extension call; the host has the changes, and the stack is empty
};

// control.settlement: the outcome of an extension call.
enum { SETTLED_VALUE = 0, SETTLED_ERROR, SETTLED_EXPIRED };

enum { CAUSE_NONE = 0, CAUSE_LIMIT, CAUSE_REFUSED };  // of a failed allocation: our limit, or a refusal of the host

#define INPUT_BYTES 16384

// Written by the host before a call and read by it afterwards. The export `control` returns its address.
struct control {
  uint32_t memory_limit;  // bytes that the allocator may hold
  uint32_t stack_bytes;
  uint64_t seed;         // of Math.random
  uint32_t args_length;   // bytes of the arguments; of the source at load; of the answer at resume
  uint32_t scope_length;  // 0: the scope is {}
  uint32_t input_bytes;   // both texts are in `input`, each with a NUL; 0: each needs a host_take
  uint32_t failure;
  uint32_t held;  // bytes held from the allocator: current and highest
  uint32_t peak;
  uint32_t failed_bytes;  // size and cause of the first failed allocation of the execution
  uint32_t failed_cause;
  uint32_t static_bytes;  // static data and stack of the interpreter
  uint32_t call;          // at resume: the call's number and its outcome
  uint32_t settlement;
  char input[INPUT_BYTES];
};
