// Starts a coroutine that nobody waits for: a loop, a session, a worker. Errors are values, so nothing should escape
// from it; what does is a bug, and it is logged with the name of the coroutine instead of ending it without a trace.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <string>
#include <utility>

namespace gantry::net {

// Logs what escaped from the coroutine `what`; nothing when `escaped` is null.
void log_escaped(const std::string& what, const std::exception_ptr& escaped);

// `on`: an executor or an io_context. `coroutine`: an awaitable<void>, or a callable that returns one and is kept until
// it has ended. `what`: named in the log, like "the loop of consumer group g".
template <class On, class Coroutine>
void spawn(On&& on, std::string what, Coroutine coroutine) {
  boost::asio::co_spawn(on, std::move(coroutine),
                        [what = std::move(what)](const std::exception_ptr& escaped) { log_escaped(what, escaped); });
}

}  // namespace gantry::net
