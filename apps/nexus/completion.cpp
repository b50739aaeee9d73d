// `nexus completion bash`: a script for bash that completes the commands and their options.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "command_line.h"
#include "commands.h"
#include "config_arguments.h"

namespace nexus::app {
namespace {

// Adds one case of the script for `app` and each of its subcommands, and their patterns to `paths`:
// "serve"|"panels"|"panels list"...
void add_cases(const CLI::App& app, const std::string& path, std::string& cases, std::string& paths) {
  std::vector<std::string> words;
  for (const CLI::App* inner : app.get_subcommands(nullptr))
    words.push_back(inner->get_name());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames())
      words.push_back("--" + name);
  }
  add_names_of_config_options(app, words);
  cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, fmt::join(words, " "));
  for (const CLI::App* inner : app.get_subcommands(nullptr)) {
    const std::string its = path.empty() ? inner->get_name() : path + " " + inner->get_name();
    paths += fmt::format("{}\"{}\"", paths.empty() ? "" : "|", its);
    add_cases(*inner, its, cases, paths);
  }
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  std::string cases, paths;
  add_cases(app, "", cases, paths);
  return fmt::format(R"script(# eval "$(nexus completion bash)"
_nexus() {{
  local word path="" words current="${{COMP_WORDS[COMP_CWORD]}}" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    [[ $word == -* ]] && continue
    case "${{path:+$path }}$word" in
      {}) path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path" in
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _nexus nexus
)script",
                     paths, cases);
}

void add_completion(CLI::App& app, Chosen& chosen) {
  CLI::App* completion =
      app.add_subcommand("completion", "Prints a script that completes this command line in a shell");
  auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash")->required()->check(CLI::IsMember({"bash"}));
  completion->footer(R"script(Example: eval "$(nexus completion bash)")script");
  completion->final_callback([&app, &chosen, shell] {
    chosen = [&app] {
      fmt::print("{}", bash_completion(app));
      return kDone;
    };
  });
}

}  // namespace nexus::app
