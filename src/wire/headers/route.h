// Headers of the name server: GET_ROUTEINFO_BY_TOPIC (105), key-value configuration (100, 101, 102, 219), registration
// of brokers (103, 104), write permission (205, 327). GET_BROKER_CLUSTER_INFO (106) has none. Rule: the classes of the
// same names in org.apache.rocketmq.remoting.protocol.header.namesrv.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/fields.h"

namespace gantry::wire {

// accept_standard_json_only: the client wants map keys quoted, which is how we always write them.
struct GetRouteInfoRequestHeader {
  std::string topic;
  std::optional<bool> accept_standard_json_only;

  static constexpr auto table() {
    return std::tuple{field("topic", &GetRouteInfoRequestHeader::topic),
                      field("acceptStandardJsonOnly", &GetRouteInfoRequestHeader::accept_standard_json_only)};
  }
};

struct PutKVConfigRequestHeader {
  std::string name_space;
  std::string key;
  std::string value;

  static constexpr auto table() {
    return std::tuple{field("namespace", &PutKVConfigRequestHeader::name_space),
                      field("key", &PutKVConfigRequestHeader::key), field("value", &PutKVConfigRequestHeader::value)};
  }
};

struct GetKVConfigRequestHeader {
  std::string name_space;
  std::string key;

  static constexpr auto table() {
    return std::tuple{field("namespace", &GetKVConfigRequestHeader::name_space),
                      field("key", &GetKVConfigRequestHeader::key)};
  }
};

struct GetKVConfigResponseHeader {
  std::optional<std::string> value;

  static constexpr auto table() { return std::tuple{field("value", &GetKVConfigResponseHeader::value)}; }
};

struct DeleteKVConfigRequestHeader {
  std::string name_space;
  std::string key;

  static constexpr auto table() {
    return std::tuple{field("namespace", &DeleteKVConfigRequestHeader::name_space),
                      field("key", &DeleteKVConfigRequestHeader::key)};
  }
};

struct GetKVListByNamespaceRequestHeader {
  std::string name_space;

  static constexpr auto table() {
    return std::tuple{field("namespace", &GetKVListByNamespaceRequestHeader::name_space)};
  }
};

struct RegisterBrokerRequestHeader {
  std::string broker_name;
  std::string broker_addr;
  std::string cluster_name;
  std::string ha_server_addr;
  std::int64_t broker_id = 0;
  std::optional<std::int64_t> heartbeat_timeout_ms;
  std::optional<bool> enable_acting_master;
  bool compressed = false;
  std::int32_t body_crc32 = 0;

  static constexpr auto table() {
    return std::tuple{field("brokerName", &RegisterBrokerRequestHeader::broker_name),
                      field("brokerAddr", &RegisterBrokerRequestHeader::broker_addr),
                      field("clusterName", &RegisterBrokerRequestHeader::cluster_name),
                      field("haServerAddr", &RegisterBrokerRequestHeader::ha_server_addr),
                      field("brokerId", &RegisterBrokerRequestHeader::broker_id),
                      field("heartbeatTimeoutMillis", &RegisterBrokerRequestHeader::heartbeat_timeout_ms),
                      field("enableActingMaster", &RegisterBrokerRequestHeader::enable_acting_master),
                      field_or("compressed", &RegisterBrokerRequestHeader::compressed),
                      field_or("bodyCrc32", &RegisterBrokerRequestHeader::body_crc32)};
  }
};

struct RegisterBrokerResponseHeader {
  std::optional<std::string> ha_server_addr;
  std::optional<std::string> master_addr;

  static constexpr auto table() {
    return std::tuple{field("haServerAddr", &RegisterBrokerResponseHeader::ha_server_addr),
                      field("masterAddr", &RegisterBrokerResponseHeader::master_addr)};
  }
};

struct UnRegisterBrokerRequestHeader {
  std::string broker_name;
  std::string broker_addr;
  std::string cluster_name;
  std::int64_t broker_id = 0;

  static constexpr auto table() {
    return std::tuple{field("brokerName", &UnRegisterBrokerRequestHeader::broker_name),
                      field("brokerAddr", &UnRegisterBrokerRequestHeader::broker_addr),
                      field("clusterName", &UnRegisterBrokerRequestHeader::cluster_name),
                      field("brokerId", &UnRegisterBrokerRequestHeader::broker_id)};
  }
};

struct WipeWritePermOfBrokerRequestHeader {
  std::string broker_name;

  static constexpr auto table() {
    return std::tuple{field("brokerName", &WipeWritePermOfBrokerRequestHeader::broker_name)};
  }
};

struct WipeWritePermOfBrokerResponseHeader {
  std::int32_t wipe_topic_count = 0;

  static constexpr auto table() {
    return std::tuple{field("wipeTopicCount", &WipeWritePermOfBrokerResponseHeader::wipe_topic_count)};
  }
};

struct AddWritePermOfBrokerRequestHeader {
  std::string broker_name;

  static constexpr auto table() {
    return std::tuple{field("brokerName", &AddWritePermOfBrokerRequestHeader::broker_name)};
  }
};

struct AddWritePermOfBrokerResponseHeader {
  std::int32_t add_topic_count = 0;

  static constexpr auto table() {
    return std::tuple{field("addTopicCount", &AddWritePermOfBrokerResponseHeader::add_topic_count)};
  }
};

}  // namespace gantry::wire
