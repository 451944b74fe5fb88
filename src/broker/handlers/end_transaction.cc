// END_TRANSACTION (37). Rule: org.apache.rocketmq.broker.processor.EndTransactionProcessor.
#include "broker/handlers/handlers.h"
#include "broker/transactions.h"
#include "wire/headers/send.h"
#include "wire/message.h"

namespace gantry::broker {

void handle_end_transaction(BrokerContext& broker, remoting::Request request) {
  auto header = wire::decode_header<wire::EndTransactionRequestHeader>(request.command.fields);
  if (!header) return request.reply.fail(header.error());
  const bool commit = header->commit_or_rollback == wire::sys_flag::kTransactionCommit;
  if (!commit && header->commit_or_rollback != wire::sys_flag::kTransactionRollback) {
    return request.reply.send(wire::response_code::kSuccess);  // the producer does not know: it will be asked
  }
  auto ended = broker.transactions.end(header->tran_state_table_offset,
                                       static_cast<std::uint64_t>(header->commit_log_offset), header->producer_group,
                                       commit ? Transactions::Outcome::commit : Transactions::Outcome::rollback);
  if (!ended) return request.reply.send(wire::response_code::kSystemError, ended.error().message);
  broker.reply_when_durable(std::move(request.reply));
}

}  // namespace gantry::broker
