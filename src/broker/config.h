// Settings of the embedded broker: one name server and one broker in one process, for development, CI and the edge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/tls.h"
#include "remoting/server.h"
#include "store/options.h"

namespace gantry::broker {

// A user who may call when Config::users is not empty. Every request must then be signed (ACL).
struct User {
  std::string access_key;
  std::string secret_key;
  bool admin = false;  // may do everything
  std::vector<std::string> topics{
      "*"};  // topics that it may write, read and look at; "*" all, a trailing * is a prefix
  std::vector<std::string> groups{"*"};  // consumer groups that it may use; as topics
};

struct Config {
  std::string namesrv_host = "127.0.0.1";
  std::uint16_t namesrv_port = 9876;  // 0: any free one
  std::string host = "127.0.0.1";
  std::uint16_t port = 10911;  // 0: any free one
  // What routes tell clients to connect to; empty: `host`, or this machine's first address when that is 0.0.0.0 or ::.
  std::string advertised_host;

  std::string data_directory;  // empty: ${XDG_STATE_HOME:-~/.local/state}/gantry/broker
  store::Flush flush = store::Flush::async;
  std::string cluster_name = "DefaultCluster";
  std::string broker_name = "broker-a";

  bool auto_create_topics = true;
  bool auto_create_groups = true;
  std::int32_t default_queues = 8;  // of auto-created topics: the client's wish (Java: 4) up to this
  std::string delay_levels = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";
  std::int64_t timer_delay_ms_max = 3LL * 24 * 3600 * 1000;  // of TIMER_DELIVER_MS and its kin

  std::size_t message_bytes_max = 4 * 1024 * 1024;  // body
  std::size_t topics_max = 10'000;
  std::size_t groups_max = 10'000;
  std::int32_t queues_per_topic_max = 1'024;
  std::size_t held_requests_max = 100'000;  // long polls waiting for messages
  std::int32_t pull_messages_max = 32;      // of one answer; the Apache broker's limits
  std::size_t pull_bytes_max = 256 * 1024;
  std::int64_t retention_ms = 72LL * 3600 * 1000;  // 0: for ever
  std::uint64_t retention_bytes = 0;               // 0: no limit
  std::int64_t transaction_timeout_ms = 6'000;     // a half message this old is asked about
  std::int32_t transaction_checks_max = 15;        // then it is given up

  remoting::ServerLimits limits;
  std::shared_ptr<net::TlsContext> tls;
  std::vector<User> users;                           // empty: no access control
  std::shared_ptr<rocksdb::FileSystem> file_system;  // tests only: faults under the store
};

// ${XDG_STATE_HOME:-~/.local/state}/gantry/broker
std::string default_data_directory();

}  // namespace gantry::broker
