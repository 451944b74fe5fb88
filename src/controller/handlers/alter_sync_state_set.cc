// CONTROLLER_ALTER_SYNC_STATE_SET (1001): a master reports which replicas have all that it acknowledges.
#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void handle_alter_sync_state_set(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto header = wire::decode_header<wire::AlterSyncStateSetRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  auto body = wire::decode_body<wire::SyncStateSet>(request.command.body);
  if (!body) return request.reply.send(wire::response_code::kControllerInvalidRequest, body.error().message);
  replication::AlterSyncStateSet command;
  command.broker_name = std::move(header->broker_name);
  command.master_id = header->master_broker_id;
  command.master_epoch = header->master_epoch;
  command.sync_state_set_epoch = body->sync_state_set_epoch;
  command.sync_state_set = std::move(body->sync_state_set);
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.replica.write(
      controller.replica.with_facts(std::move(command)), [reply](const Result<replication::Applied>& applied) {
        if (!applied) return refuse(*reply, applied.error());
        const auto& outcome = applied->outcome;
        auto response = response_with(*reply, wire::AlterSyncStateSetResponseHeader{outcome.sync_state_set_epoch},
                                      code_of(outcome.verdict), outcome.remark);
        if (outcome.verdict == replication::Verdict::success) response.body = sync_state_set_body(outcome);
        reply->send(std::move(response));
      });
}

}  // namespace gantry::controller
