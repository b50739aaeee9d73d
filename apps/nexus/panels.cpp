// `nexus panels`: shows and changes the panels of a running server.
#include <fmt/format.h>
#include <simdjson.h>

#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/base/log.h"
#include "nexus/foundation/json/json.h"
#include "nexus/foundation/model/definition_ids.h"
#include "panel_files.h"
#include "remote.h"

namespace nexus::app {
namespace {

using Verb = boost::beast::http::verb;

// Replaces the files that handlers name by their texts: a server accepts no file names from clients.
class Inliner {
 public:
  explicit Inliner(const PanelFile& file) : file_(file) {}

  Result<std::string> definition() {
    std::string out = object(file_.json, [this](std::string_view key, std::string_view value) {
      return key == "tools" ? tools(value) : std::string(value);
    });
    if (error_) return std::unexpected(*error_);
    return out;
  }

 private:
  template <class Value>
  static std::string object(std::string_view json, Value value_of) {
    std::string out;
    const bool is_object = for_each_member(json, [&](std::string_view key, std::string_view value) {
      out += out.empty() ? '{' : ',';
      append_json_string(out, key);
      out.append(":").append(value_of(key, value));
    });
    if (!is_object) return std::string(json);  // the server reports the error
    return out.empty() ? "{}" : out + '}';
  }

  std::string tools(std::string_view json) {
    const simdjson::padded_string padded(json);
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::array all;
    if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
        document.get_array().get(all) != simdjson::SUCCESS)
      return std::string(json);
    std::string out;
    for (auto one : all) {
      std::string_view raw;
      simdjson::ondemand::value tool;
      if (one.get(tool) != simdjson::SUCCESS || simdjson::to_json_string(tool).get(raw) != simdjson::SUCCESS)
        return std::string(json);
      out += out.empty() ? '[' : ',';
      out += object(raw, [this](std::string_view key, std::string_view value) {
        return key == "handler" ? handler(value) : std::string(value);
      });
    }
    return out.empty() ? "[]" : out + ']';
  }

  std::string handler(std::string_view json) {
    std::string name;
    const simdjson::padded_string padded(json);
    simdjson::dom::parser parser;
    std::string_view file;
    if (parser.parse(padded)["file"].get(file) != simdjson::SUCCESS) return std::string(json);
    auto source = file_.handlers(std::string(file));
    if (!source) {
      error_ = source.error();
      return {};
    }
    std::string out;
    append_json_string(out, *source);
    return out;
  }

  const PanelFile& file_;
  std::optional<Error> error_;
};

class Panels {
 public:
  Panels(const PanelsCommand& command, ServerTarget target) : command_(command), target_(std::move(target)) {}

  int run() {
    using Action = PanelsCommand::Action;
    if (command_.action == Action::kList) return list();
    if (command_.action == Action::kPut) return put();
    int status = kDone;
    for (const std::string& id : command_.names) {
      if (!is_panel_id(id)) {
        fmt::print(stderr, "nexus: \"{}\" is not the id of a panel\n", id);
        return kAskedWrongly;
      }
      const std::string path = "/panels/" + id + (command_.action == Action::kState ? "/state" : "");
      const auto reply = ask(command_.action == Action::kDelete ? Verb::delete_ : Verb::get, path, "");
      if (!is_good(target_, reply)) {
        status = kFailed;  // continue with the next panel
      } else if (command_.action == Action::kDelete) {
        fmt::print("{} is deleted\n", id);
      } else {
        print_json(reply->body);
      }
    }
    return status;
  }

 private:
  ServerOutcome ask(Verb verb, std::string path, std::string body) {
    return request_now(
        target_,
        {.path = std::move(path), .token = command_.server.token, .method = verb, .body = std::move(body)});
  }

  // Lists all panels, page by page.
  int list() {
    if (!command_.json)
      fmt::print("{:<40} {:<16} {:>8} {:>8}  {}\n", "id", "kind", "version", "clients", "title");
    for (std::string after;;) {
      const auto reply = ask(Verb::get, "/panels?limit=1000" + (after.empty() ? "" : "&after=" + after), "");
      if (!is_good(target_, reply)) return kFailed;
      simdjson::dom::parser parser;
      simdjson::dom::element page;
      if (parser.parse(simdjson::padded_string(reply->body)).get(page) != simdjson::SUCCESS) return kFailed;
      for (const simdjson::dom::element panel : page["panels"]) {
        if (command_.json) {
          fmt::print("{}\n", simdjson::minify(panel));
        } else {
          print_row(panel);
        }
      }
      std::string_view next;
      if (page["next"].get(next) != simdjson::SUCCESS) return kDone;
      after = next;
    }
  }

  static void print_row(const simdjson::dom::element& panel) {
    const auto text = [&panel](const char* name) {
      std::string_view value;
      return panel[name].get(value) == simdjson::SUCCESS ? without_control_characters(value) : std::string();
    };
    const auto number = [&panel](const char* name) {
      std::uint64_t value = 0;
      return panel[name].get(value) == simdjson::SUCCESS ? value : 0;
    };
    fmt::print("{:<40} {:<16} {:>8} {:>8}  {}\n", text("id"), text("kind"), number("version"),
               number("clientCount"), text("title"));
  }

  int put() {
    const auto files = read_panel_files(command_.names);
    if (!files) {
      fmt::print(stderr, "nexus: {}\n", files.error().message);
      return kAskedWrongly;
    }
    for (const PanelFile& file : *files) {
      auto json = Inliner(file).definition();
      if (!json) {
        fmt::print(stderr, "nexus: {}: {}\n", file.path, json.error().message);
        return kAskedWrongly;
      }
      const std::string id = id_in_definition(*json);
      const auto reply = is_panel_id(id) ? ask(Verb::put, "/panels/" + id, *std::move(json))
                                         : ask(Verb::post, "/panels", *std::move(json));
      if (!is_good(target_, reply)) {
        fmt::print(stderr, "nexus: rejected: {}\n", file.path);
        return kFailed;
      }
      print_json(reply->body);
    }
    return kDone;
  }

  const PanelsCommand& command_;
  const ServerTarget target_;
};

}  // namespace

int panels(const PanelsCommand& command) {
  auto target = target_of(command.server);
  return target ? Panels(command, *std::move(target)).run() : kAskedWrongly;
}

}  // namespace nexus::app
