// LOCK_BATCH_MQ (41). Rule: AdminBrokerProcessor.lockBatchMQ, RebalanceLockManager.tryLockBatch.
#include "broker/handlers/handlers.h"
#include "queueing/queue_locks.h"
#include "wire/bodies/queue_lock.h"

namespace gantry::broker {

void handle_lock_queues(BrokerContext& broker, remoting::Request request) {
  auto body = wire::decode_body<wire::LockBatchRequestBody>(request.command.body);
  if (!body) return request.reply.fail(body.error());
  wire::LockBatchResponseBody locked;
  for (auto& queue : body->mq_set) {
    const std::string name = fmt::format("{}@{}@{}", queue.topic, queue.broker_name, queue.queue_id);
    if (broker.locks.try_lock(body->consumer_group, name, body->client_id, broker.now_ms()))
      locked.lock_ok_mq_set.push_back(std::move(queue));
  }
  send_body(request.reply, wire::encode_body(locked));
}

}  // namespace gantry::broker
