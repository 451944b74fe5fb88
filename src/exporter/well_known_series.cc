// The series of the Apache exporter under its names and with its labels, so that dashboards and alerts that were made
// for it go on. Rule: apache/rocketmq-exporter, RMQMetricsCollector. Where that one derives a number differently, the
// better one is given: docs/exporter.md.
#include <fmt/format.h>

#include <array>

#include "exporter/runtime_numbers.h"
#include "exporter/snapshot.h"
#include "queueing/topic_names.h"

namespace gantry::exporter {
namespace {

using enum RuntimeForm;

constexpr auto kGauge = SeriesType::gauge;  // all of them

std::string of_share(const PairReading& pair, const BrokerShare& share) {
  return labels({{"cluster", share.broker->cluster},
                 {"broker", share.broker->name},
                 {"topic", pair.topic},
                 {"group", pair.group}});
}

std::string of_known_topic(const TopicReading& topic) {
  return labels({{"cluster", topic.broker->cluster}, {"broker", topic.broker->name}, {"topic", topic.topic}});
}

// Ordinals of org.apache.rocketmq.remoting.protocol.heartbeat.MessageModel, whose names are BROADCASTING and CLUSTERING.
const char* model_of(const GroupReading& group) { return group.broadcasting ? "0" : "1"; }

std::string of_diff(const GroupReading& group, std::string_view topic) {
  const std::string consumers = group.consumers ? fmt::format("{}", *group.consumers) : std::string();
  return labels(
      {{"group", group.group}, {"topic", topic}, {"countOfOnlineConsumers", consumers}, {"msgModel", model_of(group)}});
}

void write_known_diffs(const Snapshot& snapshot, TextWriter& out) {
  std::map<std::string_view, const GroupReading*> groups;
  for (const GroupReading& group : snapshot.readings.groups()) groups.emplace(group.group, &group);
  out.family("rocketmq_group_diff", kGauge, "GroupDiff");
  for (const PairReading& pair : snapshot.readings.pairs()) {
    const auto group = groups.find(pair.group);
    // broadcast consumers keep their offsets themselves
    if (!pair.lag.lag || group == groups.end() || group->second->broadcasting) continue;
    out.sample(of_diff(*group->second, pair.topic), *pair.lag.lag);
  }
  out.family("rocketmq_group_retrydiff", kGauge, "GroupRetryDiff");
  for (const GroupReading& group : snapshot.readings.groups()) {
    if (group.classic_retry && !group.broadcasting) {
      out.sample(of_diff(group, queueing::retry_topic(group.group)), *group.classic_retry);
    }
    for (const auto& [topic, messages] : group.pop_retry) {
      if (messages && !group.broadcasting) out.sample(of_diff(group, topic), *messages);
    }
  }
  out.family("rocketmq_group_dlqdiff", kGauge, "GroupDLQDiff");
  for (const GroupReading& group : snapshot.readings.groups()) {
    if (group.dead_letter && !group.broadcasting) {
      out.sample(of_diff(group, queueing::dead_letter_topic(group.group)), *group.dead_letter);
    }
  }
}

void write_known_group_count(const Snapshot& snapshot, TextWriter& out) {
  out.family("rocketmq_group_count", kGauge, "GroupCount");
  for (const GroupReading& group : snapshot.readings.groups()) {
    if (!group.consumers) continue;
    std::string addresses, ids;
    for (const auto& [id, client] : group.clients) {
      addresses += (addresses.empty() ? "" : ",") + client->address;
      ids += (ids.empty() ? "" : ",") + client->client_id;
    }
    for (std::string* text : {&addresses, &ids}) {
      if (text->size() > snapshot.config.label_bytes_max) text->resize(snapshot.config.label_bytes_max);
    }
    out.sample(labels({{"caddr", addresses}, {"localaddr", ids}, {"group", group.group}}), *group.consumers);
  }
}

void write_known_topics(const Snapshot& snapshot, TextWriter& out) {
  const auto is_plain = [](std::string_view topic) {
    return !queueing::is_retry_topic(topic) && !queueing::is_dead_letter_topic(topic);
  };
  out.family("rocketmq_producer_offset", kGauge, "TopicOffset");
  for (const TopicReading& topic : snapshot.topics) {
    if (is_plain(topic.topic)) out.sample(of_known_topic(topic), topic.max_offset);
  }
  out.family("rocketmq_topic_retry_offset", kGauge, "TopicRetryOffset");
  for (const TopicReading& topic : snapshot.topics) {
    if (queueing::is_retry_topic(topic.topic)) out.sample(of_known_topic(topic), topic.max_offset);
  }
  out.family("rocketmq_topic_dlq_offset", kGauge, "TopicDLQOffset");
  for (const TopicReading& topic : snapshot.topics) {
    if (!queueing::is_dead_letter_topic(topic.topic)) continue;
    out.sample(labels({{"cluster", topic.broker->cluster},
                       {"broker", topic.broker->name},
                       {"group", topic.topic.substr(queueing::kDeadLetterPrefix.size())}}),
               topic.max_offset);
  }
  out.family("rocketmq_producer_tps", kGauge, "TopicPutNums");
  for (const TopicReading& topic : snapshot.topics) {
    if (is_plain(topic.topic) && topic.produced_per_second) {
      out.sample(of_known_topic(topic), *topic.produced_per_second);
    }
  }
}

void write_known_offsets(const Snapshot& snapshot, TextWriter& out) {
  out.family("rocketmq_consumer_offset", kGauge, "GroupBrokerTotalOffset");
  for (const PairReading& pair : snapshot.readings.pairs()) {
    for (const BrokerShare& share : pair.shares) out.sample(of_share(pair, share), share.consumer_offset);
  }
}

void write_known_rates(const Snapshot& snapshot, TextWriter& out) {
  out.family("rocketmq_consumer_tps", kGauge, "GroupGetNums");
  for (std::size_t i = 0; i < snapshot.readings.pairs().size(); ++i) {
    const PairReading& pair = snapshot.readings.pairs()[i];
    for (std::size_t share = 0; share < pair.shares.size(); ++share) {
      if (const auto& rate = snapshot.consumed_per_second[i][share])
        out.sample(of_share(pair, pair.shares[share]), *rate);
    }
  }
}

void write_known_sizes(const Snapshot& snapshot, TextWriter& out) {
  out.family("rocketmq_producer_message_size", kGauge, "TopicPutMessageSize");
  for (const TopicReading& topic : snapshot.topics) {
    if (topic.facts->put_bytes_per_second && !queueing::is_retry_topic(topic.topic) &&
        !queueing::is_dead_letter_topic(topic.topic)) {
      out.sample(of_known_topic(topic), *topic.facts->put_bytes_per_second);
    }
  }
  const auto write = [&](std::string_view name, std::string_view help, auto member) {
    out.family(name, kGauge, help);
    for (const PairReading& pair : snapshot.readings.pairs()) {
      for (const BrokerShare& share : pair.shares) {
        if (share.sizes != nullptr && share.sizes->*member) out.sample(of_share(pair, share), *(share.sizes->*member));
      }
    }
  };
  write("rocketmq_consumer_message_size", "GroupGetMessageSize", &PairSizes::got_bytes_per_second);
  write("rocketmq_send_back_nums", "SendBackNums", &PairSizes::sent_back);
}

void write_known_latency(const Snapshot& snapshot, TextWriter& out) {
  out.family("rocketmq_group_get_latency_by_storetime", kGauge, "GroupGetLatencyByStoreTime");
  for (const PairReading& pair : snapshot.readings.pairs()) {
    for (const BrokerShare& share : pair.shares) {
      if (share.age_ms) out.sample(of_share(pair, share), *share.age_ms);
    }
  }
}

void write_known_clients(const Snapshot& snapshot, TextWriter& out) {
  write_producer_counts(snapshot, out, "rocketmq_producer_count", "producer instance counter");
  struct Number {
    std::string_view name;
    std::string_view help;
    double (*value)(const ClientStatus&);
  };
  static constexpr std::array kNumbers = {
      Number{"rocketmq_client_consume_fail_msg_count", "consumerClientFailedMsgCounts",
             [](const ClientStatus& status) { return static_cast<double>(status.failed_messages); }},
      Number{"rocketmq_client_consume_fail_msg_tps", "consumerClientFailedTPS",
             [](const ClientStatus& status) { return status.failed_per_second; }},
      Number{"rocketmq_client_consume_ok_msg_tps", "consumerClientOKTPS",
             [](const ClientStatus& status) { return status.consumed_per_second; }},
      Number{"rocketmq_client_consume_rt", "consumerClientRT",
             [](const ClientStatus& status) { return status.consume_ms; }},
      Number{"rocketmq_client_consumer_pull_rt", "consumerClientPullRT",
             [](const ClientStatus& status) { return status.pull_ms; }},
      Number{"rocketmq_client_consumer_pull_tps", "consumerClientPullTPS",
             [](const ClientStatus& status) { return status.pulled_per_second; }},
  };
  const std::size_t bytes_max = snapshot.config.label_bytes_max;
  for (const Number& number : kNumbers) {
    out.family(number.name, kGauge, number.help);
    for (const GroupReading& group : snapshot.readings.groups()) {
      for (const auto& [id, client] : group.clients) {
        for (const ClientStatus& status : client->status) {
          if (status.topic.size() > bytes_max || id.size() > bytes_max || client->address.size() > bytes_max) continue;
          out.sample(
              labels(
                  {{"clientAddr", client->address}, {"clientId", id}, {"group", group.group}, {"topic", status.topic}}),
              number.value(status));
        }
      }
    }
  }
}

struct RuntimeSeries {
  std::string_view name;
  std::string_view help;
  RuntimeNumber number;
};

constexpr std::array kRuntime = {
    RuntimeSeries{"pmdt_0ms", "PutMessageDistributeTimeMap0ms", {"putMessageDistributeTime", bucket, 0, "<=0ms"}},
    RuntimeSeries{
        "pmdt_0to10ms", "PutMessageDistributeTimeMap0to10ms", {"putMessageDistributeTime", bucket, 0, "0~10ms"}},
    RuntimeSeries{
        "pmdt_10to50ms", "PutMessageDistributeTimeMap10to50ms", {"putMessageDistributeTime", bucket, 0, "10~50ms"}},
    RuntimeSeries{
        "pmdt_50to100ms", "PutMessageDistributeTimeMap50to100ms", {"putMessageDistributeTime", bucket, 0, "50~100ms"}},
    RuntimeSeries{"pmdt_100to200ms",
                  "PutMessageDistributeTimeMap100to200ms",
                  {"putMessageDistributeTime", bucket, 0, "100~200ms"}},
    RuntimeSeries{"pmdt_200to500ms",
                  "PutMessageDistributeTimeMap200to500ms",
                  {"putMessageDistributeTime", bucket, 0, "200~500ms"}},
    RuntimeSeries{
        "pmdt_500to1s", "PutMessageDistributeTimeMap500to1s", {"putMessageDistributeTime", bucket, 0, "500ms~1s"}},
    RuntimeSeries{"pmdt_1to2s", "PutMessageDistributeTimeMap1to2s", {"putMessageDistributeTime", bucket, 0, "1~2s"}},
    RuntimeSeries{"pmdt_2to3s", "PutMessageDistributeTimeMap2to3s", {"putMessageDistributeTime", bucket, 0, "2~3s"}},
    RuntimeSeries{"pmdt_3to4s", "PutMessageDistributeTimeMap3to4s", {"putMessageDistributeTime", bucket, 0, "3~4s"}},
    RuntimeSeries{"pmdt_4to5s", "PutMessageDistributeTimeMap4to5s", {"putMessageDistributeTime", bucket, 0, "4~5s"}},
    RuntimeSeries{"pmdt_5to10s", "PutMessageDistributeTimeMap5to10s", {"putMessageDistributeTime", bucket, 0, "5~10s"}},
    RuntimeSeries{
        "pmdt_10stomore", "PutMessageDistributeTimeMap10toMore", {"putMessageDistributeTime", bucket, 0, "10s~"}},
    RuntimeSeries{"msg_put_total_today_now", "brokerRuntimeMsgPutTotalTodayNow", {"msgPutTotalTodayNow"}},
    RuntimeSeries{"msg_gettotal_today_now", "brokerRuntimeMsgGetTotalTodayNow", {"msgGetTotalTodayNow"}},
    RuntimeSeries{"dispatch_behind_bytes", "brokerRuntimeDispatchBehindBytes", {"dispatchBehindBytes"}},
    RuntimeSeries{"put_message_size_total", "brokerRuntimePutMessageSizeTotal", {"putMessageSizeTotal"}},
    RuntimeSeries{"put_message_average_size", "brokerRuntimePutMessageAverageSize", {"putMessageAverageSize"}},
    RuntimeSeries{"query_threadpool_queue_capacity",
                  "brokerRuntimeQueryThreadPoolQueueCapacity",
                  {"queryThreadPoolQueueCapacity"}},
    RuntimeSeries{"remain_transientstore_buffer_numbs",
                  "brokerRuntimeRemainTransientStoreBufferNumbs",
                  {"remainTransientStoreBufferNumbs"}},
    RuntimeSeries{"earliest_message_timestamp", "brokerRuntimeEarliestMessageTimeStamp", {"earliestMessageTimeStamp"}},
    RuntimeSeries{"putmessage_entire_time_max", "brokerRuntimePutMessageEntireTimeMax", {"putMessageEntireTimeMax"}},
    RuntimeSeries{"start_accept_sendrequest_time",
                  "brokerRuntimeStartAcceptSendRequestTimeStamp",
                  {"startAcceptSendRequestTimeStamp"}},
    RuntimeSeries{"send_threadpool_queue_size", "brokerRuntimeSendThreadPoolQueueSize", {"sendThreadPoolQueueSize"}},
    RuntimeSeries{"putmessage_times_total", "brokerRuntimePutMessageTimesTotal", {"putMessageTimesTotal"}},
    RuntimeSeries{"getmessage_entire_time_max", "brokerRuntimeGetMessageEntireTimeMax", {"getMessageEntireTimeMax"}},
    RuntimeSeries{"pagecache_lock_time_mills", "brokerRuntimePageCacheLockTimeMills", {"pageCacheLockTimeMills"}},
    RuntimeSeries{"commitlog_disk_ratio", "brokerRuntimeCommitLogDiskRatio", {"commitLogDiskRatio"}},
    RuntimeSeries{"consumequeue_disk_ratio", "brokerRuntimeConsumeQueueDiskRatio", {"consumeQueueDiskRatio"}},
    RuntimeSeries{"getfound_tps600", "brokerRuntimeGetFoundTps600", {"getFoundTps", word, 2}},
    RuntimeSeries{"getfound_tps60", "brokerRuntimeGetFoundTps60", {"getFoundTps", word, 1}},
    RuntimeSeries{"getfound_tps10", "brokerRuntimeGetFoundTps10", {"getFoundTps", word, 0}},
    RuntimeSeries{"gettotal_tps600", "brokerRuntimeGetTotalTps600", {"getTotalTps", word, 2}},
    RuntimeSeries{"gettotal_tps60", "brokerRuntimeGetTotalTps60", {"getTotalTps", word, 1}},
    RuntimeSeries{"gettotal_tps10", "brokerRuntimeGetTotalTps10", {"getTotalTps", word, 0}},
    RuntimeSeries{"gettransfered_tps600", "brokerRuntimeGetTransferedTps600", {"getTransferredTps", word, 2}},
    RuntimeSeries{"gettransfered_tps60", "brokerRuntimeGetTransferedTps60", {"getTransferredTps", word, 1}},
    RuntimeSeries{"gettransfered_tps10", "brokerRuntimeGetTransferedTps10", {"getTransferredTps", word, 0}},
    RuntimeSeries{"getmiss_tps600", "brokerRuntimeGetMissTps600", {"getMissTps", word, 2}},
    RuntimeSeries{"getmiss_tps60", "brokerRuntimeGetMissTps60", {"getMissTps", word, 1}},
    RuntimeSeries{"getmiss_tps10", "brokerRuntimeGetMissTps10", {"getMissTps", word, 0}},
    RuntimeSeries{"put_tps600", "brokerRuntimePutTps600", {"putTps", word, 2}},
    RuntimeSeries{"put_tps60", "brokerRuntimePutTps60", {"putTps", word, 1}},
    RuntimeSeries{"put_tps10", "brokerRuntimePutTps10", {"putTps", word, 0}},
    RuntimeSeries{"dispatch_maxbuffer", "brokerRuntimeDispatchMaxBuffer", {"dispatchMaxBuffer"}},
    RuntimeSeries{
        "pull_threadpoolqueue_capacity", "brokerRuntimePullThreadPoolQueueCapacity", {"pullThreadPoolQueueCapacity"}},
    RuntimeSeries{
        "send_threadpoolqueue_capacity", "brokerRuntimeSendThreadPoolQueueCapacity", {"sendThreadPoolQueueCapacity"}},
    RuntimeSeries{"pull_threadpoolqueue_size", "brokerRuntimePullThreadPoolQueueSize", {"pullThreadPoolQueueSize"}},
    RuntimeSeries{"query_threadpoolqueue_size", "brokerRuntimeQueryThreadPoolQueueSize", {"queryThreadPoolQueueSize"}},
    RuntimeSeries{"pull_threadpoolqueue_headwait_timemills",
                  "brokerRuntimePullThreadPoolQueueHeadWaitTimeMills",
                  {"pullThreadPoolQueueHeadWaitTimeMills"}},
    RuntimeSeries{"query_threadpoolqueue_headwait_timemills",
                  "brokerRuntimeQueryThreadPoolQueueHeadWaitTimeMills",
                  {"queryThreadPoolQueueHeadWaitTimeMills"}},
    RuntimeSeries{"send_threadpoolqueue_headwait_timemills",
                  "brokerRuntimeSendThreadPoolQueueHeadWaitTimeMills",
                  {"sendThreadPoolQueueHeadWaitTimeMills"}},
    RuntimeSeries{
        "msg_gettotal_yesterdaymorning", "brokerRuntimeMsgGetTotalYesterdayMorning", {"msgGetTotalYesterdayMorning"}},
    RuntimeSeries{
        "msg_puttotal_yesterdaymorning", "brokerRuntimeMsgPutTotalYesterdayMorning", {"msgPutTotalYesterdayMorning"}},
    RuntimeSeries{"msg_gettotal_todaymorning", "brokerRuntimeMsgGetTotalTodayMorning", {"msgGetTotalTodayMorning"}},
    RuntimeSeries{"msg_puttotal_todaymorning", "brokerRuntimeMsgPutTotalTodayMorning", {"msgPutTotalTodayMorning"}},
    RuntimeSeries{
        "commitlogdir_capacity_free", "brokerRuntimeCommitLogDirCapacityFree", {"commitLogDirCapacity", capacity, 1}},
    RuntimeSeries{
        "commitlogdir_capacity_total", "brokerRuntimeCommitLogDirCapacityTotal", {"commitLogDirCapacity", capacity, 0}},
    RuntimeSeries{"commitlog_maxoffset", "brokerRuntimeCommitLogMaxOffset", {"commitLogMaxOffset"}},
    RuntimeSeries{"commitlog_minoffset", "brokerRuntimeCommitLogMinOffset", {"commitLogMinOffset"}},
    RuntimeSeries{
        "remain_howmanydata_toflush", "brokerRuntimeRemainHowManyDataToFlush", {"remainHowManyDataToFlush", bytes}},
    RuntimeSeries{"put_latency_99", "brokerRuntimePutLatency99", {"putLatency99"}},
    RuntimeSeries{"put_latency_999", "brokerRuntimePutLatency999", {"putLatency999"}},
};

void write_known_brokers(const Snapshot& snapshot, TextWriter& out) {
  const auto rate = [&](std::string_view name, std::string_view help, RuntimeNumber number) {
    out.family(name, kGauge, help);
    for (const BrokerFacts& broker : snapshot.brokers()) {
      const auto value = broker.runtime ? read_runtime(*broker.runtime, number) : std::nullopt;
      if (!value) continue;
      out.sample(labels({{"cluster", broker.cluster}, {"brokerIP", broker.address}, {"broker", broker.name}}), *value);
    }
  };
  rate("rocketmq_broker_tps", "BrokerPutNums", {"putTps", word, 1});
  rate("rocketmq_broker_qps", "BrokerGetNums", {"getTransferredTps", word, 1});
  out.family("rocketmq_broker_commitlog_diff", kGauge, "brokerCommitLogDiffGauge");
  for (const BrokerFacts& broker : snapshot.brokers()) {
    if (!broker.runtime) continue;
    const auto master = read_runtime(*broker.runtime, {"commitLogMaxOffset"});
    for (const auto& [address, runtime] : broker.replicas) {
      const auto slave = runtime ? read_runtime(*runtime, {"commitLogMaxOffset"}) : std::nullopt;
      if (!master || !slave) continue;
      out.sample(labels({{"cluster", broker.cluster}, {"brokerIP", address}, {"broker", broker.name}}),
                 *master - *slave);
    }
  }
}

void write_known_runtime(const Snapshot& snapshot, TextWriter& out) {
  for (const RuntimeSeries& series : kRuntime) {
    out.family(fmt::format("rocketmq_brokeruntime_{}", series.name), kGauge, series.help);
    for (const BrokerFacts& broker : snapshot.brokers()) {
      const auto value = broker.runtime ? read_runtime(*broker.runtime, series.number) : std::nullopt;
      if (!value) continue;
      out.sample(labels({{"cluster", broker.cluster},
                         {"brokerIP", broker.address},
                         {"brokerHost", ""},  // the Apache exporter gives it empty
                         {"des", runtime_text(*broker.runtime, "brokerVersionDesc")},
                         {"boottime", runtime_text(*broker.runtime, "bootTimestamp")},
                         {"broker_version", runtime_text(*broker.runtime, "brokerVersion")}}),
                 *value);
    }
  }
}

}  // namespace

std::span<const WriteSeries> well_known_series() {
  static constexpr std::array<WriteSeries, 10> kSeries = {
      &write_known_diffs,   &write_known_group_count, &write_known_topics,  &write_known_offsets, &write_known_rates,
      &write_known_latency, &write_known_clients,     &write_known_brokers, &write_known_runtime, &write_known_sizes};
  return kSeries;
}

}  // namespace gantry::exporter
