// A secret never appears in a printed text, whatever goes wrong.
#include <gmock/gmock.h>

#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"
#include "operator.h"

namespace nexus::config {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kSecret[] = "tr0ub4dor";

std::string all_of(const std::expected<Loaded, std::vector<ValidationError>>& loaded) {
  std::string printed;
  if (!loaded) {
    for (const ValidationError& error : loaded.error())
      printed += describe(error) + '\n';
    return printed;
  }
  for (const std::string& warning : loaded->warnings)
    printed += warning + '\n';
  for (const Row& row : rows())
    printed += show(row, loaded->settings).value + ' ' + loaded->origin_of(row.name).text + '\n';
  return printed;
}

TEST(Secrets, AreNeverPrinted) {
  const std::string secret = kSecret, long_enough = secret + secret + secret + secret;
  std::vector<Operator> people;
  for (const std::string& value : {secret, long_enough}) {
    for (const char* enabled : {"true", "false"}) {
      people.push_back(Operator().variable("AUTH_ENABLED", enabled).variable("JWT_SECRET", value));
      people.push_back(Operator().variable("AUTH_ENABLED", enabled).flag("--jwt-secret", value));
      people.push_back(
          Operator().variable("AUTH_ENABLED", enabled).file("[auth]\njwt_secret = \"" + value + "\"\n"));
      people.push_back(Operator()
                           .variable("AUTH_ENABLED", enabled)
                           .variable("JWT_SECRET_FILE", "/key")
                           .another_file("/key", value));
      people.push_back(Operator()
                           .variable("AUTH_ENABLED", enabled)
                           .variable("NEXUS_JWT_SECRET", value)
                           .variable("JWT_SECRET_FILE", "/key"));
    }
  }
  // Mistakes around the secret: type, name, group, syntax.
  for (const std::string& file :
       {"[auth]\njwt_secret = [\"" + secret + "\"]\n", "[auth]\njwt_secrt = \"" + secret + "\"\n",
        "[server]\njwt_secret = \"" + secret + "\"\n", "[atuh]\njwt_secret = \"" + secret + "\"\n",
        "[server]\nqqq = [\"" + secret + "\"]\n", "[auth]\njwt_secret = " + secret + "\n",
        "[auth]\njwt_secret = \"" + secret + "\n", "[auth]\njwt_secret = \"\" " + secret + "\n",
        "[auth]\njwt_secret = '" + secret + "'\njwtSecret = '" + secret + "'\n"}) {
    people.push_back(Operator().file(file));
  }
  people.push_back(Operator().flag("--jwt-secrt", secret));
  people.push_back(Operator().variable("HTTP_EXT_PROXY", "http://me:" + secret + "@proxy.example:3128"));
  people.push_back(Operator().variable("HTTP_EXT_PROXY", "me:" + secret + "@proxy.example"));
  people.push_back(Operator().variable("HTTP_EXT_PROXY", "http://me:" + secret + "@proxy.example/path"));
  for (Operator& person : people) {
    EXPECT_THAT(all_of(std::move(person).load()), Not(HasSubstr(kSecret)));
  }
}

TEST(Secrets, AreShownMasked) {
  Settings settings;
  EXPECT_EQ(show(*find_row("JWT_SECRET"), settings).value, "");
  settings.auth.jwt_secret = kSecret;
  EXPECT_EQ(show(*find_row("JWT_SECRET"), settings).value, "***");
  settings.http.proxy = "http://me:pass@proxy.example:3128";
  EXPECT_EQ(show(*find_row("HTTP_EXT_PROXY"), settings).value, "http://***@proxy.example:3128");
  settings.http.proxy = "http://proxy.example:3128";
  EXPECT_EQ(show(*find_row("HTTP_EXT_PROXY"), settings).value, "http://proxy.example:3128");
}

}  // namespace
}  // namespace nexus::config
