// Every request that this broker and its name server do not serve: REQUEST_CODE_NOT_SUPPORTED, with what an
// administrator should know about it.
#include "broker/handlers/handlers.h"

namespace gantry::broker {

namespace {

std::string_view reason_of(std::int32_t request_code) {
  namespace code = wire::request_code;
  switch (request_code) {
    case code::kUpdateBrokerConfig:
    case code::kUpdateNamesrvConfig: return "settings are options of its command: start it again with others";
    case code::kRegisterBroker:
    case code::kUnregisterBroker:
    case code::kRegisterTopicInNamesrv:
    case code::kQueryDataVersion:
    case code::kBrokerHeartbeat:
    case code::kGetBrokerMemberGroup: return "its name server serves the broker of the same process, and no other";
    case code::kAddBroker:
    case code::kRemoveBroker:
    case code::kExchangeBrokerHaInfo:
    case code::kGetBrokerHaStatus:
    case code::kResetMasterFlushOffset:
    case code::kNotifyMinBrokerIdChange:
    case 1007: return "it has no replicas";  // GET_BROKER_EPOCH_CACHE
    case code::kViewBrokerStatsData: return "it keeps no statistics by name";
    case code::kRecallMessage: return "it does not take back a message that waits for its time";
    case code::kSendReplyMessage:
    case code::kSendReplyMessageV2: return "it does not pass on replies to messages";
    default: break;
  }
  if (request_code >= 1'001 && request_code <= 1'018) return "it has no controller";
  if (request_code >= 2'001 && request_code <= 2'004) return "it does not limit the reading of old messages";
  if (request_code >= 3'001 && request_code <= 3'010) return "its users are options of its command (--user)";
  return "it is for development, CI and the edge";
}

}  // namespace

void handle_not_supported(BrokerContext&, remoting::Request request) {
  const std::int32_t code = request.command.code;
  request.reply.send(
      wire::response_code::kRequestCodeNotSupported,
      fmt::format("request code {} is not supported by this broker, a single node: {}", code, reason_of(code)));
}

}  // namespace gantry::broker
