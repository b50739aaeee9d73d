// Requests with an Idempotency-Key: the first request with a key runs the tool; later ones get the result of that run.
//
// A key expires five minutes after its execution ended. If the result was evicted earlier, the key still prevents a
// second run.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/digest.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/runtime/executions/execution.h"

namespace nexus::executions {

class Idempotency {
 public:
  static constexpr std::size_t kMostKeyBytes = 255;
  static constexpr std::size_t kMostKeys = 10'000;  // of one loop; a full table drops its oldest settled key

  using PanelPtr = std::shared_ptr<panels::Panel>;

  class Entry {
   public:
    Entry(const PanelPtr& panel, Digest content) : panel_(panel), content_(content) {}

    // `content`: the digest of tool and body.
    bool is_of(const Digest& content) const { return content_ == content; }
    bool is_settled() const { return refusal_ || has_run_; }
    // Why the request was rejected before any part of it ran; null when it ran or is about to run.
    const ErrorResponse* refusal() const { return refusal_ ? &*refusal_ : nullptr; }
    ExecutionPtr execution() const { return execution_.lock(); }  // null when the execution was evicted

    using Ready = std::move_only_function<void(bool)>;
    void call_when_settled(Ready ready) { waiting_.push_back(std::move(ready)); }

   private:
    friend class Idempotency;
    void settle();

    std::weak_ptr<const panels::Panel> panel_;
    Digest content_;
    std::optional<ErrorResponse> refusal_;
    std::weak_ptr<Execution> execution_;
    std::int64_t ended_ms_ = 0;  // the latest end time that is known
    bool has_run_ = false;
    std::vector<Ready> waiting_;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  Idempotency(const Clock& clock, budget::Ledger& ledger);

  // The entry of `key`; null when the key is new. A key that an earlier panel with the same id had is new.
  EntryPtr find(const PanelPtr& panel, std::string_view key);
  // Adds a key. kOverloaded from the ledger when there is no memory for one more. REQUIRES: find() returned null for
  // the key.
  Result<EntryPtr> add(const PanelPtr& panel, std::string_view key, Digest content);

  // Settles `entry` with its execution. Requests that wait for it continue in a later turn of the loop.
  void ran(Entry& entry, const ExecutionPtr& execution);
  // Settles `entry` with a rejection and removes the key, so that a later request with it runs.
  void refused(const panels::Panel& panel, std::string_view key, Entry& entry, ErrorResponse refusal);

  // Removes expired keys; to be called about every 100 ms.
  void tick();
  std::size_t size() const { return by_key_.size(); }

 private:
  struct Place {
    EntryPtr entry;
    std::list<std::string>::iterator order;
  };
  using Places = std::unordered_map<std::string_view, Place>;

  bool is_over(Entry& entry) const;
  void erase(Places::iterator place);

  const Clock& clock_;
  budget::Grant held_;           // kServer
  std::list<std::string> keys_;  // in order of their first requests; by_key_ refers to these texts
  Places by_key_;
  std::int64_t swept_ms_ = 0;
};

// The digest of tool and body, which a later request with the same key has to repeat.
Digest content_of(std::string_view tool, std::string_view body);

}  // namespace nexus::executions
