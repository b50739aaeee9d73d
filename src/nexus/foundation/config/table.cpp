#include "nexus/foundation/config/table.h"

#include <algorithm>
#include <array>

#include "nexus/foundation/base/text.h"
#include "nexus/foundation/config/addresses.h"

namespace nexus::config {
namespace {

using S = Settings;
using R = RuntimeConfig;
using V = ServerConfig;
using H = HttpExtensionConfig;
using A = AuthConfig;
using enum Unit;

// Access to a field of a group of Settings.
template <auto Group, auto Member>
constexpr Place<std::optional<std::uint64_t>> number_at{
    [](const S& settings) -> std::optional<std::uint64_t> { return settings.*Group.*Member; },
    [](S& settings, std::optional<std::uint64_t> value) { settings.*Group.*Member = *value; }};

template <class T, auto Group, auto Member>
constexpr Place<T> at{[](const S& settings) -> T { return settings.*Group.*Member; },
                      [](S& settings, T value) { settings.*Group.*Member = std::move(value); }};

constexpr std::uint64_t kDay = 86'400'000;
constexpr std::uint64_t kMany = 1'000'000'000;
constexpr std::uint64_t kLeastBudgetMb = 64;  // enough for the interpreter, the program and a few calls
// Each instance reserves 4 GiB of address space; a process has 128 TiB.
constexpr std::uint64_t kMostInstances = 16'384;
constexpr std::uint64_t kTiBInMiB = 1 << 20;
// The guest is linked with 256 KiB of stack; the interpreter's own functions need the rest.
constexpr std::uint64_t kMostStackBytes = 200_KiB;

constexpr TextRule kAnything{[](std::string_view) { return true; }, "any text"};
constexpr TextRule kAddress{is_address, "an IP address or localhost"};
constexpr TextRule kHostName{is_host, "host names, each with its port or for any, separated by commas"};
constexpr TextRule kWebOrigin{is_web_origin, "origins such as https://app.example.org, separated by commas"};
constexpr TextRule kDomain{is_domain_pattern,
                           "domains such as example.org or *.example.org, separated by commas"};
constexpr TextRule kProxy{is_proxy_url, "empty or a URL such as http://proxy.example.org:3128"};
constexpr TextRule kCapability{[](std::string_view) { return true; }, "capabilities, separated by commas"};

constexpr auto kServer = std::to_array<Row>({
    {"HOST", "server", "host", Text{kAddress, at<std::string, &S::server, &V::host>},
     "the address to listen on"},
    {"HTTP_PORT", "server", "http_port", Number{kNumber, 0, 65535, number_at<&S::server, &V::http_port>},
     "port for HTTP; 0 lets the kernel choose"},
    {"WS_PORT", "server", "ws_port", Number{kNumber, 0, 65535, number_at<&S::server, &V::ws_port>},
     "second port, for WebSocket alone; 0 lets the kernel choose"},
    {"THREADS", "server", "threads", Number{kNumber, 1, 1024, number_at<&S::server, &V::threads>},
     "event loops", Effect::kNow, Secrecy::kPublic, "one for each processor"},
    {"BODY_LIMIT", "server", "body_limit",
     Number{kSize, 1_KiB, 1_GiB, number_at<&S::server, &V::body_limit_bytes>}, "largest body of a request"},
    {"SYNC_WAIT_MS", "server", "sync_wait_ms",
     Number{kMilliseconds, 0, kDay, number_at<&S::server, &V::sync_wait_ms>},
     "how long a call waits for its execution before the response is 202"},
    {"ALLOWED_HOSTS", "server", "allowed_hosts",
     List{kHostName, at<std::vector<std::string>, &S::server, &V::allowed_hosts>},
     "names, beside localhost and addresses, by which this server may be called"},
    {"CORS_ORIGINS", "server", "cors_origins",
     List{kWebOrigin, at<std::vector<std::string>, &S::server, &V::cors_origins>},
     "web pages, beside our own, that may call"},
    {"TRUST_PROXY", "server", "trust_proxy", Switch{at<bool, &S::server, &V::trust_proxy>},
     "believe X-Forwarded-Proto and X-Forwarded-Host"},
    {"SHUTDOWN_DELAY_MS", "server", "shutdown_delay_ms",
     Number{kMilliseconds, 0, kDay, number_at<&S::server, &V::shutdown_delay_ms>},
     "how long after SIGTERM calls are still taken while /health/ready says no"},
    {"SHUTDOWN_GRACE_MS", "server", "shutdown_grace_ms",
     Number{kMilliseconds, 0, kDay, number_at<&S::server, &V::shutdown_grace_ms>},
     "how long running calls may go on after SIGTERM"},
});

constexpr auto kLimits = std::to_array<Row>({
    {"MEMORY_LIMIT_MB", "runtime", "memory_limit_mb",
     Number{kMiB, 1, 4096, number_at<&S::runtime, &R::memory_limit_bytes>},
     "linear memory of one execution, interpreter included"},
    {"TIMEOUT_MS", "runtime", "timeout_ms",
     Number{kMilliseconds, 100, kDay, number_at<&S::runtime, &R::timeout_ms>},
     "running time of one execution"},
    {"MAX_WALL_MS", "runtime", "max_wall_ms",
     Number{kMilliseconds, 100, kDay, number_at<&S::runtime, &R::max_wall_ms>},
     "one execution from start to end by the clock"},
    {"MAX_HOST_CALLS", "runtime", "max_host_calls",
     Number{kNumber, 1, kMany, number_at<&S::runtime, &R::max_host_calls>}, "host calls of one execution"},
    {"MAX_STATE_MUTATIONS", "runtime", "max_state_mutations",
     Number{kNumber, 0, kMany, number_at<&S::runtime, &R::max_state_mutations>},
     "writes to $state of one execution"},
    {"MAX_EVENTS", "runtime", "max_events", Number{kNumber, 0, kMany, number_at<&S::runtime, &R::max_events>},
     "events of one execution"},
    {"MAX_VIEW_COMMANDS", "runtime", "max_view_commands",
     Number{kNumber, 0, kMany, number_at<&S::runtime, &R::max_view_commands>},
     "view commands of one execution"},
    {"MAX_JOURNAL_BYTES", "runtime", "max_journal_bytes",
     Number{kBytes, 0, 1_GiB, number_at<&S::runtime, &R::max_journal_bytes>},
     "mutations, events and view commands of one execution together"},
    {"MAX_RESULT_BYTES", "runtime", "max_result_bytes",
     Number{kBytes, 0, 1_GiB, number_at<&S::runtime, &R::max_result_bytes>},
     "what a handler returns, as JSON"},
    {"MAX_STATE_BYTES", "runtime", "max_state_bytes",
     Number{kBytes, 0, 1_GiB, number_at<&S::runtime, &R::max_state_bytes>},
     "the state of one panel, as JSON"},
    {"MAX_LOG_BYTES", "runtime", "max_log_bytes",
     Number{kBytes, 0, 1_GiB, number_at<&S::runtime, &R::max_log_bytes>}, "log lines of one execution"},
    {"STACK_SIZE_BYTES", "runtime", "stack_size_bytes",
     Number{kBytes, 64_KiB, kMostStackBytes, number_at<&S::runtime, &R::stack_size_bytes>},
     "the handler's own stack"},
});

constexpr auto kRuntime = std::to_array<Row>({
    {"MAX_INSTANCES", "runtime", "max_instances",
     Number{kNumber, 1, kMostInstances, number_at<&S::runtime, &R::max_instances>},
     "executions that hold an instance at once"},
    {"MIN_INSTANCES", "runtime", "min_instances",
     Number{kNumber, 0, kMostInstances, number_at<&S::runtime, &R::min_instances>}, "instances kept warm"},
    {"MAX_QUEUE", "runtime", "max_queue", Number{kNumber, 0, kMany, number_at<&S::runtime, &R::max_queue>},
     "executions that may wait for an instance"},
    {"QUEUE_TIMEOUT_MS", "runtime", "queue_timeout_ms",
     Number{kMilliseconds, 0, kDay, number_at<&S::runtime, &R::queue_timeout_ms>},
     "how long a call may wait in all"},
    {"MAX_PANEL_QUEUE", "runtime", "max_panel_queue",
     Number{kNumber, 0, kMany, number_at<&S::runtime, &R::max_panel_queue>},
     "executions that may wait for their panel's turn"},
    {"SUSPENSION_TTL_MS", "runtime", "suspension_ttl_ms",
     Number{kMilliseconds, 100, kDay, number_at<&S::runtime, &R::suspension_ttl_ms>},
     "how long an execution may wait for an extension"},
    {"MEMORY_BUDGET_MB", "runtime", "memory_budget_mb",
     Number{kMiB, kLeastBudgetMb, 16 * kTiBInMiB, number_at<&S::runtime, &R::memory_budget_bytes>},
     "bytes that the whole process may use", Effect::kNow, Secrecy::kPublic,
     "the container's limit, else 80 % of the machine"},
    {"IMAGE_CACHE_MB", "runtime", "image_cache_mb",
     Number{kMiB, 0, kTiBInMiB, number_at<&S::runtime, &R::image_cache_bytes>},
     "images of handlers kept in memory"},
    {"CACHE_DIR", "runtime", "cache_dir", Text{kAnything, at<std::string, &S::runtime, &R::cache_dir>},
     "folder for images of handlers and crash records; empty: none are kept on disk"},
    {"MAX_CACHE_SIZE_MB", "runtime", "max_cache_size_mb",
     Number{kMiB, 0, kTiBInMiB, number_at<&S::runtime, &R::max_cache_size_bytes>},
     "bytes of files in CACHE_DIR; 0: none are kept on disk"},
    {"CAPABILITIES", "runtime", "capabilities",
     List{kCapability, at<std::vector<std::string>, &S::runtime, &R::capabilities>},
     "the most that any panel can be granted"},
});

constexpr auto kOthers = std::to_array<Row>({
    {"HTTP_MAX_CONCURRENT", "extensions.http", "max_concurrent",
     Number{kNumber, 1, 65535, number_at<&S::http, &H::max_concurrent>}, "requests of $ext.http at once"},
    {"HTTP_TIMEOUT", "extensions.http", "timeout_ms",
     Number{kMilliseconds, 1, kDay, number_at<&S::http, &H::timeout_ms>}, "how long one of them may take"},
    {"HTTP_ALLOWED_DOMAINS", "extensions.http", "allowed_domains",
     List{kDomain, at<std::vector<std::string>, &S::http, &H::allowed_domains>},
     "where they may go; empty: everywhere"},
    {"HTTP_ALLOW_PRIVATE", "extensions.http", "allow_private", Switch{at<bool, &S::http, &H::allow_private>},
     "let them go to loopback, private and link-local addresses"},
    {"HTTP_EXT_PROXY", "extensions.http", "proxy", Text{kProxy, at<std::string, &S::http, &H::proxy>},
     "proxy that they go through", Effect::kNow, Secrecy::kSecretUser},
    {"LOG_LEVEL", "logging", "level",
     Choice{"debug info warn error", at<std::string, &S::logging, &LoggingConfig::level>},
     "the least severe lines that are written to stderr"},
    {"LOG_PRETTY", "logging", "pretty", Switch{at<bool, &S::logging, &LoggingConfig::pretty>},
     "log lines for people rather than programs"},
    {"ACCESS_LOG", "logging", "access", Switch{at<bool, &S::logging, &LoggingConfig::access>},
     "a line of level info for each HTTP request"},
    {"AUTH_ENABLED", "auth", "enabled", Decision{at<Authentication, &S::auth, &A::enabled>},
     "whether callers need a token", Effect::kNow, Secrecy::kPublic, "undecided: fine on loopback alone"},
    {"JWT_SECRET", "auth", "jwt_secret", Text{kAnything, at<std::string, &S::auth, &A::jwt_secret>},
     "key that tokens are signed with (HS256)", Effect::kNow, Secrecy::kSecret},
    {"JWT_SECRET_FILE", "auth", "jwt_secret_file",
     Text{kAnything, at<std::string, &S::auth, &A::jwt_secret_file>}, "file that holds that key"},
    {"STATE_STORE", "store", "state_store",
     Choice{"memory", at<std::string, &S::store, &StoreConfig::state_store>},
     "where panels and their state are kept"},
    {"DATA_DIR", "store", "data_dir", Text{kAnything, at<std::string, &S::store, &StoreConfig::data_dir>},
     "folder for what has to outlive the process", Effect::kNotYet},
});

template <std::size_t... Sizes>
constexpr auto joined(const std::array<Row, Sizes>&... parts) {
  std::array<Row, (Sizes + ...)> all{};
  auto next = all.begin();
  ((next = std::ranges::copy(parts, next).out), ...);
  return all;
}

constexpr auto kRows = joined(kServer, kLimits, kRuntime, kOthers);

}  // namespace

std::span<const Row> rows() { return kRows; }

const Row* find_row(std::string_view name) {
  const auto row = std::ranges::find(kRows, name, &Row::name);
  return row == kRows.end() ? nullptr : &*row;
}

std::string file_key(const Row& row) { return std::string(row.group) + '.' + std::string(row.key); }

std::string flag(const Row& row) {
  std::string flag = "--";
  for (const char c : row.name)
    flag += c == '_' ? '-' : lower(c);
  return flag;
}

std::uint64_t scale(Unit unit) { return unit == Unit::kMiB ? 1_MiB : 1; }

}  // namespace nexus::config
