// The functions in C that the prelude builds its names from. None of them is visible to a handler.
#pragma once

#include "quickjs.h"

JSValue builtins_new(JSContext* ctx);  // an object of functions, the prelude's argument
