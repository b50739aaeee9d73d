#include "nexus/runtime/panels/definition.h"

#include <algorithm>
#include <unordered_set>

#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/json/json.h"
#include "nexus/foundation/json/json_reading.h"
#include "nexus/runtime/panels/args_schema.h"
#include "nexus/runtime/panels/limit_fields.h"
#include "nexus/runtime/panels/trigger_reader.h"
#include "nexus/runtime/panels/validator.h"

namespace nexus::panels {
namespace {

constexpr std::size_t kMostKindBytes = 128;
constexpr std::size_t kMostTextBytes = 4096;  // titles and descriptions
constexpr std::size_t kMostSchemasBytes =
    4 << 20;  // of all tools, compiled: a short pattern may compile to much more

constexpr std::string_view kIdRule =
    "must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with a letter or a digit";

struct LimitRequest {
  const LimitField* field;
  std::uint64_t value;
  std::string path;
};

// Members that both a panel and a tool may have. A client may write them in any order, so the panel's are applied to
// its tools only after the whole text was read.
struct Grants {
  std::optional<std::vector<std::string>> capabilities;
  std::string capabilities_path;
  std::vector<LimitRequest> limits;
};

struct ToolDraft {
  Tool tool;
  Grants grants;
  std::string path;
  bool has_name = false, has_handler = false, has_trigger = false;
};

class Reader {
 public:
  Reader(const Ceiling& ceiling, const HandlerFiles& files, std::string_view id)
      : ceiling_(ceiling), files_(files), given_id_(id) {}

  std::expected<Definition, ValidationErrors> read(std::string_view text) {
    if (!given_id_.empty()) take_given_id();
    if (const auto error = check_json(text); error != JsonError::kNone) return refuse(describe(error));
    const simdjson::padded_string padded = padded_copy(text);
    json::parser parser;
    OndemandDocument document;
    json::object object;
    if (!document.parse(parser, padded) || document.get_object().get(object) != simdjson::SUCCESS) {
      return refuse("must be an object");
    }
    validator_.members(object, "",
                       [this](std::string_view key, json::value value) { read_member(key, value); });
    if (!has_kind_) validator_.add("kind", "is missing");
    if (!has_tools_) validator_.add("tools", "is missing");
    complete();
    if (!validator_.empty()) return std::unexpected(std::move(validator_).take());
    return std::move(definition_);
  }

 private:
  std::unexpected<ValidationErrors> refuse(std::string message) {
    validator_.add("", std::move(message));
    return std::unexpected(std::move(validator_).take());
  }

  void read_member(std::string_view key, json::value value) {
    if (key == "id") return read_id(value);
    if (key == "kind") {
      has_kind_ = true;
      return keep(definition_.kind, validator_.text_of(value, "kind", 1, kMostKindBytes));
    }
    if (key == "title") return keep(definition_.title, validator_.text_of(value, "title", 0, kMostTextBytes));
    if (key == "tools") return read_tools(value);
    if (key == "initialState") return read_state(value);
    if (key == "scope") return keep(definition_.scope_json, validator_.raw_object(value, "scope"));
    if (key == "metadata") return keep(definition_.metadata_json, validator_.raw_object(value, "metadata"));
    if (read_grant(key, value, "", grants_)) return;
    validator_.add(std::string(key), "is not a field of a panel");
  }

  static void keep(std::string& where, std::optional<std::string> what) {
    if (what) where = *std::move(what);
  }

  void take_given_id() {
    definition_.id = given_id_;
    if (!is_panel_id(given_id_)) validator_.add("id", std::string(kIdRule));
  }

  void read_id(json::value value) {
    const auto id = validator_.text(value, "id");
    if (!id) return;
    if (!is_panel_id(*id)) return validator_.add("id", std::string(kIdRule));
    if (!given_id_.empty() && *id != given_id_) {
      return validator_.add("id", fmt::format("is \"{}\", and the path says \"{}\"", *id, given_id_));
    }
    definition_.id = *id;
  }

  void read_state(json::value value) {
    const auto raw = validator_.raw_object(value, "initialState");
    if (!raw) return;
    auto state = State::parse(*raw);
    if (!state) return validator_.add("initialState", std::move(state.error().message));
    definition_.initial_state = *std::move(state);
    has_state_ = true;
  }

