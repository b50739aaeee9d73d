// The types of one event loop. They name the loop's own executor and not any_io_executor, which saves a virtual call
// and an allocation per operation.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <utility>

#include "nexus/runtime/loop/timer.h"

// GCC 12 reports a mismatch of new and delete when it inlines only one of the two operators of Asio's coroutine frames.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace nexus {

namespace asio = boost::asio;
using ErrorCondition = boost::system::error_code;

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

template <class T>
using Task = asio::awaitable<T, Executor>;

using Await = asio::use_awaitable_t<Executor>;
inline constexpr Await kAwait{};
inline constexpr asio::as_tuple_t<Await> kAwaitTuple{kAwait};  // [error, ...] instead of an exception

// Completion handler for co_spawn. A coroutine of ours that throws is a bug, and nobody could continue its unfinished
// work.
inline void must_not_throw(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

// Awaits a callback: `start` receives a std::move_only_function<void(T)> and has to call it once, immediately or later,
// on this loop's thread. The awaiting coroutine resumes in a later turn of the loop, never inside that call.
template <class T, class Start>
Task<T> callback(Executor executor, Start start) {
  co_return co_await asio::async_initiate<const Await, void(T)>(
      [executor](auto handler, Start begin) {
        begin(std::move_only_function<void(T)>([executor, handler = std::move(handler)](T value) mutable {
          asio::post(executor, [handler = std::move(handler), value = std::move(value)]() mutable {
            std::move(handler)(std::move(value));
          });
        }));
      },
      kAwait, std::move(start));
}

}  // namespace nexus
