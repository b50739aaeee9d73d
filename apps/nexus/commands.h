// The commands of the program. Each returns the exit status: 0 success, 1 failure, 2 wrong arguments or settings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config_arguments.h"

namespace nexus::app {

inline constexpr int kDone = 0, kFailed = 1, kAskedWrongly = 2;

struct ServeCommand {
  std::vector<std::string> panels;  // files or folders of *.json
  bool demo = false;
  ConfigArguments config;
};
int serve(const ServeCommand& command);

struct ConfigCommand {
  bool json = false;
  ConfigArguments config;
};
int config(const ConfigCommand& command);

// 1: the settings do not fit.
struct CheckCommand {
  bool json = false;
  ConfigArguments config;
};
int check(const CheckCommand& command);

// 1: the server is not ready (or live), or does not respond.
struct HealthCommand {
  std::string url;  // empty: the address in the configuration
  bool live = false;
  ConfigArguments config;
};
int health(const HealthCommand& command);

// A running server; the defaults are NEXUS_URL and NEXUS_TOKEN.
struct RemoteServer {
  std::string url = "http://127.0.0.1:3000";
  std::string token;
};

// 1: the server rejected the request, or does not respond.
struct PanelsCommand {
  enum class Action : unsigned char { kList, kGet, kState, kPut, kDelete };
  RemoteServer server;
  Action action = Action::kList;
  std::vector<std::string> names;  // ids; for kPut files or folders of *.json
  bool json = false;               // kList: prints the server's JSON
};
int panels(const PanelsCommand& command);

// 1: RESULT has an error, the execution is still suspended, the server rejected the request or does not respond.
struct TriggerCommand {
  RemoteServer server;
  std::string panel, tool;
  std::string args = "{}";  // "-": standard input
  bool logs = false;
  bool async = false;  // does not wait for a suspended execution, which then is no failure
};
int trigger(const TriggerCommand& command);

struct TopCommand {
  RemoteServer server;
  std::string sort = "bytes";
  double interval_seconds = 1;
  bool once = false;
  bool json = false;
};
int top(const TopCommand& command);

// 2: the configuration has no key.
struct TokenCommand {
  std::vector<std::string> scopes;  // none: all scopes
  std::vector<std::string> panels;  // globs; none: all panels
  std::uint64_t ttl_seconds = 600;
  ConfigArguments config;
};
int token(const TokenCommand& command);

struct CachePruneCommand {
  ConfigArguments config;
};
int prune_cache(const CachePruneCommand& command);

struct RunCommand {
  std::string file;  // "-": standard input
  std::string args = "{}", state = "{}", scope = "{}";
  std::vector<std::string> limits;  // "timeoutMs=200"
  unsigned repeat = 1;
  bool logs = false;
  bool watch = false;
};
int run(const RunCommand& command);

}  // namespace nexus::app
