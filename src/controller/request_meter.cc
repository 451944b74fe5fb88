#include "controller/request_meter.h"

#include <chrono>

#include "wire/codes.h"

namespace gantry::controller {

namespace {

constexpr std::int64_t kNotTimed = -1;

std::int64_t clock_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void RequestMeter::begin(remoting::Request& request, std::uint32_t kind, bool timed) {
  request.reply.observe(*this, kind, timed ? clock_us() : kNotTimed);
}

void RequestMeter::answered(std::uint32_t kind, std::int64_t since_us, std::int32_t code) {
  Kind& counts = kinds_[kind];
  ++counts.ended[static_cast<std::size_t>(ending_of(code))];
  if (since_us != kNotTimed) counts.latency.record(clock_us() - since_us);
}

RequestMeter::Ending RequestMeter::ending_of(std::int32_t code) {
  namespace rc = wire::response_code;
  switch (code) {
    case rc::kControllerJraftInternalError: return Ending::timeout;
    case rc::kControllerNotLeader:
    case rc::kSystemError:
    case rc::kSystemBusy:
    case rc::kNoPermission:
    case rc::kServiceNotAvailable:
    case rc::kRequestCodeNotSupported: return Ending::failed;
    default: return Ending::success;
  }
}

}  // namespace gantry::controller
