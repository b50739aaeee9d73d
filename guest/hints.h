// Hints for undefined names: what to use instead, as the tail of an error message.
#pragma once

const char* hint_for_name(const char* name);  // "" without a hint