  // Reads `key` if it is a member of Grants; false if not. `prefix`: the tool's path and a dot, or empty.
  bool read_grant(std::string_view key, json::value value, const std::string& prefix, Grants& grants) {
    if (key == "capabilities") {
      grants.capabilities_path = prefix + "capabilities";
      read_capabilities(value, grants);
    } else if (key == "limits") {
      read_limits(value, prefix + "limits", grants);
    } else {
      return false;
    }
    return true;
  }

  void read_capabilities(json::value value, Grants& grants) {
    std::vector<std::string> patterns;
    const auto read_pattern = [&](json::value element, const std::string& path) {
      auto pattern = validator_.text(element, path);
      if (!pattern) return;
      if (const auto parsed = Capabilities::parse({&*pattern, 1}); !parsed) {
        return validator_.add(path, parsed.error().message);
      }
      patterns.push_back(*std::move(pattern));
    };
    if (validator_.array(value, grants.capabilities_path, read_pattern))
      grants.capabilities = std::move(patterns);
  }

  void read_limits(json::value value, const std::string& path, Grants& grants) {
    validator_.object(value, path, [&](std::string_view key, json::value member) {
      std::string where = fmt::format("{}.{}", path, key);
      const LimitField* field = find_limit_field(key);
      if (field == nullptr) return validator_.add(where, "is not a limit");
      const auto number = validator_.whole_number(member, where);
      if (!number) return;
      if (*number < field->least) {
        return validator_.add(where, fmt::format("must be at least {}, and is {}", field->least, *number));
      }
      grants.limits.push_back({field, *number, std::move(where)});
    });
  }

  void read_tools(json::value value) {
    has_tools_ = true;
    validator_.array(value, "tools", [this](json::value element, const std::string& path) {
      ToolDraft draft;
      draft.path = path;
      const auto member = [&](std::string_view key, json::value inner) {
        read_tool_member(key, inner, draft);
      };
      if (!validator_.object(element, path, member)) return;
      if (!draft.has_name) validator_.add(path + ".name", "is missing");
      if (!draft.has_handler) validator_.add(path + ".handler", "is missing");
      if (!draft.has_trigger) validator_.add(path + ".trigger", "is missing");
      drafts_.push_back(std::move(draft));
    });
  }

  void read_tool_member(std::string_view key, json::value value, ToolDraft& draft) {
    const std::string path = fmt::format("{}.{}", draft.path, key);
    if (key == "name") return read_tool_name(value, path, draft);
    if (key == "handler") return read_handler(value, path, draft);
    if (key == "trigger") {
      draft.has_trigger = true;
      if (auto trigger = read_trigger(value, path, validator_)) draft.tool.trigger = *std::move(trigger);
      return;
    }
    if (key == "description")
      return keep(draft.tool.description, validator_.text_of(value, path, 0, kMostTextBytes));
    if (key == "args") return read_args_schema(value, path, draft);
    if (read_grant(key, value, draft.path + ".", draft.grants)) return;
    validator_.add(path, "is not a field of a tool");
  }

  void read_tool_name(json::value value, const std::string& path, ToolDraft& draft) {
    draft.has_name = true;
    auto name = validator_.text(value, path);
    if (!name) return;
    if (!is_tool_name(*name)) return validator_.add(path, "must be 1 to 64 of A-Z a-z 0-9 _ . -");
    draft.tool.name = *std::move(name);
  }

  void read_handler(json::value value, const std::string& path, ToolDraft& draft) {
    draft.has_handler = true;
    json::json_type type{};
    const bool names_file =
        files_ && value.type().get(type) == simdjson::SUCCESS && type == json::json_type::object;
    if (!names_file) return keep(draft.tool.handler, validator_.text(value, path));
    validator_.object(value, path, [&](std::string_view key, json::value member) {
      if (key != "file")
        return validator_.add(fmt::format("{}.{}", path, key), "is not a field of a handler");
      const auto name = validator_.text(member, path + ".file");
      if (!name) return;
      auto source = files_(*name);
      if (!source) return validator_.add(path + ".file", std::move(source.error().message));
      draft.tool.handler = *std::move(source);
    });
  }

  void read_args_schema(json::value value, const std::string& path, ToolDraft& draft) {
    auto schema = validator_.raw_object(value, path);
    if (!schema) return;
    if (const auto compiled = ArgsSchema::compile(*schema, path, validator_)) {
      schemas_bytes_ += compiled->bytes();
      if (schemas_bytes_ > kMostSchemasBytes) {
        validator_.add(path, fmt::format("and the schemas before it take more than {} bytes compiled",
                                         kMostSchemasBytes));
      }
    }
    draft.tool.args_schema_json = *std::move(schema);
  }

