// The C functions that the prelude uses. Handlers cannot see them.
#pragma once

#include "quickjs.h"

JSValue builtins_new(JSContext* ctx);  // an object with the functions: the prelude's argument
