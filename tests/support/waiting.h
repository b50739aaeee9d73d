// An execution with suspensions, in the language of tests. Each segment runs in another instance than the previous one.
//
//   Waiting w(sandbox, "return (await $ext.http.get('a')).n");
//   EXPECT_EQ(w.calls(), "0 http.get [\"a\"]");
//   w.answer(0, R"({"n":1})");
//   w.outcome().expect_value("1");
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "nexus/sandbox/execution/extension_table.h"
#include "support/sandbox.h"

namespace nexus::testing {

class Waiting {
 public:
  enum class Form : bool { kRaw, kCompressed };

  Waiting(Sandbox& sandbox, std::string source, const RunOptions& options = {}, Form form = Form::kRaw);

  // Runs an image that was made before.
  Waiting(Sandbox& sandbox, std::shared_ptr<const memory::Image> image, std::string source,
          const RunOptions& options = {}, Form form = Form::kRaw);

  bool waits() const { return suspended_.has_value(); }
  // The calls of the last segment: "NUMBER EXTENSION.METHOD ARGS", separated by spaces.
  const std::string& calls() const { return calls_; }
  std::string state() const { return state_.to_json(); }
  State& shared_state() { return state_; }
  const sandbox::Suspended& suspended() const { return *suspended_; }
  // On an error the execution is still suspended.
  Result<void> answer(std::uint32_t number, std::string_view json,
                      CallAnswer::Kind kind = CallAnswer::Kind::kValue);
  // REQUIRES: the execution has ended.
  const Outcome& outcome() const { return *outcome_; }

 private:
  sandbox::ExecutionRequest request() const;
  void run_segment(sandbox::Instance& instance);
  void commit(const Journal& journal);

  Sandbox& sandbox_;
  std::string source_;
  RunOptions options_;
  Form form_;
  State state_;
  Capabilities capabilities_;
  sandbox::ExtensionTable extensions_;
  std::shared_ptr<const memory::Image> image_;
  std::unique_ptr<sandbox::Instance> other_;
  std::string calls_;
  std::optional<sandbox::Suspended> suspended_;
  std::optional<Outcome> outcome_;
};

}  // namespace nexus::testing
