// GET_BROKER_RUNTIME_INFO (28). Rule: AdminBrokerProcessor.prepareRuntimeInfo: the keys that mqadmin clusterList and
// brokerStatus show. Rates are over the last 10 s, 1 min and 10 min.
#include <algorithm>

#include "broker/handlers/handlers.h"
#include "store/store.h"
#include "wire/bodies/kv_table.h"

namespace gantry::broker {

namespace {

std::string rates(const BrokerContext& broker, std::uint64_t Counters::Sample::* past, std::uint64_t now) {
  std::string text;
  for (const std::int64_t window_ms : {10'000, 60'000, 600'000}) {
    const auto& samples = broker.counters.samples;
    auto from = std::ranges::find_if(samples,
                                     [&](const auto& sample) { return broker.now_ms() - sample.time_ms >= window_ms; });
    const std::int64_t since_ms = from == samples.end() ? broker.counters.started_ms : from->time_ms;
    const std::uint64_t before = from == samples.end() ? 0 : (*from).*past;
    const double seconds = static_cast<double>(std::max<std::int64_t>(broker.now_ms() - since_ms, 1)) / 1000.0;
    text += fmt::format("{}{:.2f}", text.empty() ? "" : " ", static_cast<double>(now - before) / seconds);
  }
  return text;
}

// Rule: org.apache.rocketmq.common.MixAll.humanReadableByteCount with binary units.
std::string byte_count(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* larger : {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

}  // namespace

void handle_get_runtime_info(BrokerContext& broker, remoting::Request request) {
  const Counters& counters = broker.counters;
  wire::KVTable info;
  auto& table = info.entries;
  const auto usage = broker.store.disk_usage();
  table["brokerVersionDesc"] = "V5_3_3";
  table["brokerVersion"] = std::to_string(wire::kVersion);
  table["brokerRole"] = "ASYNC_MASTER";
  table["brokerActive"] = "true";
  table["bootTimestamp"] = std::to_string(counters.started_ms);
  table["msgPutTotalTodayNow"] = table["putMessageTimesTotal"] = std::to_string(counters.messages_in);
  table["msgGetTotalTodayNow"] = table["getMessageTransferredMsgCount"] = std::to_string(counters.messages_out);
  for (const char* key :
       {"msgPutTotalYesterdayMorning", "msgPutTotalTodayMorning", "msgGetTotalYesterdayMorning",
        "msgGetTotalTodayMorning", "sendThreadPoolQueueSize", "pullThreadPoolQueueSize", "ackThreadPoolQueueSize",
        "litePullThreadPoolQueueSize", "queryThreadPoolQueueSize", "sendThreadPoolQueueHeadWaitTimeMills",
        "pullThreadPoolQueueHeadWaitTimeMills", "ackThreadPoolQueueHeadWaitTimeMills",
        "litePullThreadPoolQueueHeadWaitTimeMills", "queryThreadPoolQueueHeadWaitTimeMills", "pageCacheLockTimeMills",
        "timerReadBehind", "timerOffsetBehind", "timerCongestNum", "dispatchBehindBytes"}) {
    table[key] = "0";
  }
  table["timerEnqueueTps"] = table["timerDequeueTps"] = "0.0";
  table["putTps"] = rates(broker, &Counters::Sample::messages_in, counters.messages_in);
  table["getTransferredTps"] = table["getTotalTps"] = table["getFoundTps"] =
      rates(broker, &Counters::Sample::messages_out, counters.messages_out);
  table["getMissTps"] = "0.0 0.0 0.0";
  table["putMessageSizeTotal"] = std::to_string(counters.bytes_in);
  const auto stored = static_cast<double>(std::max<std::uint64_t>(counters.messages_in, 1));
  table["putMessageAverageSize"] = fmt::format("{}", static_cast<double>(counters.bytes_in) / stored);
  if (usage) {
    table["commitLogDirCapacity"] =
        fmt::format("Total : {}, Free : {}.", byte_count(usage->total_bytes), byte_count(usage->free_bytes));
  }
  table["commitLogDiskRatio"] = table["consumeQueueDiskRatio"] =
      fmt::format("{:.4f}", usage ? usage->used_ratio() : 0.0);
  table["commitLogMinOffset"] = std::to_string(broker.store.log().min_physical_offset());
  table["commitLogMaxOffset"] = std::to_string(broker.store.log().max_physical_offset());
  table["earliestMessageTimeStamp"] =
      std::to_string(broker.store.log().earliest_store_time_ms().value_or(broker.now_ms()));
  table["runtime"] = fmt::format("[ {} s ]", (broker.now_ms() - counters.started_ms) / 1000);
  table["gantry"] = "one node, for development, CI and the edge";
  send_body(request.reply, wire::encode_body(info));
}

}  // namespace gantry::broker
