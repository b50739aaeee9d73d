// A tool's `args`, compiled: a JSON Schema of 2020-12 that the arguments of a call are checked against.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/runtime/panels/args_defaults.h"
#include "nexus/runtime/panels/validator.h"

struct nexus_schema;

namespace nexus::panels {

// What a check may cost is bounded (docs/handlers.md): it ends in an error instead of going on.
//
// Thread safety: it never changes.
class ArgsSchema {
 public:
  // Null, and errors below `path`, when it is none or may cost too much. REQUIRES: checked text of a JSON object.
  static std::shared_ptr<const ArgsSchema> compile(std::string_view schema, const std::string& path,
                                                   Validator& validator);

  // About how much memory it takes; at most two megabytes.
  std::size_t bytes() const;
  // Adds what is wrong with `args`, by paths like "a.b[0]": the first twenty. REQUIRES: checked text.
  void check(std::string_view args, Validator& validator) const;
  const ArgsDefaults& defaults() const { return defaults_; }

 private:
  struct Free {
    void operator()(nexus_schema* schema) const;
  };
  ArgsSchema(std::unique_ptr<nexus_schema, Free> schema, ArgsDefaults defaults)
      : schema_(std::move(schema)), defaults_(std::move(defaults)) {}

  std::unique_ptr<nexus_schema, Free> schema_;
  ArgsDefaults defaults_;
};

// What a check of this text takes of memory at most, while it goes on: its values as a tree. Measured; see schema_memory_test.
std::uint64_t args_bytes_at_most(std::string_view args);

// The schemas that were asked for last. Panels keep the text alone, which is a tenth as large, and share here what is compiled.
//
// Thread safety: none; it belongs to one loop.
class ArgsSchemas {
 public:
  // What is kept is charged as kServer; what the ledger refuses is not kept.
  ArgsSchemas(std::size_t most_bytes, budget::Ledger& ledger)
      : most_bytes_(most_bytes), held_(ledger.open(budget::Kind::kServer)) {}

  // Null: compile() would refuse it.
  std::shared_ptr<const ArgsSchema> get(const std::string& schema);

  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string text;
    std::shared_ptr<const ArgsSchema> schema;
    std::size_t bytes() const { return kEntryBytes + text.size() + schema->bytes(); }
  };
  static constexpr std::size_t kEntryBytes = 256;  // list node, map node, control block

  void forget_last();

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  budget::Grant held_;
  std::list<Entry> entries_;  // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
};

}  // namespace nexus::panels
