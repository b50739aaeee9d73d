// `nexus run`: runs one handler in the sandbox, without a server.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "commands.h"
#include "file_watch.h"
#include "latency.h"
#include "load_settings.h"
#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/json/json.h"
#include "nexus/runtime/panels/limit_fields.h"
#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/execution/runtime.h"
#include "panel_files.h"
#include "pretty_json.h"

namespace nexus::app {
namespace {

constexpr std::size_t kMemories = 8;  // one in use, and earlier ones that are still being destroyed

int refuse(std::string_view what) {
  fmt::print(stderr, "nexus run: {}\n", what);
  return kAskedWrongly;
}

Result<void> check_object(std::string_view option, std::string_view json) {
  const auto start = json.find_first_not_of(" \t\r\n");
  if (check_json(json) == JsonError::kNone && json[start] == '{') return {};
  return fail(ErrorCode::kInvalidRequest, fmt::format("{} must be a JSON object, and is: {}", option, json));
}

// Unlike in a panel, a limit may be raised here, on the author's own machine.
Result<Limits> with_changes(Limits limits, const std::vector<std::string>& changes) {
  for (const std::string& change : changes) {
    const auto equals = std::min(change.find('='), change.size());
    const std::string_view name = std::string_view(change).substr(0, equals);
    const panels::LimitField* field = panels::find_limit_field(name);
    if (field == nullptr) {
      std::string known;
      for (const panels::LimitField& one : panels::limit_fields())
        known += fmt::format(" {}", one.name);
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("\"{}\" is not a limit; there are:{}", name, known));
    }
    std::uint64_t value = 0;
    const char* const end = change.data() + change.size();
    const auto read = std::from_chars(change.data() + std::min(equals + 1, change.size()), end, value);
    if (read.ec != std::errc{} || read.ptr != end || value < field->least) {
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("{} must be a whole number of at least {}: {}", name, field->least, change));
    }
    limits.*field->value = value;
  }
  if (limits.stack_size_bytes > kMostStackBytes) {
    return fail(ErrorCode::kInvalidRequest, fmt::format("stackSizeBytes can be at most {}", kMostStackBytes));
  }
  return limits;
}

Result<std::string> read_source(const std::string& file) {
  if (file != "-") return read_file(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

class Runner {
 public:
  Runner(const RunCommand& command, const State& state, const Limits& limits, sandbox::Runtime& runtime,
         const Clock& clock)
      : command_(command), state_(state), limits_(limits), runtime_(runtime), clock_(clock) {}

  int run_source(const std::string& source) {
    auto instance = sandbox::Instance::create(runtime_);
    if (!instance) return refuse(instance.error().message);
    sandbox::Instance& machine = **instance;
    machine.start_load(source, limits_);
    while (machine.step() == sandbox::Step::kMore) {
    }
    auto image = machine.finish_load();
    if (!image) {
      print({.execution_id = make_uuid(clock_.unix_ms()), .error = std::move(image.error())});
      return kFailed;
    }
    std::vector<double> microseconds;
    ExecutionResult result;
    for (unsigned call = 0; call < command_.repeat; ++call) {
      if (machine.state() != sandbox::Instance::Status::kIdle) {  // the previous call was cut off
        instance = sandbox::Instance::create(runtime_);
        if (!instance) return refuse(instance.error().message);
      }
      const std::uint64_t before_ns = clock_.monotonic_ns();
      result = (*instance)->execute(request_for(*image, source));
      microseconds.push_back(static_cast<double>(clock_.monotonic_ns() - before_ns) / 1000);
    }
    print(result);
    if (command_.repeat > 1) fmt::print(stderr, "{}", latency_table(std::move(microseconds)));
    return result.ok() ? kDone : kFailed;
  }

 private:
  sandbox::ExecutionRequest request_for(std::shared_ptr<const memory::Image> image,
                                        std::string_view source) const {
    sandbox::ExecutionRequest request;
    request.image = std::move(image);
    request.source = source;
    request.execution_id = make_uuid(clock_.unix_ms());
    request.args_json = command_.args;
    request.scope_json = command_.scope;
    request.state = &state_;
    request.capabilities = &capabilities_;
    request.limits = limits_;
    return request;
  }

  void print(const ExecutionResult& result) const {
    std::string json;
    append_result_json(json, result, command_.logs ? WithLogs::kYes : WithLogs::kNo);
    fmt::print("{}\n", isatty(STDOUT_FILENO) == 1 ? pretty_json(json) : json);
    std::fflush(stdout);
  }

  const RunCommand& command_;
  const State& state_;
  const Limits& limits_;
  sandbox::Runtime& runtime_;
  const Clock& clock_;
  const Capabilities capabilities_ = Capabilities::defaults();
};

int run_whenever_it_changes(Runner& runner, const std::string& file) {
  auto watch = FileWatch::create(file);
  if (!watch) return refuse(watch.error().message);
  for (;;) {
    if (const auto source = read_source(file)) {
      runner.run_source(*source);
    } else {
      refuse(source.error().message);  // the file may come back
    }
    watch->wait();
  }
}

}  // namespace

int run(const RunCommand& command) {
  const auto settings = load_settings({});
  if (!settings) return kAskedWrongly;
  if (const auto args = check_object("--args", command.args); !args) return refuse(args.error().message);
  if (const auto scope = check_object("--scope", command.scope); !scope) return refuse(scope.error().message);
  const auto state = State::parse(command.state);
  if (!state) return refuse(fmt::format("--state must be a JSON object: {}", state.error().message));
  const auto limits = with_changes(settings->runtime, command.limits);
  if (!limits) return refuse(limits.error().message);
  if (command.watch && command.file == "-") return refuse("--watch needs a file, not standard input");
  const auto source = read_source(command.file);
  if (!source) return refuse(source.error().message);

  SystemClock clock;
  budget::UnlimitedLedger ledger;
  const auto runtime = sandbox::Runtime::create({.max_memories = kMemories}, clock, ledger);
  if (!runtime) {
    fmt::print(stderr, "nexus run: {}\n", runtime.error().message);
    return kFailed;
  }
  Runner runner(command, *state, *limits, **runtime, clock);
  return command.watch ? run_whenever_it_changes(runner, command.file) : runner.run_source(*source);
}

}  // namespace nexus::app
