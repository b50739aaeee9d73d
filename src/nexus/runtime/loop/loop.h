// The types of one event loop. They name the loop's own executor, not any_io_executor: an operation then costs no
// virtual call and no allocation for type erasure.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <utility>

// GCC 12 takes the pair of operators that Asio gives its coroutine frames for a mismatch when it inlines one of the two.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace nexus {

namespace asio = boost::asio;
using ErrorCondition = boost::system::error_code;

using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

template <class T>
using Task = asio::awaitable<T, Executor>;

using Await = asio::use_awaitable_t<Executor>;
inline constexpr Await kAwait{};
inline constexpr asio::as_tuple_t<Await> kAwaitTuple{kAwait};  // [error, ...] instead of an exception

// For co_spawn: a coroutine of ours that throws is a bug, and nobody could go on with what it has left undone.
inline void must_not_throw(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

// Waits for a callback: `start` is given a std::move_only_function<void(T)> that is to be called once, at once or
// later, on this loop's thread. The waiting coroutine goes on from the loop, never inside that call.
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
