// From what a cycle read to what is exposed: for every pair of topic and group its lag, by the arithmetic that
// `gantry lag` and the scaler use (lag/arithmetic.h); for every group its retries, dead letters and clients. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/config.h"
#include "exporter/facts.h"
#include "lag/reading.h"

namespace gantry::exporter {

// One broker's part of a pair.
struct BrokerShare {
  const BrokerFacts* broker = nullptr;
  const PairSizes* sizes = nullptr;    // null: not read
  std::int64_t consumer_offset = 0;    // sum over queues with a committed offset
  std::optional<std::int64_t> age_ms;  // of the oldest message not consumed
};

struct PairReading {
  std::string_view cluster;
  std::string_view topic;
  std::string_view group;
  lag::LagReading lag;              // sums only
  std::vector<BrokerShare> shares;  // of brokers that answered
  bool offsets_known = false;       // shares are all there are
};

struct GroupReading {
  std::string_view cluster;
  std::string_view group;
  std::optional<std::int64_t> retry;          // in the retry topic of the group, and those of its POP consumption
  std::optional<std::int64_t> classic_retry;  // in the first of these alone
  std::map<std::string, std::optional<std::int64_t>> pop_retry;  // in each of the others, by topic
  std::optional<std::int64_t> dead_letter;
  std::optional<std::int64_t> consumers;                   // clients, each once
  std::map<std::string_view, const ClientFacts*> clients;  // by client id
  bool broadcasting = false;
};

// What has to be known of earlier cycles: which broker held which topics, and which groups were seen to POP.
class Memory {
 public:
  // After each cycle; `now_ms` by any clock that only goes on.
  void learn(const ClusterFacts& facts, std::int64_t now_ms, const Config& config);

  // Whether a broker that does not answer now held the topic lately.
  bool held_elsewhere(std::string_view topic) const { return missing_.contains(topic); }
  const std::set<std::string, std::less<>>& missing_topics() const { return missing_; }
  void note_pop(std::string_view group) { pop_groups_.emplace(group); }
  bool pops(std::string_view group) const { return pop_groups_.contains(group); }
  void forget_groups_but(const std::set<std::string_view>& groups);

 private:
  struct Held {
    std::int64_t seen_ms = 0;
    std::vector<std::string> topics;
  };
  std::map<std::string, Held> brokers_;
  std::set<std::string, std::less<>> missing_;
  std::set<std::string, std::less<>> pop_groups_;
};

// All pairs and groups of one cycle. Pairs are read one by one, so that who has other things to do can do them between.
class Readings {
 public:
  // `facts` must outlive this. Learns nothing: Memory::learn() comes before.
  Readings(const ClusterFacts& facts, Memory& memory, const Config& config);

  std::size_t pairs_left() const { return names_.size() - pairs_.size(); }
  void read_next_pair();
  void finish();  // the groups, after all pairs

  const ClusterFacts& facts() const { return facts_; }
  const std::vector<PairReading>& pairs() const { return pairs_; }
  const std::vector<GroupReading>& groups() const { return groups_; }
  std::size_t dropped_pairs() const { return dropped_pairs_; }
  std::size_t unusable_names() const { return unusable_names_; }

 private:
  struct Share;
  void find_pairs();
  Share read_share(const BrokerFacts& broker, const TopicFacts& topic, const PairReading& pair);
  void read_group(std::string_view group);

  const ClusterFacts& facts_;
  Memory& memory_;
  const Config& config_;
  std::map<std::string_view, std::vector<std::pair<const BrokerFacts*, const TopicFacts*>>> holders_;  // by topic
  std::vector<std::pair<std::string_view, std::string_view>> names_;                                   // topic, group
  std::vector<PairReading> pairs_;
  std::vector<GroupReading> groups_;
  std::map<std::string_view, bool> group_complete_;
  std::size_t dropped_pairs_ = 0;
  std::size_t unusable_names_ = 0;
};

}  // namespace gantry::exporter
