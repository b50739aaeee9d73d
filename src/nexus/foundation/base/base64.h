// Bytes as text, by RFC 4648.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nexus {

// ---- base64: section 4, with padding ----
constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }
void append_base64(std::string& out, std::string_view bytes);
// nullopt if `text` is not base64; white space is not accepted.
std::optional<std::string> from_base64(std::string_view text);

// ---- base64url: section 5, without padding ----
std::string to_base64url(std::string_view bytes);
// None as above, and when a bit is set that no byte has a use for: each text of bytes has one form only.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace nexus
