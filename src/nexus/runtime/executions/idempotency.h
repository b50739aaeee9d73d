// Requests with an Idempotency-Key: of those with the same key only one is carried out, the others get what came of it.
//
// A key is known for five minutes after the end of its execution, even where the result has had to make room: then it is not
// there any more, but nothing runs twice.
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
  static constexpr std::size_t kMostKeys = 10'000;  // of a loop; the oldest that has its answer goes first

  using PanelPtr = std::shared_ptr<panels::Panel>;

  class Entry {
   public:
    Entry(const PanelPtr& panel, Digest content) : panel_(panel), content_(content) {}

    // Of tool and body.
    bool is_of(const Digest& content) const { return content_ == content; }
    bool is_settled() const { return refusal_ || has_run_; }
    // Why no part of it ran; null: it did, or is about to.
    const ErrorResponse* refusal() const { return refusal_ ? &*refusal_ : nullptr; }
    ExecutionPtr execution() const { return execution_.lock(); }  // null: not kept any more

    using Ready = std::move_only_function<void(bool)>;
    void call_when_settled(Ready ready) { waiting_.push_back(std::move(ready)); }

   private:
    friend class Idempotency;
    void settle();

    std::weak_ptr<const panels::Panel> panel_;
    Digest content_;
    std::optional<ErrorResponse> refusal_;
    std::weak_ptr<Execution> execution_;
    std::int64_t ended_ms_ = 0;  // as far as is known
    bool has_run_ = false;
    std::vector<Ready> waiting_;
  };
  using EntryPtr = std::shared_ptr<Entry>;

  Idempotency(const Clock& clock, budget::Ledger& ledger);

  // Null: the key is new; those of another panel that had this id before are not known any more.
  EntryPtr find(const PanelPtr& panel, std::string_view key);
  // The ledger's refusal, when it has no room for one more. REQUIRES: the key is new.
  Result<EntryPtr> add(const PanelPtr& panel, std::string_view key, Digest content);

  // What came of it. Whoever waits for it goes on from the loop.
  void ran(Entry& entry, const ExecutionPtr& execution);
  // No part of it ran: the key is new again.
  void refused(const panels::Panel& panel, std::string_view key, Entry& entry, ErrorResponse refusal);

  // About once in 100 ms.
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
  std::list<std::string> keys_;  // in order of their first requests
  Places by_key_;
  std::int64_t swept_ms_ = 0;
};

// Of what must be the same for the same key.
Digest content_of(std::string_view tool, std::string_view body);

}  // namespace nexus::executions
