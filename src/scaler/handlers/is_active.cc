#include "scaler/handlers/handlers.h"

namespace gantry::scaler {

boost::asio::awaitable<Result<bool>> is_active(Questions& questions, ScaledObjectRef ref) {
  auto trigger = parse_trigger(questions, ref);
  if (!trigger) co_return std::unexpected(trigger.error());
  const auto read = co_await questions.reader->read(*trigger);
  Result<bool> active;
  if (!read) {
    active = std::unexpected(read.error());
  } else if (read->value.active) {
    active = *read->value.active;
  } else {
    const auto& metrics = read->value.metrics;
    active = fail(Errc::unavailable, "whether {}/{} is active is unknown: {}", ref.namespace_, ref.name,
                  metrics.empty() || metrics.front().value ? "nothing was read" : metrics.front().value.error());
  }
  record(questions, ref, &*trigger, &read, active ? std::string() : active.error().message);
  co_return active;
}

}  // namespace gantry::scaler
