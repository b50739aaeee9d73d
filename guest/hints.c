#include "hints.h"

#include <string.h>

const char* hint_for_name(const char* name) {
  static const struct {
    const char* name;
    const char* hint;
  } hints[] = {
      {"eval", ": source becomes code only when the handler is loaded"},
      {"Function", ": source becomes code only when the handler is loaded"},
      {"fetch", ": use $ext.http"},
      {"XMLHttpRequest", ": use $ext.http"},
      {"setTimeout", ": use await $ext.timer.sleep(ms)"},
      {"setInterval", ": give the tool an interval trigger"},
      {"setImmediate", ": use queueMicrotask"},
      {"require", ": bundle the modules into the handler first"},
      {"module", ": use export default"},
      {"exports", ": use export default"},
      {"process", ": handlers have no process; configuration comes by $args, $scope or $state"},
      {"Buffer", ": use Uint8Array, TextEncoder, atob and btoa"},
      {"WebAssembly", ": handlers are JavaScript"},
      {"SharedArrayBuffer", ": a handler has one thread; use ArrayBuffer"},
      {"Atomics", ": a handler has one thread"},
      {"Intl", ": there is no locale data; format by hand"},
      {"localStorage", ": use $state"},
      {"sessionStorage", ": use $state"},
      {"$state", ": while a handler is loaded there is no execution, use it inside the handler"},
      {"$args", ": while a handler is loaded there is no execution, use it inside the handler"},
  };
  for (unsigned i = 0; i < sizeof hints / sizeof *hints; ++i) {
    if (strcmp(hints[i].name, name) == 0) return hints[i].hint;
  }
  return "";
}
