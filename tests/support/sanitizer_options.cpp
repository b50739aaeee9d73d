// What the sanitizers must know about programs that run guests. Read by their runtimes before main; the environment
// (ASAN_OPTIONS, TSAN_OPTIONS) comes after and wins.

#if defined(__SANITIZE_ADDRESS__)
// allow_user_segv_handler: a write to a cold page is a SIGSEGV that we unprotect.
// detect_stack_use_after_return: it moves frames to a heap of the thread, which a guest on its own stack that goes on in
// another thread would take along.
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

// For a trap the engine allocates in its SIGSEGV handler. That interrupts guest code alone, which never allocates. Our own
// part of the SIGSEGV path is looked at in unit_memory, where none of these names is on the stack.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "signal:traphandlers\nsignal:nexus::sandbox::Instance::step\nsignal:nexus::engine::Instance::poll\n"
         "signal:trap_of\n";
}
#endif
