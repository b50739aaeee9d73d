#include "nexus/runtime/panels/args_schema.h"

#include "nexus/runtime/panels/schema_engine.h"

namespace nexus::panels {
namespace {

// The most bytes that one value takes: as one of few members, in a vector that is doubling its size.
constexpr std::uint64_t kValueBytes = 176;
constexpr std::uint64_t kCheckBytes = 4096;  // fixed cost

struct ErrorsBelow {
  std::string path;
  Validator& validator;
};

void add_error(void* context, const char* path, std::size_t path_size, const char* message,
               std::size_t message_size) noexcept {
  const auto& below = *static_cast<ErrorsBelow*>(context);
  std::string_view place(path, path_size);
  if (below.path.empty() && place.starts_with('.')) place.remove_prefix(1);
  below.validator.add(below.path + std::string(place), std::string(message, message_size));
}

}  // namespace

void ArgsSchema::Free::operator()(nexus_schema* schema) const { nexus_schema_free(schema); }

std::shared_ptr<const ArgsSchema> ArgsSchema::compile(std::string_view schema, const std::string& path,
                                                      Validator& validator) {
  ErrorsBelow below{path, validator};
  std::unique_ptr<nexus_schema, Free> compiled(
      nexus_schema_compile(schema.data(), schema.size(), &below, add_error));
  if (compiled == nullptr) return nullptr;
  return std::shared_ptr<const ArgsSchema>(new ArgsSchema(std::move(compiled), ArgsDefaults(schema)));
}

std::size_t ArgsSchema::bytes() const { return nexus_schema_bytes(schema_.get()) + 2 * defaults_.bytes(); }

void ArgsSchema::check(std::string_view args, Validator& validator) const {
  ErrorsBelow below{{}, validator};
  nexus_schema_check(schema_.get(), args.data(), args.size(), &below, add_error);
}

std::uint64_t args_bytes_at_most(std::size_t bytes, std::size_t values) {
  return kCheckBytes + 3 * bytes + values * kValueBytes;
}

std::shared_ptr<const ArgsSchema> ArgsSchemas::get(const std::string& schema) {
  if (const auto found = by_text_.find(schema); found != by_text_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->schema;
  }
  Validator validator;
  auto compiled = ArgsSchema::compile(schema, "args", validator);
  if (!compiled) return nullptr;
  entries_.push_front({schema, compiled});
  bytes_ += entries_.front().bytes();
  by_text_.emplace(entries_.front().text, entries_.begin());
  while (bytes_ > most_bytes_ && entries_.size() > 1)
    forget_last();
  while (!entries_.empty() && !held_.grow_to(bytes_))
    forget_last();
  held_.shrink_to(bytes_);
  return compiled;
}

void ArgsSchemas::forget_last() {
  bytes_ -= entries_.back().bytes();
  by_text_.erase(entries_.back().text);
  entries_.pop_back();
}

}  // namespace nexus::panels
