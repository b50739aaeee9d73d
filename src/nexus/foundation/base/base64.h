// Base64 of RFC 4648, section 4, with padding: the form in which JSON carries bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nexus {

constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }
void append_base64(std::string& out, std::string_view bytes);
// nullopt if `text` is not base64; white space is not accepted.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace nexus
