// For a name that is not there: what to use instead, as the tail of an error message.
#pragma once

const char* hint_for_name(const char* name);  // "" when there is nothing to say
