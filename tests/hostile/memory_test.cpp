// Handlers that take memory by every means that the language has.
#include <gtest/gtest.h>

#include "memory_cases.h"
#include "support/hostile.h"

namespace nexus::testing {
namespace {

TEST(Memory, StringsAndRopes) { run_hostile(kStrings); }
TEST(Memory, Arrays) { run_hostile(kArrays); }
TEST(Memory, Buffers) { run_hostile(kBuffers); }
TEST(Memory, Collections) { run_hostile(kCollections); }
TEST(Memory, NumbersAndExpressions) { run_hostile(kNumbersAndRegexes); }
TEST(Memory, Json) { run_hostile(kJson); }
TEST(Memory, Promises) { run_hostile(kPromises); }
TEST(Memory, Builtins) { run_hostile(kBuiltins); }

TEST(RefusedGrowth, StringsAndRopes) { run_with_refused_growth(kStrings); }
TEST(RefusedGrowth, Arrays) { run_with_refused_growth(kArrays); }
TEST(RefusedGrowth, Buffers) { run_with_refused_growth(kBuffers); }
TEST(RefusedGrowth, Collections) { run_with_refused_growth(kCollections); }
TEST(RefusedGrowth, NumbersAndExpressions) { run_with_refused_growth(kNumbersAndRegexes); }
TEST(RefusedGrowth, Json) { run_with_refused_growth(kJson); }
TEST(RefusedGrowth, Promises) { run_with_refused_growth(kPromises); }
TEST(RefusedGrowth, Builtins) { run_with_refused_growth(kBuiltins); }

}  // namespace
}  // namespace nexus::testing
