// The border between guest and host: the operations that the guest asks for, and the block of memory through which the
// host gives an execution its numbers. Both sides include this file; the guest is C on a 32-bit machine, the host C++ on
// a 64-bit one, so everything here has a fixed width.
#pragma once

#include <stdint.h>

// Operations of host_call. `a` and `b` are texts in UTF-8; what comes back is written to `out`.
enum {
  OP_STATE_GET = 1,      // a: key            -> JSON, or HOST_ABSENT
  OP_STATE_GET_VISIBLE,  // a: key            -> the same; HOST_ABSENT when it may not be read
  OP_STATE_HAS,          // a: key            -> 0 or 1
  OP_STATE_KEYS,         //                   -> JSON array of the keys that may be read
  OP_STATE_SET,          // a: key, b: JSON
  OP_STATE_TOUCH,        // a: key            a value inside will be changed; the whole comes with OP_STATE_FLUSH
  OP_STATE_FLUSH,        // a: key, b: JSON   at the end of the segment
  OP_STATE_DELETE,       // a: key            -> 0 or 1: whether it was there
  OP_EMIT,               // a: name, b: JSON
  OP_VIEW,               // a: id, b: JSON {COMMAND: params}
  OP_EXT_METHODS,        // a: an extension      -> JSON array of its methods, or HOST_ABSENT; a: nothing -> of extensions
  OP_EXT_CALL,           // a: NAME.METHOD, b: JSON array of arguments -> the call's number; it begins with the wait for it
  OP_LOG,                // a: text, b: one digit, the level
  OP_RESULT,             // a: JSON, or nothing for undefined
  OP_FAIL,               // a: message, b: stack; control.failure says which kind
};

// Results of host_call below zero. HOST_REFUSED: the refusal's kind and message are waiting for host_take.
enum { HOST_ABSENT = -1, HOST_REFUSED = -2 };

// Why an execution or a load failed; control.failure.
enum {
  FAILURE_NONE = 0,
  FAILURE_EXCEPTION,    // thrown by the handler
  FAILURE_PERMISSION,   // thrown by us, uncaught
  FAILURE_LIMIT,        // thrown by us, uncaught
  FAILURE_MEMORY,       // an allocation failed, control.failed_* say which
  FAILURE_SYNTAX,       // at load
  FAILURE_NOT_HANDLER,  // at load: no function
  FAILURE_PENDING,      // awaits what nothing can settle
  FAILURE_EXPIRED,      // of a call that took longer than its time, uncaught
};

// What `run` and `resume` return.
enum {
  RUN_ENDED = 0,   // the host has the result
  RUN_FAILED = 1,  // the host was told of a failure
  RUN_WAITS = 2,   // for a call of an extension; what was changed is with the host, and nothing is on the stack
};

// What became of a call; control.settlement.
enum { SETTLED_VALUE = 0, SETTLED_ERROR, SETTLED_EXPIRED };

enum { CAUSE_NONE = 0, CAUSE_LIMIT, CAUSE_REFUSED };  // of a failed allocation: our limit, or the host's refusal

#define INPUT_BYTES 16384

// Written by the host between calls, read by it after them; its address is what the export `control` returns.
struct control {
  uint32_t memory_limit;  // bytes that the allocator may hold
  uint32_t stack_bytes;
  uint64_t seed;         // of Math.random
  uint32_t args_length;   // of the arguments, of the source at load, or of a call's answer at resume
  uint32_t scope_length;  // 0: the scope is {}
  uint32_t input_bytes;   // both are in `input`, each with a NUL behind it; 0: each waits for a host_take
  uint32_t failure;
  uint32_t held;  // bytes held from the allocator, now and at most
  uint32_t peak;
  uint32_t failed_bytes;  // the first allocation that failed in this execution: size and cause
  uint32_t failed_cause;
  uint32_t static_bytes;  // static data and stack of the interpreter
  uint32_t call;          // at resume: its number, and what became of it
  uint32_t settlement;
  char input[INPUT_BYTES];
};
