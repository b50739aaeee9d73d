#include "examples/extension/checksum.h"

#include <simdjson.h>

#include <numeric>

namespace example {

using extensions::Call;
using extensions::CallId;
using extensions::Settlement;
using extensions::Settlements;
using extensions::Started;

Checksum::Checksum() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

Checksum::~Checksum() {
  thread_.request_stop();
  thread_.join();
}

Started Checksum::start(const Call& call, Settlements& settlements) {
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(call.args_json).at(0).get(text) != simdjson::SUCCESS) {
    settlements.settle(call.id, extensions::error_settlement("TypeError", "of() takes a text"));
    return {};
  }
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({call.id, &settlements, std::string(text)});  // the views of a call end with start()
  }
  changed_.notify_one();
  return {};
}

void Checksum::cancel(CallId id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(jobs_, [id](const Job& job) { return job.id == id; });
}

void Checksum::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !jobs_.empty(); })) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();  // settle() may call back
    const auto add = [](unsigned sum, char c) { return sum + static_cast<unsigned char>(c); };
    const unsigned sum = std::accumulate(job.text.begin(), job.text.end(), 0U, add);
    job.settlements->settle(job.id, {Settlement::Kind::kValue, std::to_string(sum)});
    lock.lock();
  }
}

}  // namespace example
