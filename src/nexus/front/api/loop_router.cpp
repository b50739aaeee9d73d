#include "nexus/front/api/loop_router.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "nexus/foundation/model/definition_ids.h"
#include "nexus/front/http/detached_socket.h"
#include "nexus/front/http/query.h"
#include "nexus/runtime/loop/placement.h"

namespace nexus::api {
std::size_t LoopRouter::where(const http::Request& request) const {
  const http::Route* const row = request.route.row;
  if (loops_.size() == 1 || row == nullptr) return loops_.own();
  switch (row->owner) {
    case http::Owner::kAnyLoop:
      break;
    case http::Owner::kPanel:
      return owner_of(request.name(0), loops_.size());
    case http::Owner::kExecution:
      return executions::loop_of_execution(request.name(0), loops_.size());
    case http::Owner::kSuspension:
      return executions::loop_of_suspension(request.name(0), loops_.size());
    case http::Owner::kPanelOfQuery: {
      const auto panel = http::find_parameter(request.query(), "panel");
      return panel && *panel ? owner_of(**panel, loops_.size()) : loops_.own();
    }
    case http::Owner::kPanelOfBody: {
      const std::string id = id_in_definition(request.body);
      return id.empty() ? loops_.own() : owner_of(id, loops_.size());
    }
  }
  return loops_.own();
}

std::optional<Task<void>> LoopRouter::serve(const http::Request& request, http::Response& response) {
  const Peer<Api>& owner = loops_[where(request)];
  if (owner.part == &api_) return api_.serve(request, response);
  return hop(owner, request, response);
}

void LoopRouter::take_over(http::Upgrade upgrade) {
  const Peer<Api>& owner = loops_[where(upgrade.request)];
  if (owner.part == &api_) return api_.take_over(std::move(upgrade));
  http::DetachedSocket detached(std::move(upgrade.socket));
  asio::post(owner.executor(),
             [&owner, upgrade = std::move(upgrade), detached = std::move(detached)]() mutable {
               auto attached = std::move(detached).attach(owner.executor());
               if (!attached) return spdlog::error("a WebSocket is lost between two loops");
               upgrade.socket = *std::move(attached);
               owner.part->take_over(std::move(upgrade));
             });
  owner.part->preempt();
}

// Request and response stay in place; they belong to the owner's thread until it posts back.
Task<void> LoopRouter::hop(const Peer<Api>& owner, const http::Request& request, http::Response& response) {
  co_await callback<bool>(loops_.executor(), [&](auto back) {
    auto notify = [&own = api_, back = std::move(back)](const std::exception_ptr& error = {}) mutable {
      must_not_throw(error);
      back(true);
      own.preempt();
    };
    asio::post(owner.executor(), [&owner, &request, &response, notify = std::move(notify)]() mutable {
      auto waiting = owner.part->serve(request, response);
      if (!waiting) return notify();
      asio::co_spawn(owner.executor(), *std::move(waiting), std::move(notify));
    });
    owner.part->preempt();
  });
}

}  // namespace nexus::api