  // Second pass: checks that need more than one member.
  void complete() {
    const Limits panel_limits = lowered(ceiling_.limits, grants_, {});
    const Capabilities panel_capabilities =
        granted(grants_, Capabilities::defaults().within(ceiling_.capabilities));
    if (has_state_ && definition_.initial_state.bytes() > panel_limits.max_state_bytes) {
      validator_.add("initialState",
                     fmt::format("is {} bytes, more than maxStateBytes, which is {}",
                                 definition_.initial_state.bytes(), panel_limits.max_state_bytes));
    }
    definition_.asked = asked_by(grants_);
    // Views into the drafts, whose names are moved out only later.
    std::unordered_set<std::string_view> names;
    for (const ToolDraft& draft : drafts_) {
      if (!draft.tool.name.empty() && !names.insert(draft.tool.name).second) {
        validator_.add(draft.path + ".name",
                       fmt::format("\"{}\" is the name of another tool too", draft.tool.name));
      }
    }
    definition_.tools.reserve(drafts_.size());
    for (ToolDraft& draft : drafts_) {
      draft.tool.limits = lowered(panel_limits, draft.grants, "its panel's");
      draft.tool.capabilities = granted(draft.grants, panel_capabilities);
      draft.tool.asked = asked_by(draft.grants);
      check_receives(draft);
      definition_.tools.push_back(std::move(draft.tool));
    }
  }

  void check_receives(const ToolDraft& draft) {
    const auto* event = std::get_if<EventTrigger>(&draft.tool.trigger);
    if (event == nullptr || event->panel.empty() || event->panel == definition_.id) return;
    if (draft.tool.capabilities.allows(Permission::kReceive, event->panel)) return;
    validator_.add(draft.path + ".trigger.panel",
                   fmt::format("needs the capability {}", describe(Permission::kReceive, event->panel)));
  }

  static Asked asked_by(const Grants& grants) {
    Asked asked{.capabilities = grants.capabilities, .limits = {}};
    for (const LimitRequest& request : grants.limits)
      asked.limits.push_back({request.field->name, request.value});
    return asked;
  }

  // `whose`: the owner of `limits`, for messages; empty: the server, whose limits are named by their settings.
  Limits lowered(Limits limits, const Grants& grants, std::string_view whose) {
    const Limits most = limits;
    for (const LimitRequest& request : grants.limits) {
      const std::uint64_t bound = most.*request.field->value;
      if (request.value > bound) {
        validator_.add(request.path,
                       fmt::format("must be at most {} ({}), and is {}", bound,
                                   whose.empty() ? request.field->setting : whose, request.value));
      } else {
        limits.*request.field->value = request.value;
      }
    }
    return limits;
  }

  Capabilities granted(const Grants& grants, Capabilities inherited) {
    if (!grants.capabilities) return inherited;
    auto asked = Capabilities::parse(*grants.capabilities);
    if (!asked) {
      validator_.add(grants.capabilities_path, std::move(asked.error().message));
      return inherited;
    }
    if (const auto missing = ceiling_.capabilities.first_not_covered(*asked)) {
      validator_.add_capability(
          grants.capabilities_path,
          fmt::format("\"{}\" is more than this server allows (CAPABILITIES)", *missing));
    }
    return *std::move(asked);
  }

  const Ceiling& ceiling_;
  const HandlerFiles& files_;
  std::string_view given_id_;
  Validator validator_;
  Definition definition_;
  Grants grants_;
  std::vector<ToolDraft> drafts_;
  std::size_t schemas_bytes_ = 0;
  bool has_kind_ = false, has_tools_ = false, has_state_ = false;
};

}  // namespace

const Tool* Definition::find_tool(std::string_view name) const {
  const auto found = std::ranges::find(tools, name, &Tool::name);
  return found == tools.end() ? nullptr : &*found;
}

std::expected<Definition, ValidationErrors> parse_definition(std::string_view text, const Ceiling& ceiling,
                                                             const HandlerFiles& files, std::string_view id) {
  return Reader(ceiling, files, id).read(text);
}

}  // namespace nexus::panels
