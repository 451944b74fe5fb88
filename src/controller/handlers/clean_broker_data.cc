// CLEAN_BROKER_DATA (1011): an operator removes brokers that will not come back, or a whole set.
#include "base/parse_number.h"
#include "controller/answers.h"
#include "controller/forwarder.h"
#include "controller/handlers/handlers.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

namespace {

// "1;2;3", as mqadmin sends it.
Result<std::vector<std::int64_t>> parse_ids(std::string_view text) {
  std::vector<std::int64_t> ids;
  while (!text.empty()) {
    const auto end = text.find(';');
    const auto word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (word.empty()) continue;
    const auto id = parse_number<std::int64_t>(word);
    if (!id)
      return fail(Errc::invalid_argument, "brokerControllerIdsToClean: expected ids separated by ';', got {}", word);
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace

void handle_clean_broker_data(ControllerContext& controller, remoting::Request request) {
  if (!controller.replica.leads()) return controller.forwarder.forward(std::move(request));
  auto header = wire::decode_header<wire::CleanControllerBrokerDataRequestHeader>(request.command.fields);
  if (!header) return request.reply.send(wire::response_code::kControllerInvalidRequest, header.error().message);
  auto ids = parse_ids(header->broker_controller_ids_to_clean.value_or(""));
  if (!ids) return request.reply.send(wire::response_code::kControllerInvalidCleanBrokerMetadata, ids.error().message);
  replication::CleanBrokerData command;
  command.cluster_name = header->cluster_name.value_or("");
  command.broker_name = std::move(header->broker_name);
  command.broker_ids = std::move(*ids);
  command.clean_living_broker = header->is_clean_living_broker;
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.replica.write(controller.replica.with_facts(std::move(command)),
                           [reply](const Result<replication::Applied>& applied) {
                             if (!applied) return refuse(*reply, applied.error());
                             reply->send(code_of(applied->outcome.verdict), applied->outcome.remark);
                           });
}

}  // namespace gantry::controller
