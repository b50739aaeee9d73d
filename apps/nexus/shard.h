// One event loop and all that belongs to it. Nothing in it has a lock: it is used on its loop's thread, before that and
// after that on the one that builds and ends it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <span>

#include "nexus/config/settings.h"
#include "nexus/handlers/disk_cache.h"
#include "nexus/handlers/handler_cache.h"
#include "nexus/metrics/probes.h"
#include "nexus/panels/registry.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/sandbox/runtime.h"
#include "nexus/server/all_loops.h"
#include "nexus/server/api.h"
#include "nexus/server/dispatch.h"
#include "nexus/server/server.h"

namespace nexus::app {

// What all loops share. Thread-safe, all of it.
struct Shared {
  const Clock& clock;
  budget::Ledger& ledger;
  sandbox::Runtime& runtime;
  handlers::DiskCache* disk_cache;  // null: there is none
  const metrics::MemorySource& memory;
  std::span<extensions::Extension* const> extensions;
};

class Shard {
 public:
  // The `own`th of `members`, where it enters itself. Bounds of the whole process are divided among the shards.
  Shard(const Shared& shared, const config::Settings& settings, std::span<server::Member> members,
        std::size_t own);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  boost::asio::io_context& loop() { return loop_; }
  server::Api& api() { return api_; }
  server::Server& server() { return server_; }
  const pool::InstancePool& pool() const { return pool_; }  // thread-safe

 private:
  handlers::HandlerCache cache_;
  pool::InstancePool pool_;
  panels::MemoryRegistry registry_;
  metrics::Probes probes_;
  // Goes after what posts to it, before what its coroutines hold.
  boost::asio::io_context loop_;
  server::AllLoops loops_;
  server::Api api_;
  server::Dispatch dispatch_;
  server::Server server_;
};

}  // namespace nexus::app
