#include <spdlog/spdlog.h>

#include "remoting/server.h"
#include "wire/codes.h"

namespace gantry::remoting {

Reply::Reply(const wire::Command& request, Send send) : opaque_(request.opaque), serialization_(request.serialization) {
  if (!request.is_oneway()) send_ = std::move(send);
}

Reply::Reply(Reply&& other) noexcept
    : opaque_(other.opaque_),
      serialization_(other.serialization_),
      send_(std::exchange(other.send_, nullptr)),
      observer_(std::exchange(other.observer_, nullptr)),
      since_us_(other.since_us_),
      kind_(other.kind_),
      answered_(other.answered_) {}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    Reply unanswered(std::move(*this));  // answers in its destructor
    opaque_ = other.opaque_;
    serialization_ = other.serialization_;
    send_ = std::exchange(other.send_, nullptr);
    observer_ = std::exchange(other.observer_, nullptr);
    since_us_ = other.since_us_;
    kind_ = other.kind_;
    answered_ = other.answered_;
  }
  return *this;
}

Reply::~Reply() {
  if (send_ || observer_) send(wire::response_code::kSystemError, "the server gave no answer to this request");
}

wire::Command Reply::response(std::int32_t code, std::string_view remark) const {
  wire::Command command;
  command.code = code;
  command.version = wire::kVersion;
  command.opaque = opaque_;
  command.flag = wire::Command::kResponseFlag;
  command.remark.assign(remark);
  command.serialization = serialization_;
  return command;
}

void Reply::send(wire::Command response) {
  if (ReplyObserver* observer = std::exchange(observer_, nullptr)) observer->answered(kind_, since_us_, response.code);
  if (!send_) {
    if (answered_) spdlog::error("a request was answered twice; the second answer, code {}, is dropped", response.code);
    return;
  }
  response.opaque = opaque_;
  response.serialization = serialization_;
  response.flag |= wire::Command::kResponseFlag;
  answered_ = true;
  std::exchange(send_, nullptr)(std::move(response));
}

void Reply::fail(const Error& error) { send(to_response_code(error.code), error.message); }

std::int32_t to_response_code(Errc code) {
  namespace to = wire::response_code;
  switch (code) {
    case Errc::invalid_argument: return to::kInvalidParameter;
    case Errc::not_found: return to::kQueryNotFound;
    case Errc::already_exists: return to::kTopicExistAlready;
    case Errc::unavailable: return to::kServiceNotAvailable;
    case Errc::timeout: return to::kSystemBusy;
    case Errc::permission_denied: return to::kNoPermission;
    case Errc::unauthenticated: return to::kNoPermission;
    case Errc::resource_exhausted: return to::kSystemBusy;
    case Errc::corrupt: return to::kMessageIllegal;
    case Errc::unimplemented: return to::kRequestCodeNotSupported;
    case Errc::cancelled: return to::kServiceNotAvailable;
    case Errc::internal: return to::kSystemError;
  }
  return to::kSystemError;
}

}  // namespace gantry::remoting
