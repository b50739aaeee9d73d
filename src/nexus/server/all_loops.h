// The event loops of this process, as each of them sees the others.
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

#include "nexus/base/memory_reserve.h"
#include "nexus/server/loop.h"

namespace nexus::server {

class Api;

// A loop and what answers on it.
struct Member {
  asio::io_context* loop = nullptr;
  Api* api = nullptr;
  Executor executor() const { return loop->get_executor(); }
};

class AllLoops {
 public:
  // Enters `self` as the `own`th of `members`, which must outlive it and be the same for all loops. The others are looked at
  // only once all have entered.
  AllLoops(std::span<Member> members, std::size_t own, Member self) : members_(members), own_(own) {
    members[own] = self;
  }

  std::size_t size() const { return members_.size(); }
  std::size_t own() const { return own_; }
  Executor executor() const { return members_[own_].executor(); }
  const Member& operator[](std::size_t index) const { return members_[index]; }

  // What every loop has to say: `question` is called on each of them in turn, and T must be a value. std::bad_alloc when one of
  // them has no memory to answer.
  template <class T>
  Task<std::vector<T>> ask(std::function<T(Api&)> question) const {
    std::vector<T> answers;
    answers.reserve(members_.size());
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const Member& member = members_[i];
      if (i == own_) {
        answers.push_back(question(*member.api));
        continue;
      }
      auto answered = co_await callback<std::optional<T>>(executor(), [&](auto answer) {
        asio::post(member.executor(), [&question, &member, answer = std::move(answer)]() mutable {
          std::optional<T> said;
          if_memory_lasts([&] { said = question(*member.api); });
          answer(std::move(said));
        });
      });
      if (!answered) throw std::bad_alloc();
      answers.push_back(*std::move(answered));
    }
    co_return answers;
  }

 private:
  std::span<const Member> members_;
  std::size_t own_;
};

}  // namespace nexus::server
