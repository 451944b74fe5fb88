// CONTROLLER_GET_REPLICA_INFO (1004): who is master of a set. Linearizable, answered by every controller.
#include "controller/answers.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_get_replica_info(ControllerContext& controller, remoting::Request request) {
  auto header = wire::decode_header<wire::GetReplicaInfoRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.replica.read(
      [reply, &replica = controller.replica, name = std::move(header->broker_name)](const Result<void>& ready) {
        if (!ready) return refuse(*reply, ready.error());
        const auto outcome = replica.state().replica_info(name);
        wire::GetReplicaInfoResponseHeader answer;
        if (outcome.verdict == replication::Verdict::success) answer.master_epoch = outcome.master_epoch;
        if (outcome.master_id) {
          answer.master_broker_id = outcome.master_id;
          answer.master_address = outcome.master_address;
        }
        auto response = response_with(*reply, answer, code_of(outcome.verdict), outcome.remark);
        if (outcome.verdict == replication::Verdict::success) response.body = sync_state_set_body(outcome);
        reply->send(std::move(response));
      });
}

}  // namespace gantry::controller
