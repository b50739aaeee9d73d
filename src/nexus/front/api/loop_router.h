// Routes requests between event loops. Each panel belongs to one loop; a request that arrives at another loop hops to
// the panel's loop once, and its response hops back. So the data of a loop needs no lock.
//
//   connection on loop 1 ──► this router ──► panel of loop 1, or no panel: at once
//                                      └────► panel of loop 0: post ──► Api of loop 0 ──► post back
#pragma once

#include <cstddef>
#include <vector>

#include "nexus/front/api/api.h"
#include "nexus/front/http/service.h"
#include "nexus/runtime/loop/loop_group.h"

namespace nexus::api {

// The parts of all loops that call one another, one entry for each loop.
struct LoopPeers {
  explicit LoopPeers(std::size_t loops) : shards(loops), apis(loops) {}
  shard::ShardPeers shards;
  std::vector<Peer<Api>> apis;
};

// Thread safety: one for each loop, used on its thread only.
class LoopRouter final : public http::Service {
 public:
  explicit LoopRouter(const LoopGroup<Api>& loops) : loops_(loops), api_(*loops[loops.own()].part) {}

  http::Routes routes() const override { return api_.routes(); }
  std::optional<Error> refuse_head(http::Request& request) override { return api_.refuse_head(request); }
  std::optional<Task<void>> serve(const http::Request& request, http::Response& response) override;
  // Moves the client to the loop of its panel, so that its messages need no hops.
  void take_over(http::Upgrade upgrade) override;
  void add_headers(const http::Request& request, http::Response& response) override {
    api_.add_headers(request, response);
  }
  Error count_refusal(Error error) override { return api_.count_refusal(std::move(error)); }
  void count_response(const http::Request& request, unsigned status) override {
    api_.count_response(request, status);
  }

 private:
  std::size_t where(const http::Request& request) const;
  Task<void> hop(const Peer<Api>& owner, const http::Request& request, http::Response& response);

  const LoopGroup<Api>& loops_;
  Api& api_;
};

}  // namespace nexus::api
