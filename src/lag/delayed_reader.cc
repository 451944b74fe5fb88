#include "lag/delayed_reader.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/spawn.h"
#include "rocketmq/admin.h"
#include "rocketmq/gather.h"
#include "wire/codes.h"
#include "wire/headers/pull.h"
#include "wire/message.h"
#include "wire/properties.h"

namespace gantry::lag {

namespace asio = boost::asio;
using DelayClock = std::chrono::steady_clock;

namespace {

constexpr char kScheduleTopic[] = "SCHEDULE_TOPIC_XXXX";
// Every broker has it, for administrators, so that no group is made and none gets a subscription that it never had.
constexpr char kPullGroup[] = "TOOLS_CONSUMER";
constexpr std::int32_t kPullMax = 128;                  // messages; brokers give 8 to 32 by default
constexpr std::int64_t kTimersMax = 1'000'000'000'000;  // no broker holds as many; sums of it fit
constexpr std::chrono::minutes kForgetAfter{10};
constexpr std::chrono::minutes kNobodyAsksAfter{2};        // then the background stops
constexpr std::chrono::milliseconds kBackgroundPause{10};  // between two pulls, so that the broker has other work too

}  // namespace

struct DelayedReader::Broker {
  Broker(std::string address, std::int64_t waiting_max) : address(std::move(address)), levels(waiting_max) {}

  std::string address;
  DelayedMessages levels;
  std::map<std::string, std::int64_t> timers;
  std::optional<Error> failed;  // of the last reading
  DelayClock::time_point read_at{};
  DelayClock::time_point asked_at{};
  std::shared_ptr<asio::steady_timer> under_way;  // cancelled when the reading has come
  bool in_background = false;

