#include "nexus/config/table.h"

namespace nexus::config {
namespace {

using S = Settings;
using enum Unit;

constexpr std::uint64_t kDay = 86'400'000;
constexpr std::uint64_t kMany = 1'000'000'000;
// Each instance reserves 4 GiB of address space, of which a process has 128 TiB.
constexpr std::uint64_t kMostInstances = 16'384;

constexpr auto kNumbers = std::to_array<NumberSetting>({
    {"HTTP_PORT", &S::http_port, kNumber, 3000, 0, 65535, "port for HTTP; 0 lets the kernel choose"},
    {"BODY_LIMIT", &S::body_limit_bytes, kSize, 1_MiB, 1_KiB, 1_GiB,
     "largest body of a request; raise: larger arguments, more memory per connection"},
    {"SHUTDOWN_GRACE_MS", &S::shutdown_grace_ms, kMilliseconds, 25'000, 0, kDay,
     "how long running calls may go on after SIGTERM; keep it below the orchestrator's own limit"},

    {"MEMORY_LIMIT_MB", &S::memory_limit_mb, kMiB, 32, 1, 4096,
     "linear memory of one execution, interpreter included; raise: one handler can take more of the machine"},
    {"TIMEOUT_MS", &S::timeout_ms, kMilliseconds, 5000, 100, kDay, "running time of one execution"},
    {"MAX_WALL_MS", &S::max_wall_ms, kMilliseconds, 30'000, 100, kDay,
     "one execution from start to end by the clock"},
    {"MAX_HOST_CALLS", &S::max_host_calls, kNumber, 1000, 1, kMany, "host calls of one execution"},
    {"MAX_STATE_MUTATIONS", &S::max_state_mutations, kNumber, 1000, 0, kMany,
     "writes to $state of one execution"},
    {"MAX_EVENTS", &S::max_events, kNumber, 100, 0, kMany, "events of one execution"},
    {"MAX_VIEW_COMMANDS", &S::max_view_commands, kNumber, 100, 0, kMany, "view commands of one execution"},
    {"MAX_JOURNAL_BYTES", &S::max_journal_bytes, kBytes, 8_MiB, 0, 1_GiB,
     "mutations, events and view commands of one execution together"},
    {"MAX_RESULT_BYTES", &S::max_result_bytes, kBytes, 1_MiB, 0, 1_GiB, "what a handler returns, as JSON"},
    {"MAX_STATE_BYTES", &S::max_state_bytes, kBytes, 4_MiB, 0, 1_GiB, "the state of one panel, as JSON"},
    {"MAX_LOG_BYTES", &S::max_log_bytes, kBytes, 64_KiB, 0, 1_GiB,
     "log lines of one execution; what is more is dropped"},
    {"STACK_SIZE_BYTES", &S::stack_size_bytes, kBytes, 200_KiB, 64_KiB, 200_KiB,
     "the handler's own stack; lower: recursion ends sooner"},

    {"MAX_INSTANCES", &S::max_instances, kNumber, 1024, 1, kMostInstances,
     "executions that hold an instance at once"},
    {"MIN_INSTANCES", &S::min_instances, kNumber, 2, 0, kMostInstances,
     "instances kept warm; raise: about 300 KiB each; lower: the first calls after a pause wait for one to "
     "be made"},
    {"MAX_QUEUE", &S::max_queue, kNumber, 1024, 0, kMany, "executions that may wait for an instance"},
    {"QUEUE_TIMEOUT_MS", &S::queue_timeout_ms, kMilliseconds, 2000, 0, kDay, "how long they may wait"},
    {"MAX_PANEL_QUEUE", &S::max_panel_queue, kNumber, 64, 0, kMany,
     "executions that may wait for their panel's turn"},
    {"IMAGE_CACHE_MB", &S::image_cache_mb, kMiB, 64, 0, 1 << 20,
     "images of handlers kept in memory; lower: handlers that are rarely called are loaded again"},
});

constexpr auto kChoices = std::to_array<ChoiceSetting>({
    {"HOST", &S::host, "127.0.0.1", "", "the address to listen on"},
    {"LOG_LEVEL", &S::log_level, "info", "debug info warn error",
     "the least severe lines that are written to stderr"},
    {"AUTH_ENABLED", &S::auth_enabled, "", "false",
     "\"false\" confirms that a HOST other than loopback may be reached without authentication"},
});

}  // namespace

std::span<const NumberSetting> number_settings() { return kNumbers; }
std::span<const ChoiceSetting> choice_settings() { return kChoices; }

}  // namespace nexus::config
