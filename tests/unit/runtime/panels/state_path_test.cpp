#include "nexus/runtime/panels/state_path.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace nexus::panels {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// Each change as "PATH=VALUE" or "PATH gone".
std::vector<std::string> changes(std::string_view path, std::optional<std::string_view> before,
                                 std::optional<std::string_view> after, std::size_t most = 100) {
  std::vector<std::string> out;
  for (const PathChange& change : StatePath::parse(path)->changes(before, after, most).first)
    out.push_back(change.json ? fmt::format("{}={}", change.path, *change.json) : change.path + " gone");
  return out;
}

TEST(StatePath, InvalidPathsAreRejected) {
  for (const char* bad : {"", ".a", "a.", "a..b", "[0]", "a[", "a[]", "a[x]", "a[-1]", "a[*", "a[0]b", "a]",
                          "a.b]c", "a.[0]", "a[*][*][*][*][*]"})
    EXPECT_FALSE(StatePath::parse(bad)) << bad;
  for (const char* good : {"a", "a.b", "items[*]", "items[3].done", "m[0][*]", "a b.c-d", "ä"})
    EXPECT_TRUE(StatePath::parse(good)) << good;
  EXPECT_EQ(StatePath::parse("items[*].done")->key(), "items");
}

TEST(StatePath, AKeyChangesWithItsValue) {
  EXPECT_THAT(changes("a", "1", "2"), ElementsAre("a=2"));
  EXPECT_THAT(changes("a", std::nullopt, "2"), ElementsAre("a=2"));
  EXPECT_THAT(changes("a", "1", std::nullopt), ElementsAre("a gone"));
  EXPECT_THAT(changes("a", "1", "1"), ElementsAre());
}

TEST(StatePath, OnlyTheValueAtThePathCounts) {
  EXPECT_THAT(changes("a.b", R"({"b":1,"c":1})", R"({"b":1,"c":2})"), ElementsAre());
  EXPECT_THAT(changes("a.b", R"({"b":1})", R"({"c":1,"b":{"x":[1]}})"), ElementsAre(R"(a.b={"x":[1]})"));
  EXPECT_THAT(changes("a.b", R"({"b":1})", R"({})"), ElementsAre("a.b gone"));
  EXPECT_THAT(changes("a.b", "7", R"({"b":1})"), ElementsAre("a.b=1"));
  EXPECT_THAT(changes("a.b", "7", "[8]"), ElementsAre());
  EXPECT_THAT(changes("a.b", R"({"\u0062" : 1})", R"({"b": 1 })"), ElementsAre())
      << "the same name, and blanks";
}

TEST(StatePath, NamesEachChangedElement) {
  EXPECT_THAT(changes("i[*]", "[1,2,3]", "[1,5,3,4]"), ElementsAre("i[1]=5", "i[3]=4"));
  EXPECT_THAT(changes("i[*]", "[1,2,3]", "[1]"), ElementsAre("i[1] gone", "i[2] gone"));
  EXPECT_THAT(changes("i[*]", std::nullopt, R"(["a"])"), ElementsAre(R"(i[0]="a")"));
  EXPECT_THAT(changes("i[*].done", R"([{"done":false},{"done":false}])",
                      R"([{"done":true,"x":1},{"done":false,"x":2}])"),
              ElementsAre("i[0].done=true"));
  EXPECT_THAT(changes("i[1]", "[1,2]", "[3,2]"), ElementsAre());
  EXPECT_THAT(changes("i[*].t[*]", R"([{"t":[1,2]},{"t":[3]},{}])", R"([{"t":[2]},{"t":[3,4]},{"t":[5]}])"),
              ElementsAre("i[0].t[0]=2", "i[0].t[1] gone", "i[1].t[1]=4", "i[2].t[0]=5"));
  EXPECT_THAT(changes("m[0][*]", "[[1,2],[3]]", "[[1,4],[5]]"), ElementsAre("m[0][1]=4"));
  EXPECT_THAT(changes("i[*]", "[1e400, 12345678901234567890123]", "[1e400, 12345678901234567890124]"),
              ElementsAre("i[1]=12345678901234567890124"));
}

TEST(StatePath, LimitsChangesAndComparedElements) {
  EXPECT_THAT(changes("i[*]", "[]", "[1,2,3]", 2), ElementsAre("i[0]=1", "i[1]=2"));
  EXPECT_EQ(StatePath::parse("i[*]")->changes("[]", "[1,2,3]", 2).total, 3u);
  std::string many = "[0";
  for (std::size_t i = 0; i < 2 * StatePath::kMostElements; ++i)
    many += ",0";
  EXPECT_THAT(changes("i[*]", std::nullopt, many + "]", SIZE_MAX), SizeIs(StatePath::kMostElements));
}

}  // namespace
}  // namespace nexus::panels
