// The event loops of this process. A part of one loop finds here the parts of the same kind on the other loops.
//
// Thread safety: one group for each loop, used on its thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "nexus/runtime/loop/loop.h"

namespace nexus {

// A loop and the part that belongs to this loop.
template <class Part>
struct Peer {
  asio::io_context* loop = nullptr;
  Part* part = nullptr;
  Executor executor() const { return loop->get_executor(); }
};

template <class Part>
class LoopGroup {
 public:
  // Enters `self` at index `own` of `peers`. `peers` must outlive the group and be the same for all loops. REQUIRES for
  // all calls that use another loop's peer: all loops have entered theirs.
  LoopGroup(std::span<Peer<Part>> peers, std::size_t own, Peer<Part> self) : peers_(peers), own_(own) {
    peers[own] = self;
  }

  std::size_t size() const { return peers_.size(); }
  std::size_t own() const { return own_; }
  Executor executor() const { return peers_[own_].executor(); }
  const Peer<Part>& operator[](std::size_t index) const { return peers_[index]; }

  // Calls `get` on each loop, one after another, and returns the results in order of the loops. T must be a value.
  template <class T>
  Task<std::vector<T>> collect(std::function<T(Part&)> get) const {
    std::vector<T> results;
    results.reserve(peers_.size());
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      const Peer<Part>& peer = peers_[i];
      if (i == own_) {
        results.push_back(get(*peer.part));
        continue;
      }
      results.push_back(co_await callback<T>(executor(), [&](auto done) {
        asio::post(peer.executor(),
                   [&get, &peer, done = std::move(done)]() mutable { done(get(*peer.part)); });
      }));
    }
    co_return results;
  }

 private:
  std::span<const Peer<Part>> peers_;
  std::size_t own_;
};

}  // namespace nexus
