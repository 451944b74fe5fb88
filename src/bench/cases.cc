#include "bench/cases.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "net/spawn.h"
#include "wire/batch.h"
#include "wire/codes.h"
#include "wire/headers/admin.h"
#include "wire/headers/pop.h"
#include "wire/headers/pull.h"
#include "wire/headers/send.h"
#include "wire/message.h"
#include "wire/pop_receipt.h"

namespace gantry::bench {
namespace {

using boost::asio::awaitable;
namespace asio = boost::asio;
namespace code = wire::request_code;

constexpr std::int32_t kMessagesPerRequest = 32;
constexpr std::size_t kBatchBytes = 512 * 1024;  // of one request, which has fewer large messages
constexpr std::size_t kPoppersMax = 8;

wire::SendMessageRequestHeaderV2 send_header(const std::string& topic, std::int32_t queue_id, bool batch) {
  wire::SendMessageRequestHeaderV2 header;
  header.producer_group = "gantry-bench";
  header.topic = topic;
  header.default_topic = wire::kAutoCreateTopic;
  header.default_topic_queue_nums = 4;
  header.queue_id = queue_id;
  header.born_timestamp_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  header.properties = std::string("WAIT\x01true\x02");
  header.reconsume_times = 0;
  header.unit_mode = false;
  header.batch = batch;
  return header;
}

}  // namespace

Worker send_worker(std::string topic, std::size_t body_bytes, std::int32_t queues) {
  return [=](Session& session, std::size_t index, Window& window, Count& count) -> awaitable<void> {
    const std::string body(body_bytes, 'x');
    for (auto queue = static_cast<std::int32_t>(index); !window.over(); ++queue) {
      wire::Command request = wire::make_request(code::kSendMessageV2, send_header(topic, queue % queues, false));
      request.body = body;
      const auto started = SteadyClock::now();
      tally(count, window, started, co_await session.call(std::move(request)), 1);
    }
  };
}

Worker batch_worker(std::string topic, std::size_t body_bytes, std::int32_t queues) {
  return [=](Session& session, std::size_t index, Window& window, Count& count) -> awaitable<void> {
    const std::string body(body_bytes, 'x');
    std::string batch;
    const std::size_t messages = std::clamp<std::size_t>(kBatchBytes / body.size(), 1, kMessagesPerRequest);
    for (std::size_t i = 0; i < messages; ++i) (void)wire::encode_batch_entry({0, body, ""}, batch);
    for (auto queue = static_cast<std::int32_t>(index); !window.over(); ++queue) {
      wire::Command request = wire::make_request(code::kSendBatchMessage, send_header(topic, queue % queues, true));
      request.body = batch;
      const auto started = SteadyClock::now();
      tally(count, window, started, co_await session.call(std::move(request)), messages);
    }
  };
}

Worker pull_worker(std::string topic, std::int32_t queues) {
  return [=](Session& session, std::size_t index, Window& window, Count& count) -> awaitable<void> {
    wire::PullMessageRequestHeader header;
    header.consumer_group = "gantry-bench";
    header.topic = topic;
    header.queue_id = static_cast<std::int32_t>(index) % queues;
    header.max_messages = kMessagesPerRequest;
    header.sys_flag = wire::pull_flag::kSubscription;
    header.subscription = "*";
    header.expression_type = "TAG";
    while (!window.over()) {
      const auto started = SteadyClock::now();
      auto response = co_await session.call(wire::make_request(code::kPullMessage, header));
      if (response && response->code == wire::response_code::kPullNotFound) {
        header.queue_offset = 0;  // the end of the queue: begin again
        continue;
      }
      std::uint64_t messages = 0;
      if (response && response->code == wire::response_code::kSuccess) {
        auto answer = wire::decode_header<wire::PullMessageResponseHeader>(response->fields);
        auto counted = wire::for_each_message(response->body, [](const wire::MessageView&) {});
        messages = counted.value_or(0);
        header.queue_offset = answer ? answer->next_begin_offset : 0;
      }
      tally(count, window, started, response, messages);
    }
  };
}

namespace {

// Receipts on their way from one popper to its acknowledgers.
struct Receipts {
  explicit Receipts(asio::any_io_executor executor) : changed(executor) { wait_for_ever(); }
  void wait_for_ever() { changed.expires_at(SteadyClock::time_point::max()); }

