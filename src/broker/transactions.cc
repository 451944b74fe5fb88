#include "broker/transactions.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>

#include "broker/setting_keys.h"
#include "broker/stored_settings.h"
#include "store/bytes.h"
#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::broker {

namespace {

constexpr std::int64_t kCheckIntervalMs = 30'000;
constexpr std::chrono::seconds kTick{1};

}  // namespace

Transactions::Transactions(boost::asio::io_context& io, store::Store& store, Topics& topics, Messages& messages,
                           Clients& clients, const Config& config)
    : store_(store), topics_(topics), messages_(messages), clients_(clients), config_(config), alarm_(io, [this] {
        check();
        start();
      }) {}

Result<void> Transactions::load() {
  return read_settings(
      store_, setting_keys::kHalfPrefix, [this](std::string_view name, std::string_view value) -> Result<void> {
        const auto queue_offset = setting_keys::parse_half_key(name);
        if (!queue_offset || value.size() != 16) return fail(Errc::corrupt, "not a half message of a transaction");
        const auto stored_ms = static_cast<std::int64_t>(store::get_u64(value.data() + 8));
        halves_[*queue_offset] =
            Half{store::get_u64(value.data()), stored_ms, 0, stored_ms + config_.transaction_timeout_ms};
        return {};
      });
}

void Transactions::start() {
  if (!halves_.empty()) alarm_.ring_after(kTick);
}

Result<Messages::Stored> Transactions::put_half(Topic& topic, std::int32_t queue_id, const wire::MessageView& message) {
  Topic* half_topic = topics_.find(kHalfTopic);
  if (half_topic == nullptr) return fail(Errc::internal, "topic {} is missing", kHalfTopic);
  std::string properties(message.properties);
  auto set = wire::set_property(properties, wire::property::kRealTopic, topic.config.topic_name);
  if (set) set = wire::set_property(properties, wire::property::kRealQueueId, std::to_string(queue_id));
  if (!set) return std::unexpected(set.error());
  wire::MessageView half = message;
  half.properties = properties;
  half.sys_flag &= ~wire::sys_flag::kTransactionMask;  // in its own queue it is a message as any other
  auto stored = messages_.put_now(*half_topic, 0, half);
  if (!stored) return stored;
  char value[16];
  store::put_u64(value, stored->physical_offset);
  store::put_u64(value + 8, static_cast<std::uint64_t>(stored->store_time_ms));
  store_.put(setting_keys::half_key(stored->queue_offset), {value, sizeof value});
  const bool first = halves_.empty();
  halves_.insert_or_assign(stored->queue_offset, Half{stored->physical_offset, stored->store_time_ms, 0,
                                                      stored->store_time_ms + config_.transaction_timeout_ms});
  if (first) alarm_.ring_after(kTick);
  return stored;
}

Result<void> Transactions::end(std::int64_t queue_offset, std::uint64_t physical_offset,
                               std::string_view producer_group, Outcome outcome) {
  auto found = halves_.find(queue_offset);
  if (found == halves_.end() || found->second.physical_offset != physical_offset) {
    return fail(Errc::not_found, "find prepared transaction message failed");
  }
  auto record = store_.log().record_of(physical_offset);
  if (!record) {
    if (record.error().code == Errc::not_found) forget(queue_offset);
    return std::unexpected(record.error());
  }
  auto half = wire::decode_record(*record);
  if (!half) return std::unexpected(half.error());
  if (half->property(wire::property::kProducerGroup).value_or("") != producer_group) {
    return fail(Errc::invalid_argument, "the producer group wrong");
  }
  if (outcome == Outcome::commit) {
    const auto name = half->property(wire::property::kRealTopic).value_or("");
    Topic* topic = topics_.find(name);
    if (topic == nullptr || topic->queue_count() == 0) return fail(Errc::not_found, "topic {} does not exist", name);
    const auto text = half->property(wire::property::kRealQueueId).value_or("0");
    std::int32_t queue_id = 0;
    std::from_chars(text.data(), text.data() + text.size(), queue_id);
    std::string properties(half->properties);
    for (const auto property :
         {wire::property::kRealTopic, wire::property::kRealQueueId, wire::property::kTransactionPrepared}) {
      wire::erase_property(properties, property);
    }
    wire::MessageView message = *half;
    message.properties = properties;
    message.sys_flag = (message.sys_flag & ~wire::sys_flag::kTransactionMask) | wire::sys_flag::kTransactionCommit;
    message.prepared_transaction_offset = static_cast<std::int64_t>(physical_offset);
    auto stored = messages_.put(*topic, std::clamp(queue_id, 0, topic->queue_count() - 1), message);
    if (!stored) return std::unexpected(stored.error());
  }
  forget(queue_offset);
  return {};
}

void Transactions::forget(std::int64_t queue_offset) {
  store_.erase(setting_keys::half_key(queue_offset));
  halves_.erase(queue_offset);
}

void Transactions::check() {
  const std::int64_t now_ms = store_.now_ms();
  for (auto at = halves_.begin(); at != halves_.end();) {
    auto half = at++;
    if (half->second.next_check_ms > now_ms) continue;
    half->second.next_check_ms = now_ms + kCheckIntervalMs;
    if (half->second.checks >= config_.transaction_checks_max) {
      spdlog::warn("broker: half message at offset {} is given up: its producers did not decide in {} checks",
                   half->first, half->second.checks);
      forget(half->first);
    } else if (!ask(half->first, half->second)) {
      forget(half->first);
    }
  }
}

// False: the message is gone.
bool Transactions::ask(std::int64_t queue_offset, Half& half) {
  auto record = store_.log().record_of(half.physical_offset);
  if (!record) return record.error().code != Errc::not_found;
  auto message = wire::decode_record(*record);
  if (!message) return false;
  const auto* producers = clients_.producers(message->property(wire::property::kProducerGroup).value_or(""));
  if (producers == nullptr || producers->empty()) return true;  // nobody to ask: does not count
  auto producer = std::next(producers->begin(),
                            static_cast<std::ptrdiff_t>(static_cast<std::size_t>(half.checks) % producers->size()));
  auto peer = clients_.peer(producer->first);
  if (!peer) return true;
  ++half.checks;
  const std::string real_topic(message->property(wire::property::kRealTopic).value_or(""));
  wire::MessageView asked = *message;
  asked.topic = real_topic;
  wire::CheckTransactionStateRequestHeader header;
  header.topic = real_topic;
  header.tran_state_table_offset = queue_offset;
  header.commit_log_offset = static_cast<std::int64_t>(half.physical_offset);
  header.offset_msg_id = messages_.message_id(half.physical_offset);
  if (auto unique = message->property(wire::property::kUniqueKey)) {
    header.msg_id = std::string(*unique);
    header.transaction_id = std::string(*unique);
  }
  wire::Command request = wire::make_request(wire::request_code::kCheckTransactionState, header);
  if (!wire::encode_record(asked, request.body)) return false;
  peer->send_oneway(std::move(request));
  return true;
}

}  // namespace gantry::broker
