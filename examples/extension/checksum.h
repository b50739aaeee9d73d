// $ext.checksum.of(text): the sum of a text's bytes. An example of an extension: work that takes its time, on a thread of its
// own, since no loop may wait for it.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "nexus/runtime/extensions/extension.h"

namespace example {

namespace extensions = nexus::extensions;

class Checksum final : public extensions::Extension {
 public:
  Checksum();
  ~Checksum() override;

  std::string_view name() const override { return "checksum"; }
  std::vector<std::string_view> methods() const override { return {"of"}; }
  extensions::Started start(const extensions::Call& call, extensions::Settlements& settlements) override;
  void cancel(extensions::CallId id) override;

 private:
  struct Job {
    extensions::CallId id;
    extensions::Settlements* settlements;
    std::string text;
  };
  void run(const std::stop_token& stop);

  std::mutex mutex_;  // start() and cancel() are called by several loops at once
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace example
