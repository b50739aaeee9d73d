// The event loops of this process, as a part that each of them has sees its peers on the others.
//
// Thread safety: one for each loop, used on it alone.
#pragma once

#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus {

// A loop and the part that belongs to it.
template <class Part>
struct Peer {
  asio::io_context* loop = nullptr;
  Part* part = nullptr;
  Executor executor() const { return loop->get_executor(); }
};

template <class Part>
class LoopGroup {
 public:
  // Enters `self` as the `own`th of `peers`, which must outlive the group and be the same for all loops. The other peers are
  // looked at only once all have entered.
  LoopGroup(std::span<Peer<Part>> peers, std::size_t own, Peer<Part> self) : peers_(peers), own_(own) {
    peers[own] = self;
  }

  std::size_t size() const { return peers_.size(); }
  std::size_t own() const { return own_; }
  Executor executor() const { return peers_[own_].executor(); }
  const Peer<Part>& operator[](std::size_t index) const { return peers_[index]; }

  // One answer of each loop: `question` is called on each of them in turn, and T must be a value. Throws std::bad_alloc when a
  // loop has no memory to answer.
  template <class T>
  Task<std::vector<T>> ask(std::function<T(Part&)> question) const {
    std::vector<T> answers;
    answers.reserve(peers_.size());
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      const Peer<Part>& peer = peers_[i];
      if (i == own_) {
        answers.push_back(question(*peer.part));
        continue;
      }
      auto answered = co_await callback<std::optional<T>>(executor(), [&](auto answer) {
        asio::post(peer.executor(), [&question, &peer, answer = std::move(answer)]() mutable {
          std::optional<T> said;
          if_memory_lasts([&] { said = question(*peer.part); });
          answer(std::move(said));
        });
      });
      if (!answered) throw std::bad_alloc();
      answers.push_back(*std::move(answered));
    }
    co_return answers;
  }

 private:
  std::span<const Peer<Part>> peers_;
  std::size_t own_;
};

}  // namespace nexus
