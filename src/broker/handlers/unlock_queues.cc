// UNLOCK_BATCH_MQ (42). Rule: AdminBrokerProcessor.unlockBatchMQ.
#include "broker/handlers/handlers.h"
#include "queueing/queue_locks.h"
#include "wire/bodies/queue_lock.h"

namespace gantry::broker {

void handle_unlock_queues(BrokerContext& broker, remoting::Request request) {
  auto body = wire::decode_body<wire::UnlockBatchRequestBody>(request.command.body);
  if (!body) return request.reply.fail(body.error());
  for (const auto& queue : body->mq_set) {
    broker.locks.unlock(body->consumer_group, fmt::format("{}@{}@{}", queue.topic, queue.broker_name, queue.queue_id),
                        body->client_id);
  }
  request.reply.send(wire::response_code::kSuccess);
}

}  // namespace gantry::broker
