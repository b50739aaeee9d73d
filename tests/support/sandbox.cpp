#include "sandbox.h"

#include <gtest/gtest.h>

namespace nexus::testing {

using sandbox::ExecutionRequest;
using sandbox::Instance;

std::string Outcome::describe() const {
  std::string text;
  append_result_json(text, result_, WithLogs::kYes);
  return text;
}

const Outcome& Outcome::expect(ErrorCode code) const {
  EXPECT_TRUE(result_.error.has_value()) << describe();
  if (result_.error) {
    EXPECT_EQ(name(result_.error->code), name(code)) << describe();
  }
  return *this;
}

const Outcome& Outcome::expect_message(std::string_view part) const {
  EXPECT_TRUE(result_.error.has_value()) << describe();
  if (result_.error) {
    EXPECT_NE(result_.error->message.find(part), std::string::npos) << describe();
  }
  return *this;
}

const Outcome& Outcome::expect_at(int line, int column) const {
  EXPECT_TRUE(result_.error && result_.error->location) << describe();
  if (result_.error && result_.error->location) {
    EXPECT_EQ(result_.error->location->line, line) << describe();
    EXPECT_EQ(result_.error->location->column, column) << describe();
  }
  return *this;
}

const Outcome& Outcome::expect_success() const {
  EXPECT_TRUE(result_.ok()) << describe();
  return *this;
}

const Outcome& Outcome::expect_value(std::string_view json) const {
  expect_success();
  EXPECT_EQ(result_.return_json, json) << describe();
  return *this;
}

Sandbox::Sandbox(memory::Tracking tracking, std::size_t max_memories) {
  auto made = sandbox::Runtime::create({.max_memories = max_memories, .tracking = tracking}, clock_, ledger_);
  if (!made) throw std::runtime_error(made.error().message);
  runtime_ = std::move(*made);
}

Sandbox::Sandbox(AdvancedClock& clock, std::function<bool()> ends_slice, std::size_t max_memories)
    : clock_(clock) {
  auto made = sandbox::Runtime::create({.ends_slice = std::move(ends_slice), .max_memories = max_memories},
                                       clock_, ledger_);
  if (!made) throw std::runtime_error(made.error().message);
  runtime_ = std::move(*made);
}

Instance& Sandbox::instance() {
  if (instance_ == nullptr || instance_->state() == Instance::Status::kTerminated) {
    instance_.reset();
    auto made = Instance::create(*runtime_);
    if (!made) throw std::runtime_error(made.error().message);
    instance_ = std::move(*made);
  }
  return *instance_;
}

Result<std::shared_ptr<const memory::Image>> Sandbox::load(std::string_view source, const Limits& limits) {
  Instance& one = instance();
  one.start_load(source, limits);
  while (one.step() == sandbox::Step::kMore) {
  }
  return one.finish_load();
}

Outcome Sandbox::run_image(const std::shared_ptr<const memory::Image>& image, std::string_view source,
                           const RunOptions& options) {
  const auto state = State::parse(options.state);
  const auto capabilities = options.capabilities.empty() ? Result<Capabilities>(Capabilities::defaults())
                                                         : Capabilities::parse(options.capabilities);
  if (!state || !capabilities) throw std::runtime_error("bad options of a test");
  return Outcome(instance().execute({.image = image,
                                     .source = source,
                                     .execution_id = "test",
                                     .args_json = options.args,
                                     .scope_json = options.scope,
                                     .state = &*state,
                                     .capabilities = &*capabilities,
                                     .limits = options.limits}));
}

Outcome Sandbox::run(std::string_view source, const RunOptions& options) {
  auto image = load(source, options.limits);
  if (!image) {
    ExecutionResult failed;
    failed.error = image.error();
    return Outcome(std::move(failed));
  }
  return run_image(*image, source, options);
}

}  // namespace nexus::testing
