#include "controller/forwarder.h"

#include "controller/answers.h"
#include "wire/codes.h"

namespace gantry::controller {

namespace {
constexpr std::string_view kForwarded = "gantryForwarded";  // a field that no RocketMQ client sends
}

void Forwarder::forward(remoting::Request request) {
  const auto address = directory_.address_of(replica_.leadership().leader);
  if (!address || request.command.fields.find(kForwarded)) {
    return refuse(request.reply, {Errc::unavailable, "no controller leads just now; try again"});
  }
  wire::Command command = std::move(request.command);
  command.fields.add(kForwarded, "1");
  command.flag &= ~wire::Command::kOnewayFlag;
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  client_.call(*address, std::move(command), kTimeout, [reply, to = *address](Result<wire::Command> answer) {
    if (!answer) {
      return refuse(*reply, {Errc::timeout, fmt::format("the leader at {} did not answer, the outcome is unknown: {}",
                                                        to, answer.error().message)});
    }
    wire::Command response = reply->response(answer->code, answer->remark);
    response.fields = std::move(answer->fields);
    response.body = std::move(answer->body);
    reply->send(std::move(response));
  });
}

}  // namespace gantry::controller
