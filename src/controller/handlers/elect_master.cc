// CONTROLLER_ELECT_MASTER (1002): a broker wants to be master where there is none, or an operator asks for an election.
#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

namespace {

replication::ElectionReason reason_of(const wire::ElectMasterRequestHeader& header) {
  if (header.broker_id < 0) return replication::ElectionReason::operator_asked;
  return header.designate_elect ? replication::ElectionReason::operator_designated
                                : replication::ElectionReason::broker_asked;
}

wire::Command answer(const remoting::Reply& reply, const std::string& broker_name, const std::string& cluster_name,
                     const replication::Outcome& outcome) {
  using replication::Verdict;
  wire::ElectMasterResponseHeader header;
  const bool known = outcome.verdict == Verdict::success || outcome.verdict == Verdict::master_still_exist;
  if (known && outcome.master_id) {
    header.master_broker_id = outcome.master_id;
    header.master_address = outcome.master_address;
    header.master_epoch = outcome.master_epoch;
    header.sync_state_set_epoch = outcome.sync_state_set_epoch;
  }
  auto response = response_with(reply, header, code_of(outcome.verdict), outcome.remark);
  if (known) {
    wire::ElectMasterResponseBody body;
    body.sync_state_set = outcome.sync_state_set;
    if (outcome.verdict == Verdict::success) {
      auto& group = body.broker_member_group.emplace();
      group.cluster = cluster_name;
      group.broker_name = broker_name;
      for (const auto& member : outcome.members) group.broker_addrs.emplace(member.broker_id, member.address);
    }
    response.body = wire::encode_body(body);
  }
  return response;
}

}  // namespace

void handle_elect_master(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto header = wire::decode_header<wire::ElectMasterRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  replication::ElectMaster command;
  command.broker_name = header->broker_name;
  command.reason = reason_of(*header);
  command.cluster_name = header->cluster_name;
  if (header->broker_id >= 0) command.broker_id = header->broker_id;
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  const auto* set = controller.replica.state().find(header->broker_name);
  const std::string cluster_name = set ? set->cluster_name : header->cluster_name;
  controller.replica.write(
      controller.replica.with_facts(std::move(command)),
      [reply, name = header->broker_name, cluster_name](const Result<replication::Applied>& applied) {
        if (!applied) return refuse(*reply, applied.error());
        reply->send(answer(*reply, name, cluster_name, applied->outcome));
      });
}

}  // namespace gantry::controller
