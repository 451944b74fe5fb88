// Topics: their configuration (17, 18, 21, 351) and lists (206, 224, 343), and the groups of one (300).
// Rule: org.apache.rocketmq.common.TopicConfig, constant.PermName; org.apache.rocketmq.remoting.protocol.body and
// DataVersion.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "wire/body.h"

namespace gantry::wire {

struct DataVersion {
  std::int64_t counter = 0;
  std::int64_t state_version = 0;
  std::int64_t timestamp_ms = 0;

  static constexpr auto table() {
    return std::tuple{field_or("counter", &DataVersion::counter), field_or("stateVersion", &DataVersion::state_version),
                      field_or("timestamp", &DataVersion::timestamp_ms)};
  }
  bool operator==(const DataVersion&) const = default;
};

struct TopicConfig {
  std::map<std::string, std::string> attributes;
  bool order = false;
  std::int32_t perm = 6;
  std::int32_t read_queue_nums = 16;
  std::string topic_filter_type = "SINGLE_TAG";
  std::string topic_name;
  std::int32_t topic_sys_flag = 0;
  std::int32_t write_queue_nums = 16;

  static constexpr auto table() {
    return std::tuple{field_or("attributes", &TopicConfig::attributes),
                      field_or("order", &TopicConfig::order),
                      field_or("perm", &TopicConfig::perm),
                      field_or("readQueueNums", &TopicConfig::read_queue_nums),
                      field_or("topicFilterType", &TopicConfig::topic_filter_type),
                      field("topicName", &TopicConfig::topic_name),
                      field_or("topicSysFlag", &TopicConfig::topic_sys_flag),
                      field_or("writeQueueNums", &TopicConfig::write_queue_nums)};
  }
  bool operator==(const TopicConfig&) const = default;
};

// GET_ALL_TOPIC_CONFIG (21): topic name to configuration.
struct TopicConfigSerializeWrapper {
  DataVersion data_version;
  std::map<std::string, TopicConfig> topic_config_table;

  static constexpr auto table() {
    return std::tuple{field_or("dataVersion", &TopicConfigSerializeWrapper::data_version),
                      field_or("topicConfigTable", &TopicConfigSerializeWrapper::topic_config_table)};
  }
  bool operator==(const TopicConfigSerializeWrapper&) const = default;
};

struct CreateTopicListRequestBody {
  std::vector<TopicConfig> topic_config_list;

  static constexpr auto table() {
    return std::tuple{field_or("topicConfigList", &CreateTopicListRequestBody::topic_config_list)};
  }
  bool operator==(const CreateTopicListRequestBody&) const = default;
};

struct TopicList {
  std::optional<std::string> broker_addr;
  std::vector<std::string> topic_list;

  static constexpr auto table() {
    return std::tuple{field_or("brokerAddr", &TopicList::broker_addr), field("topicList", &TopicList::topic_list)};
  }
  bool operator==(const TopicList&) const = default;
};

struct GroupList {
  std::vector<std::string> group_list;

  static constexpr auto table() { return std::tuple{field("groupList", &GroupList::group_list)}; }
  bool operator==(const GroupList&) const = default;
};

// Bits of TopicConfig::perm and QueueData::perm.
namespace perm {
inline constexpr std::int32_t kInherit = 0x1;
inline constexpr std::int32_t kWrite = 0x2;
inline constexpr std::int32_t kRead = 0x4;
}  // namespace perm

}  // namespace gantry::wire
