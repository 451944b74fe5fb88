// Transactional messages: a half message waits, unseen by consumers, until its producer commits it or rolls it back;
// one that says nothing is asked, and after some asking the message is given up.
// Rule: org.apache.rocketmq.broker.transaction.queue.TransactionalMessageServiceImpl.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "broker/clients.h"
#include "broker/config.h"
#include "broker/messages.h"
#include "broker/topics.h"
#include "net/alarm.h"
#include "store/store.h"

namespace gantry::broker {

class Transactions {
 public:
  Transactions(boost::asio::io_context& io, store::Store& store, Topics& topics, Messages& messages, Clients& clients,
               const Config& config);

  Result<void> load();
  void start();  // begins to ask, as long as something waits
  void stop() { alarm_.stop(); }

  // Keeps the message for `topic`; offsets in the answer are those of the half message.
  Result<Messages::Stored> put_half(Topic& topic, std::int32_t queue_id, const wire::MessageView& message);

  enum class Outcome { commit, rollback };
  // queue_offset and physical_offset name the half message. not_found: there is none any more; invalid_argument: it is
  // of another producer group. Durable when Store::when_durable says so.
  Result<void> end(std::int64_t queue_offset, std::uint64_t physical_offset, std::string_view producer_group,
                   Outcome outcome);

  std::size_t waiting() const { return halves_.size(); }
  void check();  // asks the producers of all that waited long enough; also done by a timer

 private:
  struct Half {
    std::uint64_t physical_offset = 0;
    std::int64_t stored_ms = 0;
    std::int32_t checks = 0;
    std::int64_t next_check_ms = 0;
  };
  void forget(std::int64_t queue_offset);
  bool ask(std::int64_t queue_offset, Half& half);

  store::Store& store_;
  Topics& topics_;
  Messages& messages_;
  Clients& clients_;
  const Config& config_;
  std::map<std::int64_t, Half> halves_;  // by queue offset in the half topic
  net::Alarm alarm_;
};

}  // namespace gantry::broker
