// For tests, by LD_PRELOAD: sets the wall clock of the program ahead of the machine's, by the number of seconds in the
// file that TEST_WALL_CLOCK names. The file has one 64-bit number; the library maps it, so that a test can set the
// clock of a running program. Other clocks are unchanged, so no time limit ends.
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const _Atomic int64_t no_s_ahead;
static const _Atomic int64_t* s_ahead = &no_s_ahead;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("TEST_WALL_CLOCK");
  const int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void* shared = mmap(NULL, sizeof *s_ahead, PROT_READ, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) s_ahead = shared;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  const int status = (int)syscall(SYS_clock_gettime, clock, now);
  if (status == 0 && clock == CLOCK_REALTIME)
    now->tv_sec += atomic_load_explicit(s_ahead, memory_order_relaxed);
  return status;
}
