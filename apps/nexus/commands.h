// The commands of the program. Each gives the exit status: 0 done, 1 it failed, 2 it was asked for wrongly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config_arguments.h"

namespace nexus::app {

inline constexpr int kDone = 0, kFailed = 1, kAskedWrongly = 2;

struct ServeCommand {
  std::vector<std::string> panels;  // files, or folders of *.json
  bool demo = false;
  ConfigArguments config;
};
int serve(const ServeCommand& command);

struct ConfigCommand {
  bool json = false;
  ConfigArguments config;
};
int config(const ConfigCommand& command);

// 0: all fits; 1: something contradicts.
struct CheckCommand {
  bool json = false;
  ConfigArguments config;
};
int check(const CheckCommand& command);

// 0: ready (or live); 1: not, or nobody answers.
struct HealthCommand {
  std::string url;  // empty: where the configuration has it
  bool live = false;
  ConfigArguments config;
};
int health(const HealthCommand& command);

// A server that runs, as NEXUS_URL and NEXUS_TOKEN name it.
struct RemoteServer {
  std::string url = "http://127.0.0.1:3000";
  std::string token;
};

// What `nexus panels` does with panels of a server. 1: it refused, or cannot be asked.
struct PanelsCommand {
  enum class Action : unsigned char { kList, kGet, kState, kPut, kDelete };
  RemoteServer server;
  Action action = Action::kList;
  std::vector<std::string> names;  // ids; for kPut files, or folders of *.json
  bool json = false;               // kList: what the server says
};
int panels(const PanelsCommand& command);

// 0: success; 1: RESULT has an error, it still waits, the server refused or cannot be asked.
struct TriggerCommand {
  RemoteServer server;
  std::string panel, tool;
  std::string args = "{}";  // "-": standard input
  bool logs = false;
  bool async = false;  // an execution that waits is not waited for, and is no failure
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

// Prints a token that the server of this configuration takes. 2: the configuration has no key.
struct TokenCommand {
  std::vector<std::string> scopes;  // none: all
  std::vector<std::string> panels;  // globs; none: all
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
