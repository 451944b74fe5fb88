// Settings of the Prometheus exporter.
#pragma once

#include <chrono>
#include <cstddef>

#include "lag/arithmetic.h"

namespace gantry::exporter {

struct Config {
  std::chrono::milliseconds interval{15'000};         // from the start of a cycle to the start of the next
  std::chrono::milliseconds request_timeout{10'000};  // of one request of a cycle
  std::chrono::milliseconds client_timeout{1'500};    // of a consumer that is asked for details
  // Without a complete cycle for so long, no series but the exporter's own are given. 0: three intervals, at least a
  // minute.
  std::chrono::milliseconds stale_after{0};
  std::size_t requests_in_flight_max = 64;
  // Where a group begins that has never committed: as `gantry lag --offset-reset-policy`.
  lag::OffsetResetPolicy policy = lag::OffsetResetPolicy::earliest;

  bool clean_names = true;       // gantry_rocketmq_*
  bool well_known_names = true;  // rocketmq_*, those of the Apache exporter
  // Ask brokers for the sizes of messages, and for how many were sent back (315): one request for each topic, two for
  // each pair. The Apache broker alone answers.
  bool message_sizes = false;
  bool client_details = true;  // ask connected consumers for their running info (307), through the broker

  // What is beyond a limit has no series, the last by name first, and gantry_exporter_dropped says how much that was.
  std::size_t pairs_max = 20'000;   // topic and group
  std::size_t topics_max = 20'000;  // of one broker
  std::size_t groups_max = 20'000;  // of one broker
  std::size_t clients_max = 1'000;  // connected consumers asked for details
  std::size_t label_bytes_max = 1'024;
  std::size_t text_bytes_max = 128 * 1024 * 1024;

  // A broker that left the cluster is unknown, not gone, for so long: its messages are still on its disk.
  std::chrono::seconds remember_broker{3'600};
  std::chrono::seconds rate_window{60};  // rates are over at least so long, once there was so long
};

}  // namespace gantry::exporter
