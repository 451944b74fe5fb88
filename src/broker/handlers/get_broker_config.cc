// GET_BROKER_CONFIG (26) and GET_NAMESRV_CONFIG (319): settings as Java properties.
#include "broker/config.h"
#include "broker/handlers/handlers.h"
#include "broker/topics.h"
#include "wire/headers/admin.h"

namespace gantry::broker {

void handle_get_broker_config(BrokerContext& broker, remoting::Request request) {
  const Config& config = broker.config;
  wire::Command response =
      response_with(request.reply, wire::GetBrokerConfigResponseHeader{wire::encode_body(broker.topics.version())});
  response.body = fmt::format(
      "brokerName={}\nbrokerClusterName={}\nbrokerId=0\nbrokerIP1={}\nlistenPort={}\nnamesrvAddr={}\nflushDiskType={}\n"
      "autoCreateTopicEnable={}\nautoCreateSubscriptionGroup={}\ndefaultTopicQueueNums={}\nmaxMessageSize={}"
      "\nfileReservedTime={}\n"
      "messageDelayLevel={}\nbrokerRole=ASYNC_MASTER\ntransactionTimeOut={}\ntransactionCheckMax={}\n",
      config.broker_name, config.cluster_name, broker.address.substr(0, broker.address.rfind(':')),
      broker.address.substr(broker.address.rfind(':') + 1), broker.namesrv_address,
      config.flush == store::Flush::sync ? "SYNC_FLUSH" : "ASYNC_FLUSH", config.auto_create_topics,
      config.auto_create_groups, config.default_queues, config.message_bytes_max, config.retention_ms / 3'600'000,
      config.delay_levels, config.transaction_timeout_ms, config.transaction_checks_max);
  request.reply.send(std::move(response));
}

}  // namespace gantry::broker
