// CONTROLLER_REGISTER_BROKER (1003): a broker that has its id says where it is, and is told who the master is.
#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_register_broker(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto header = wire::decode_header<wire::RegisterBrokerToControllerRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  auto& replica = controller.replica;
  replication::RegisterBroker command;
  command.cluster_name = header->cluster_name;
  command.broker_name = header->broker_name;
  command.broker_id = header->broker_id;
  command.address = header->broker_address;
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  replica.write(replica.with_facts(std::move(command)),
                [reply, cluster_name = header->cluster_name,
                 name = header->broker_name](const Result<replication::Applied>& applied) {
                  if (!applied) return refuse(*reply, applied.error());
                  const auto& outcome = applied->outcome;
                  wire::RegisterBrokerToControllerResponseHeader answer;
                  answer.cluster_name = cluster_name;
                  answer.broker_name = name;
                  if (outcome.verdict == replication::Verdict::success && outcome.master_id) {
                    answer.master_broker_id = outcome.master_id;
                    answer.master_address = outcome.master_address;
                    answer.master_epoch = outcome.master_epoch;
                    answer.sync_state_set_epoch = outcome.sync_state_set_epoch;
                  }
                  auto response = response_with(*reply, answer, code_of(outcome.verdict), outcome.remark);
                  if (outcome.verdict == replication::Verdict::success) response.body = sync_state_set_body(outcome);
                  reply->send(std::move(response));
                });
}

}  // namespace gantry::controller
