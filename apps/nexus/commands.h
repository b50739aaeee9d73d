// The commands of the program. Each gives the exit status: 0 done, 1 it failed, 2 it was asked for wrongly.
#pragma once

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

struct TopCommand {
  std::string url = "http://127.0.0.1:3000";
  std::string token;
  std::string sort = "bytes";
  double interval_seconds = 1;
  bool once = false;
  bool json = false;
};
int top(const TopCommand& command);

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