  std::deque<wire::PopReceipt> waiting;
  std::size_t acknowledgers = 0;  // at work
  bool ended = false;             // nothing will come any more
  asio::steady_timer changed;     // cancelled when one of these did
};

awaitable<void> wait_for_change(Receipts& receipts) {
  boost::system::error_code cancelled;
  co_await receipts.changed.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

// One acknowledger less when it ends, however it does.
struct Acknowledging {
  Receipts& receipts;
  ~Acknowledging() {
    --receipts.acknowledgers;
    receipts.changed.cancel();
  }
};

awaitable<void> acknowledge(Session& session, std::string topic, std::string group, const Window& window, Count& count,
                            Receipts& receipts) {
  const Acknowledging acknowledging{receipts};
  wire::AckMessageRequestHeader header;
  header.consumer_group = group;
  while (true) {
    while (receipts.waiting.empty() && !receipts.ended) co_await wait_for_change(receipts);
    if (receipts.waiting.empty()) break;
    const wire::PopReceipt receipt = std::move(receipts.waiting.front());
    receipts.waiting.pop_front();
    if (receipts.waiting.empty()) receipts.changed.cancel();
    header.topic = wire::real_topic(topic, group, receipt.retry);
    header.queue_id = receipt.queue_id;
    header.extra_info = wire::encode_receipt(receipt);
    header.offset = *receipt.queue_offset;
    const auto started = SteadyClock::now();
    tally(count, window, started, co_await session.call(wire::make_request(code::kAckMessage, header)), 1);
  }
}

// The receipts of a pop's messages, as a client builds them from the answer's header.
std::vector<wire::PopReceipt> receipts_of(const Session& session, const wire::Command& response) {
  std::vector<wire::PopReceipt> receipts;
  auto answer = wire::decode_header<wire::PopMessageResponseHeader>(response.fields);
  if (!answer) return receipts;
  auto starts = wire::decode_start_offsets(answer->start_offset_info.value_or(""));
  auto offsets = wire::decode_message_offsets(answer->msg_offset_info.value_or(""));
  if (!starts || !offsets) return receipts;
  for (const auto& queue : *offsets) {
    auto start = std::find_if(starts->begin(), starts->end(),
                              [&](const auto& s) { return s.retry == queue.retry && s.queue_id == queue.queue_id; });
    if (start == starts->end()) continue;
    for (std::int64_t offset : queue.offsets) {
      receipts.push_back({start->start_offset, answer->pop_time_ms, answer->invisible_time_ms, answer->revive_queue_id,
                          queue.retry, session.broker_name(), queue.queue_id, offset});
    }
  }
  return receipts;
}

}  // namespace

Worker pop_worker(std::string topic, std::string group, std::size_t in_flight, std::uint64_t messages) {
  auto left = std::make_shared<std::uint64_t>(messages);
  return [=](Session& session, std::size_t index, Window& window, Count& count) -> awaitable<void> {
    const std::size_t poppers = std::min(in_flight, kPoppersMax);
    if (index >= poppers) co_return;
    const std::size_t share = std::max<std::size_t>(1, in_flight / poppers);
    auto executor = co_await asio::this_coro::executor;
    Receipts receipts(executor);
    for (; receipts.acknowledgers < share; ++receipts.acknowledgers) {
      net::spawn(executor, "an acknowledger", acknowledge(session, topic, group, window, count, receipts));
    }
    wire::PopMessageRequestHeader header;
    header.consumer_group = group;
    header.topic = topic;
    header.queue_id = -1;
    header.max_messages = kMessagesPerRequest;
    header.invisible_time_ms = 60'000;
    header.poll_time_ms = 100;
    header.exp_type = "TAG";
    header.exp = "*";
    header.order = false;
    while (!window.over()) {
      header.born_time_ms =
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count();
      auto response = co_await session.call(wire::make_request(code::kPopMessage, header));
      if (!response || response->code != wire::response_code::kSuccess) {
        const bool empty = response && (response->code == wire::response_code::kPollingTimeout ||
                                        response->code == wire::response_code::kPullNotFound ||
                                        response->code == wire::response_code::kPollingFull);
        if (!empty) tally(count, window, SteadyClock::now(), response, 0);
        continue;
      }
      for (wire::PopReceipt& receipt : receipts_of(session, *response)) receipts.waiting.push_back(std::move(receipt));
      *left -= std::min<std::uint64_t>(*left, receipts.waiting.size());
      if (*left == 0) window.end_now();
      receipts.changed.cancel();
      while (!receipts.waiting.empty()) co_await wait_for_change(receipts);
    }
    receipts.ended = true;
    receipts.changed.cancel();
    while (receipts.acknowledgers > 0) co_await wait_for_change(receipts);
  };
}

Worker lag_worker(std::string topic, std::string group) {
  return [=](Session& session, std::size_t, Window& window, Count& count) -> awaitable<void> {
    using namespace boost::asio::experimental::awaitable_operators;
    wire::GetTopicStatsInfoRequestHeader topic_stats;
    topic_stats.topic = topic;
    wire::GetConsumeStatsRequestHeader consume_stats;
    consume_stats.consumer_group = group;
    consume_stats.topic = topic;
    wire::QueryConsumeTimeSpanRequestHeader time_span;
    time_span.topic = topic;
    time_span.group = group;
    while (!window.over()) {
      const auto started = SteadyClock::now();
      auto [a, b, c] = co_await (session.call(wire::make_request(code::kGetTopicStatsInfo, topic_stats)) &&
                                 session.call(wire::make_request(code::kGetConsumeStats, consume_stats)) &&
                                 session.call(wire::make_request(code::kQueryConsumeTimeSpan, time_span)));
      const auto& worst = !a || a->code != 0 ? a : !b || b->code != 0 ? b : c;
      tally(count, window, started, worst, 1);
    }
  };
}

awaitable<Result<void>> fill(Session& session, std::string topic, std::size_t body_bytes, std::int32_t queues,
                             std::uint64_t messages) {
  // batches keep the filling short beside the measurement
  const std::string body(body_bytes, 'x');
  const auto per_batch = static_cast<std::uint64_t>(std::clamp<std::size_t>(1'000'000 / (body_bytes + 64), 1, 256));
  std::string batch;
  for (std::uint64_t i = 0; i < per_batch; ++i) (void)wire::encode_batch_entry({0, body, ""}, batch);
  std::int32_t queue = 0;
  for (std::uint64_t sent = 0; sent < messages; sent += per_batch) {
    wire::Command request = wire::make_request(code::kSendBatchMessage, send_header(topic, queue++ % queues, true));
    request.body = batch;
    auto response = co_await session.call(std::move(request));
    if (!response) co_return std::unexpected(response.error());
    if (response->code != wire::response_code::kSuccess) {
      co_return fail(Errc::internal, "filling {}: {} {}", topic, response->code, response->remark);
    }
  }
  co_return Result<void>{};
}

}  // namespace gantry::bench
