// The check of JSON, and what is built on it.
#include "nexus/foundation/json/json.h"
#include "fuzz.h"

void fuzz(std::string_view input) {
  std::size_t values = 0, members = 0;
  const bool is_json = nexus::check_json(input, &values) == nexus::JsonError::kNone;
  const bool is_object = nexus::for_each_member(input, [&](std::string_view, std::string_view value) {
    nexus::fuzzing::require(nexus::check_json(value) == nexus::JsonError::kNone);
    ++members;
  });
  nexus::fuzzing::require(is_json ? values > members : !is_object);

  std::string repaired(input);
  const bool is_repaired = nexus::repair_and_check_json(repaired) == nexus::JsonError::kNone;
  nexus::fuzzing::require(repaired.size() == input.size() && (!is_json || repaired == input));
  nexus::fuzzing::require(is_repaired || !is_json);

  std::string written;
  nexus::append_json_string(written, input);
  nexus::fuzzing::require(nexus::check_json(written) == nexus::JsonError::kNone);
  nexus::fuzzing::require(written.size() == nexus::json_string_size(input));
}
