#include "nexus/server/dispatch.h"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "nexus/server/definition_ids.h"
#include "nexus/server/route.h"
#include "nexus/server/server.h"

namespace nexus::server {
namespace {

struct Done {};

}  // namespace

// FNV-1a, and the last step of MurmurHash3 because ids differ in their last letters: the same on every machine.
std::size_t owner_of(std::string_view panel_id, std::size_t loops) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : panel_id)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  return (hash ^ (hash >> 33)) % loops;
}

std::string id_in_definition(std::string_view json) {
  const auto ids = ids_in_definition(json);
  return ids && !ids->empty() ? ids->back() : std::string();
}

std::size_t Dispatch::where(const Request& request) const {
  if (loops_.size() == 1) return loops_.own();
  const Route route = find_route(request.target);
  if (!route.panel.empty()) return owner_of(route.panel, loops_.size());
  if (route.resource != Resource::kPanels || request.method != Method::post) return loops_.own();
  const std::string id = id_in_definition(request.body);
  return id.empty() ? loops_.own() : owner_of(id, loops_.size());
}

std::optional<Task<void>> Dispatch::serve(const Request& request, Answer& answer) {
  const Member& owner = loops_[where(request)];
  if (owner.api == &api_) return api_.serve(request, answer);
  return hop(owner, request, answer);
}

// Request and answer stay where they are, and belong to the owner's thread until the answer is posted back.
Task<void> Dispatch::hop(const Member& owner, const Request& request, Answer& answer) {
  co_await callback<Done>(loops_.executor(), [&](auto back) {
    auto done = [&own = api_, back = std::move(back)]() mutable {
      back({});
      own.hurry();
    };
    asio::post(owner.executor(), [&owner, &request, &answer, done = std::move(done)]() mutable {
      auto waiting = owner.api->serve(request, answer);
      if (!waiting) return done();
      asio::co_spawn(owner.executor(), *std::move(waiting),
                     [done = std::move(done)](std::exception_ptr error) mutable {
                       must_not_throw(error);
                       done();
                     });
    });
    owner.api->hurry();
  });
}

}  // namespace nexus::server
