// Who we are on the wire: unique message ids and client ids of this process.
#pragma once

#include <cstdint>
#include <string>

namespace gantry::rocketmq {

// A unique message id in Java's layout (wire/message_id.h) for a message made now. Safe from any thread.
std::string next_message_id();

// The name of one client in heartbeats, host@pid#number: the number tells clients of one process apart, and processes
// of one pid on hosts of one name (containers).
std::string make_client_id();

// "5.3.3" of the number in which clients and brokers tell their version; the number itself before 4.0.0.
// Rule: the order of org.apache.rocketmq.common.MQVersion.Version, in which each version follows its snapshot.
std::string version_name(std::int32_t version);

// Unix time in ms, as the wire's time stamps want it.
long long unix_now_ms();

}  // namespace gantry::rocketmq
