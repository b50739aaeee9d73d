#include "support/waiting.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace nexus::testing {

using sandbox::Instance;

namespace {

std::shared_ptr<const memory::Image> load(Sandbox& sandbox, const std::string& source,
                                          const RunOptions& options) {
  auto image = sandbox.load(source, options.limits);
  if (!image) throw std::runtime_error(image.error().message);
  return *image;
}

}  // namespace

Waiting::Waiting(Sandbox& sandbox, std::string source, const RunOptions& options, Form form)
    : Waiting(sandbox, load(sandbox, source, options), source, options, form) {}

Waiting::Waiting(Sandbox& sandbox, std::shared_ptr<const memory::Image> image, std::string source,
                 const RunOptions& options, Form form)
    : sandbox_(sandbox),
      source_(std::move(source)),
      options_(options),
      form_(form),
      state_(State::parse(options.state).value()),
      capabilities_(
          Capabilities::parse(options.capabilities.empty()
                                  ? std::vector<std::string>{"state:*", "events:*", "view:*", "ext:*"}
                                  : options.capabilities)
              .value()),
      image_(std::move(image)) {
  extensions_.add("http", {"get", "post"});
  extensions_.add("timer", {"sleep"});
  auto first = request();
  first.args_json = options_.args;
  first.scope_json = options_.scope;
  Instance& instance = sandbox.instance();
  instance.start(std::move(first));
  run_segment(instance);
}

sandbox::ExecutionRequest Waiting::request() const {
  sandbox::ExecutionRequest request;
  request.image = image_;
  request.source = source_;
  request.execution_id = "test";
  request.state = &state_;
  request.capabilities = &capabilities_;
  request.extensions = &extensions_;
  request.limits = options_.limits;
  return request;
}

void Waiting::commit(const Journal& journal) {
  for (const auto& mutation : journal.mutations) {
    if (mutation.json) {
      state_.set(mutation.key, *mutation.json);
    } else {
      state_.erase(mutation.key);
    }
  }
}

void Waiting::run_segment(Instance& instance) {
  calls_.clear();
  while (instance.step() == sandbox::Step::kMore) {
  }
  if (instance.waits()) {
    auto segment = instance.suspend();
    EXPECT_TRUE(instance.is_pristine()) << "what waits leaves nothing behind";
    commit(segment.journal);
    for (const auto& call : segment.calls)
      calls_ += fmt::format("{}{} {}.{} {}", calls_.empty() ? "" : " ", call.number, call.extension,
                            call.method, call.args_json);
    suspended_.emplace(std::move(segment.suspended));
    if (form_ == Form::kCompressed) suspended_->delta.compress();
    return;
  }
  outcome_.emplace(instance.finish());
  commit(outcome_->result().journal);
}

Result<void> Waiting::answer(std::uint32_t number, std::string_view json, CallAnswer::Kind kind) {
  if (other_ == nullptr || other_->state() == Instance::Status::kTerminated) {
    NEXUS_TRY(other_, Instance::create(sandbox_.runtime()));
  }
  auto restored = other_->restore(*suspended_, request());
  while (restored && *restored == sandbox::Step::kMore)
    restored = other_->restore_more(*suspended_);
  if (!restored) return std::unexpected(std::move(restored.error()));
  other_->resume(*suspended_, {number, kind, json});
  suspended_.reset();
  run_segment(*other_);
  return {};
}

}  // namespace nexus::testing
