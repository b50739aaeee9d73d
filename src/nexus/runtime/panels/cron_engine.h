// The C interface of the cron parser, which is Rust (engine/src/cron.rs around engine/cron) and linked from the
// engine's archive.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

struct nexus_cron;

// Receives the error. `message` is UTF-8 and valid during the call. It must not throw.
using nexus_cron_on_fault = void (*)(void* context, const char* message, std::size_t message_size);

// Null, and one error, when the text is no cron expression or its time zone is unknown.
nexus_cron* nexus_cron_parse(const char* text, std::size_t size, void* context, nexus_cron_on_fault on_fault);
// The first due time after `unix_ms`. False: there is none.
bool nexus_cron_next(const nexus_cron* schedule, std::int64_t unix_ms, std::int64_t* next_unix_ms);
void nexus_cron_free(nexus_cron* schedule);
}