  Result<std::int64_t> count(const std::string& topic) const {
    auto total = levels.count(topic);
    if (!total) return total;
    const auto timer = timers.find(topic);
    if (timer == timers.end()) return total;
    if (timer->second < 0 || timer->second > kTimersMax)
      return fail(Errc::corrupt, "it counts {} timers for topic {}", timer->second, topic);
    return *total + timer->second;
  }
};

// However the coroutine that reads ends, who waits for it wakes up.
class DelayedReader::UnderWay {
 public:
  UnderWay(asio::io_context& io, std::shared_ptr<Broker> broker) : broker_(std::move(broker)) {
    broker_->under_way = std::make_shared<asio::steady_timer>(io, DelayClock::time_point::max());
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  ~UnderWay() { std::exchange(broker_->under_way, nullptr)->cancel(); }

 private:
  std::shared_ptr<Broker> broker_;
};

DelayedReader::DelayedReader(std::shared_ptr<rocketmq::Cluster> cluster, DelayedReaderConfig config)
    : cluster_(std::move(cluster)), config_(config) {}
DelayedReader::~DelayedReader() = default;

asio::awaitable<Result<std::vector<std::int64_t>>> DelayedReader::read(std::string address,
                                                                       std::vector<std::string> topics) {
  auto now = DelayClock::now();
  std::erase_if(brokers_, [&](const auto& entry) {
    return entry.first != address && !entry.second->under_way && now - entry.second->asked_at > kForgetAfter;
  });
  auto& entry = brokers_[address];
  if (!entry) entry = std::make_shared<Broker>(address, config_.waiting_max);
  const std::shared_ptr<Broker> broker = entry;
  broker->asked_at = now;
  while (broker->under_way) {
    const auto done = broker->under_way;
    boost::system::error_code cancelled;
    co_await done->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    now = DelayClock::now();
  }
  if (broker->read_at == DelayClock::time_point{} || now - broker->read_at > config_.share_for) {
    const UnderWay under_way(cluster_->io(), broker);
    broker->failed = co_await refresh(cluster_, broker, config_);
    broker->read_at = DelayClock::now();
  }
  if (broker->failed) co_return std::unexpected(*broker->failed);
  std::vector<std::int64_t> counts;
  for (const std::string& topic : topics) {
    const auto count = broker->count(topic);
    if (!count) co_return std::unexpected(count.error());
    counts.push_back(*count);
  }
  co_return counts;
}

asio::awaitable<std::optional<Error>> DelayedReader::refresh(std::shared_ptr<rocketmq::Cluster> cluster,
                                                             std::shared_ptr<Broker> broker,
                                                             DelayedReaderConfig config) {
  // together no longer than one of them may take: the lag of the topic is still to be read
  rocketmq::AdminQueries admin(cluster, DelayClock::now() + cluster->config().request_timeout);
  auto ends = co_await admin.topic_stats(broker->address, kScheduleTopic);
  if (!ends && ends.error().code != Errc::not_found) co_return ends.error();
  auto offsets = co_await admin.delay_offsets(broker->address);
  if (!offsets) co_return offsets.error();
  auto timers = co_await admin.timer_counts(broker->address);
  if (!timers) co_return timers.error();
  broker->timers = std::move(*timers);

  std::map<std::int32_t, DelayLevelFacts> levels;
  if (ends) {
    for (const auto& [queue, end] : ends->offset_table)
      levels[queue.queue_id + 1] = {end.min_offset, end.max_offset, 0};
  }
  for (const auto& [level, offset] : *offsets) {
    const auto found = levels.find(level);
    if (found != levels.end()) {
      found->second.delivered = offset;
    } else if (offset > 0) {
      co_return Error{Errc::unavailable, fmt::format("its delay level {} has no queue in {}", level, kScheduleTopic)};
    }
  }
  broker->levels.told(levels);

  if (broker->in_background) co_return std::nullopt;
  const auto until = DelayClock::now() + config.time_max;
  const std::int64_t enough = broker->levels.read() + config.read_at_once_max;
  while (!broker->levels.next_pulls().empty()) {
    if (DelayClock::now() >= until || broker->levels.read() >= enough) {
      broker->in_background = true;
      net::spawn(cluster->io(), "counting the delayed messages of " + broker->address, go_on(cluster, broker));
      break;
    }
    const auto further = co_await pull_all(cluster, broker);
    if (!further) co_return further.error();
    if (!*further) break;
  }
  co_return std::nullopt;
}

asio::awaitable<void> DelayedReader::go_on(std::shared_ptr<rocketmq::Cluster> cluster, std::shared_ptr<Broker> broker) {
  struct Ended {
    Broker& broker;
    ~Ended() { broker.in_background = false; }
  } const ended{*broker};
  asio::steady_timer pause(cluster->io());
  while (!broker->levels.next_pulls().empty() && DelayClock::now() - broker->asked_at < kNobodyAsksAfter) {
    const auto further = co_await pull_all(cluster, broker);
    if (!further || !*further) break;  // the next reading says why
    pause.expires_after(kBackgroundPause);
    boost::system::error_code cancelled;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

// One pull of each level that is behind; whether any is further for it.
asio::awaitable<Result<bool>> DelayedReader::pull_all(std::shared_ptr<rocketmq::Cluster> cluster,
                                                      std::shared_ptr<Broker> broker) {
  std::vector<asio::awaitable<Result<bool>>> pulls;
  for (const DelayedMessages::Pull& next : broker->levels.next_pulls()) pulls.push_back(pull(cluster, broker, next));
  bool further = false;
  auto answers = co_await rocketmq::gather(cluster->io(), std::move(pulls));
  for (const auto& answer : answers) {
    if (!answer) co_return answer;
    further = further || *answer;
  }
  co_return further;
}

asio::awaitable<Result<bool>> DelayedReader::pull(std::shared_ptr<rocketmq::Cluster> cluster,
                                                  std::shared_ptr<Broker> broker, DelayedMessages::Pull pull) {
  wire::PullMessageRequestHeader header;
  header.consumer_group = kPullGroup;
  header.topic = kScheduleTopic;
  header.queue_id = pull.level - 1;
  header.queue_offset = pull.offset;
  header.max_messages = kPullMax;
  header.sys_flag = wire::pull_flag::kSubscription;  // and it does not wait for new ones
  header.subscription = "*";
  header.expression_type = "TAG";
  auto response = co_await cluster->call(broker->address, wire::make_request(wire::request_code::kPullMessage, header));
  if (!response) co_return std::unexpected(response.error());
  std::vector<DelayedMessages::Message> messages;
  switch (response->code) {
    case wire::response_code::kSuccess: {
      auto count = wire::for_each_message(response->body, [&](const wire::MessageView& view) {
        messages.push_back({view.queue_offset, view.property(wire::property::kRealTopic).value_or("")});
      });
      if (!count) co_return std::unexpected(in_context(fmt::format("its delay level {}", pull.level), count.error()));
      break;
    }
    case wire::response_code::kPullNotFound:
    case wire::response_code::kPullRetryImmediately:
    case wire::response_code::kPullOffsetMoved: break;
    default: {
      auto error = rocketmq::error_of_response(*response, "broker " + broker->address);
      co_return std::unexpected(in_context(fmt::format("pulling {}", kScheduleTopic), std::move(error)));
    }
  }
  auto fields = wire::decode_header<wire::PullMessageResponseHeader>(response->fields);
  if (!fields) co_return std::unexpected(in_context("broker " + broker->address, fields.error()));
  co_return broker->levels.pulled(pull, fields->next_begin_offset, messages);
}

}  // namespace gantry::lag
