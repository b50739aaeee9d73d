// Reads JSON with simdjson, and turns a failed allocation into std::bad_alloc. simdjson reports it as if the text
// were wrong, and its on-demand parser (3.0.1, parser::allocate()) does not check the buffer for unescaped strings.
#pragma once

#include <simdjson.h>

#include <new>
#include <string_view>

namespace nexus {

// A copy with the padding that simdjson needs.
inline simdjson::padded_string padded_copy(std::string_view text) {
  simdjson::padded_string copy(text);
  if (copy.data() == nullptr) throw std::bad_alloc();
  return copy;
}

// True if the parser accepted its text. Throws std::bad_alloc if it had no memory.
inline bool is_parsed(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  return error == simdjson::SUCCESS;
}

class OndemandDocument : public simdjson::ondemand::document {
 public:
  // False if `text` is not JSON, as far as the parser can tell before values are read.
  bool parse(simdjson::ondemand::parser& parser, const simdjson::padded_string& text) {
    if (!is_parsed(parser.iterate(text).get(static_cast<simdjson::ondemand::document&>(*this)))) return false;
    if (iter.string_buf_loc() == nullptr) throw std::bad_alloc();
    return true;
  }
};

}  // namespace nexus
