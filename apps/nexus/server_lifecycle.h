// The server process from start to end: panels of the command line, then the ports, then signals.
//
//   panels ──► port open ──► SIGTERM ──► not ready, but serving ──SHUTDOWN_DELAY_MS──► draining ──► ended
//                                             second signal: at once
#pragma once

#include <boost/asio/signal_set.hpp>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nexus/foundation/config/settings.h"
#include "nexus/front/http/listener.h"
#include "panel_files.h"
#include "reclaimer.h"
#include "serving_loop.h"

namespace nexus::app {

class ServerLifecycle {
 public:
  struct Plan {
    std::vector<PanelFile> panels;
    bool shows_demo = false;
    std::function<void()> reload;  // called at SIGHUP
  };

  // The loops must outlive it.
  ServerLifecycle(std::span<const std::unique_ptr<ServingLoop>> loops, const config::ServerConfig& settings,
                  sandbox::Runtime& runtime, Reclaimer& reclaimer);

  // Runs all loops, the first on this thread, until the server has ended. Returns the exit status.
  int run(Plan plan);

 private:
  Task<void> start(Plan plan);
  Task<bool> create(const PanelFile& file);
  void on_all(void (*act)(ServingLoop& one));
  void wait_for_signal();
  void wait_for_hangup(std::function<void()> reload);
  void leave();
  void drain();
  void stop(int status);

  boost::asio::io_context& loop() { return loops_.front()->loop(); }

  std::span<const std::unique_ptr<ServingLoop>> loops_;
  const config::ServerConfig& settings_;
  sandbox::Runtime& runtime_;
  Reclaimer& reclaimer_;
  http::Listener listener_, ws_listener_;
  boost::asio::signal_set signals_, hangups_;
  Timer delay_;
  std::size_t undrained_ = 0;
  int status_ = 0;
  bool is_starting_ = true;
  bool is_leaving_ = false;
};

}  // namespace nexus::app
