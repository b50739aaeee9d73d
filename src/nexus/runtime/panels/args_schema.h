// A tool's `args`, compiled: the JSON Schema (2020-12) for the arguments of a call.
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

// The cost of a check is bounded (docs/handlers.md): a check that reaches the bound reports an error.
//
// Thread safety: immutable.
class ArgsSchema {
 public:
  // Null, with errors below `path`, when `schema` is invalid or could cost too much. REQUIRES: checked JSON, an object.
  static std::shared_ptr<const ArgsSchema> compile(std::string_view schema, const std::string& path,
                                                   Validator& validator);

  // Estimated bytes of memory; at most two megabytes.
  std::size_t bytes() const;
  // Adds the errors of `args` by paths like "a.b[0]", at most twenty. REQUIRES: checked JSON.
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

// The most memory that a check of a text of `bytes` with so many values (check_json) takes while it runs, for the tree of its
// values. Measured; see schema_memory_test.
std::uint64_t args_bytes_at_most(std::size_t bytes, std::size_t values);

// A cache of compiled schemas. A panel keeps only the text, which is ten times smaller than the compiled schema.
//
// Thread safety: none; it belongs to one loop.
class ArgsSchemas {
 public:
  // Cached schemas are charged as kServer. A schema that the ledger rejects is compiled and not cached.
  ArgsSchemas(std::size_t most_bytes, budget::Ledger& ledger)
      : most_bytes_(most_bytes), held_(ledger.open(budget::Kind::kServer)) {}

  // Null: the schema is invalid, see compile().
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
  std::list<Entry> entries_;  // the most recently used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
};

}  // namespace nexus::panels
