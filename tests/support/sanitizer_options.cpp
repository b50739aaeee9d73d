// Options of the sanitizers for programs that run guests. The sanitizers read them before main; ASAN_OPTIONS and
// TSAN_OPTIONS of the environment override them.

#if defined(__SANITIZE_ADDRESS__)
// allow_user_segv_handler: a write to a cold page is a SIGSEGV that the engine handles. detect_stack_use_after_return:
// it moves frames to a heap of the thread, and a guest that resumes on another thread would refer to it.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "allow_user_segv_handler=1:detect_stack_use_after_return=0";
}
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() { return "print_stacktrace=1"; }
#endif

#if defined(__SANITIZE_THREAD__)
extern "C" const char* __tsan_default_options();
extern "C" const char* __tsan_default_options() { return "halt_on_error=1:second_deadlock_stack=1"; }

// The engine allocates in its SIGSEGV handler for a trap. The handler interrupts only guest code, which never
// allocates. Our own part of the SIGSEGV path is checked in unit_sandbox, where none of these names is on the stack.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "signal:traphandlers\nsignal:nexus::sandbox::Instance::step\nsignal:nexus::engine::Instance::poll\n"
         "signal:trap_of\n";
}
#endif
