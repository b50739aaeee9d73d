// Reading JSON by simdjson, where a want of memory is std::bad_alloc as everywhere else. simdjson itself reports it as if it
// were a fault of the text, and its on-demand parser (3.0.1, parser::allocate()) does not look whether it has got the
// buffer that it unescapes strings into.
#pragma once

#include <simdjson.h>

#include <new>
#include <string_view>

namespace nexus {

// A copy that simdjson may read.
inline simdjson::padded_string padded_copy(std::string_view text) {
  simdjson::padded_string copy(text);
  if (copy.data() == nullptr) throw std::bad_alloc();
  return copy;
}

// Whether a parser has read its text.
inline bool is_parsed(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  return error == simdjson::SUCCESS;
}

class OndemandDocument : public simdjson::ondemand::document {
 public:
  // False: `text` is no JSON as far as can be said before its values are read.
  bool parse(simdjson::ondemand::parser& parser, const simdjson::padded_string& text) {
    if (!is_parsed(parser.iterate(text).get(static_cast<simdjson::ondemand::document&>(*this)))) return false;
    if (iter.string_buf_loc() == nullptr) throw std::bad_alloc();
    return true;
  }
};

}  // namespace nexus
