// Patterns of names.
#pragma once

#include <string_view>

namespace nexus {

enum class GlobSigns : bool { kStar, kStarAndAnyOne };

// Whether all of `text` is as `pattern` says: `*` stands for any run of characters, with kStarAndAnyOne `?` for any one, all
// else for itself. In time linear in both lengths, or, where there is a `?`, in their product.
bool matches_glob(std::string_view pattern, std::string_view text, GlobSigns signs);

}  // namespace nexus
