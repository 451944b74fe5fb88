// Names of the topics that belong to a consumer group. Rule: org.apache.rocketmq.common.MixAll and KeyBuilder.
#pragma once

#include <string>
#include <string_view>

namespace gantry::queueing {

inline constexpr std::string_view kRetryPrefix = "%RETRY%";
inline constexpr std::string_view kDeadLetterPrefix = "%DLQ%";

std::string retry_topic(std::string_view group);        // of classic consumers: %RETRY%group
std::string dead_letter_topic(std::string_view group);  // %DLQ%group

// Where POP puts what was not acknowledged in time: %RETRY%group_topic, the form that every RocketMQ 5 client
// accepts (the newer %RETRY%group+topic is off by default in Apache brokers).
std::string pop_retry_topic(std::string_view topic, std::string_view group);

// The topic that a group's POP retry topic belongs to; any other topic is its own.
std::string_view pop_origin_topic(std::string_view topic, std::string_view group);

bool is_retry_topic(std::string_view topic);
bool is_dead_letter_topic(std::string_view topic);
// Topics that a broker keeps for itself (TBW102, SCHEDULE_TOPIC_XXXX, RMQ_SYS_..., rmq_sys_...): clients may not
// create, delete or write them.
bool is_system_topic(std::string_view topic);

// "namespace%name", the name of a topic or group inside a RocketMQ namespace; the name itself when the namespace is empty
// or already in front of it. Rule: NamespaceUtil.wrapNamespace.
std::string with_namespace(std::string_view name_space, std::string_view name);

// Rule: TopicValidator: letters, digits, % | - _ ; 1 to 127 characters.
bool is_valid_topic(std::string_view topic);
// Rule: Validators.checkGroup: the same characters, 1 to 255.
bool is_valid_group(std::string_view group);

}  // namespace gantry::queueing
