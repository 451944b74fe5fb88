#include "broker/table.h"

#include "broker/handlers/handlers.h"

namespace gantry::broker {

namespace {

using namespace wire::request_code;

constexpr Route kNamesrv[] = {
    {kGetRouteinfoByTopic, handle_get_route_info, Access::any},
    {kGetBrokerClusterInfo, handle_get_cluster_info, Access::any},
    {kGetAllTopicListFromNameserver, handle_get_all_topics, Access::any},
    {kGetTopicsByCluster, handle_get_topics_by_cluster, Access::any},
    {kGetSystemTopicListFromNs, handle_get_system_topics, Access::any},
    {kDeleteTopicInNamesrv, handle_delete_topic_in_namesrv, Access::admin},
    {kPutKvConfig, handle_put_kv_config, Access::admin},
    {kGetKvConfig, handle_get_kv_config, Access::any},
    {kDeleteKvConfig, handle_delete_kv_config, Access::admin},
    {kGetKvlistByNamespace, handle_get_kv_list, Access::any},
    {kWipeWritePermOfBroker, handle_set_write_permission, Access::admin},
    {kAddWritePermOfBroker, handle_set_write_permission, Access::admin},
    {kGetNamesrvConfig, handle_get_broker_config, Access::admin},
};

constexpr Route kBroker[] = {
    {kSendMessage, handle_send_message, Access::named, names_of_send},
    {kSendMessageV2, handle_send_message, Access::named, names_of_send},
    {kSendBatchMessage, handle_send_message, Access::named, names_of_send},
    {kConsumerSendMsgBack, handle_send_back, Access::named},
    {kEndTransaction, handle_end_transaction, Access::named_if_any},
    {kPullMessage, handle_pull_message, Access::named},
    {kLitePullMessage, handle_pull_message, Access::named},
    {kQueryMessage, handle_query_message, Access::named},
    {kViewMessageById, handle_view_message, Access::named},

    {kPopMessage, handle_pop_message, Access::named},
    {kAckMessage, handle_ack_message, Access::named},
    {kBatchAckMessage, handle_batch_ack_message, Access::named, names_of_batch_ack},
    {kChangeMessageInvisibletime, handle_change_invisible_time, Access::named},
    {kNotification, handle_notification, Access::named},
    {kQueryAssignment, handle_query_assignment, Access::named, names_of_query_assignment},
    {kSetMessageRequestMode, handle_set_message_request_mode, Access::admin},

    {kQueryConsumerOffset, handle_query_consumer_offset, Access::named},
    {kUpdateConsumerOffset, handle_update_consumer_offset, Access::named},
    {kSearchOffsetByTimestamp, handle_search_offset, Access::named},
    {kGetMaxOffset, handle_get_max_offset, Access::named},
    {kGetMinOffset, handle_get_min_offset, Access::named},
    {kGetEarliestMsgStoretime, handle_get_earliest_store_time, Access::named},
    {kInvokeBrokerToResetOffset, handle_reset_offset, Access::admin},
    {kCloneGroupOffset, handle_clone_group_offset, Access::admin},
    {kGetAllConsumerOffset, handle_get_all_consumer_offsets, Access::admin},

    {kHeartBeat, handle_heartbeat, Access::named_if_any, names_of_heartbeat},
    {kUnregisterClient, handle_unregister_client, Access::named_if_any},
    {kCheckClientConfig, handle_check_client_config, Access::any},
    {kGetConsumerListByGroup, handle_get_consumer_list, Access::named},
    {kLockBatchMq, handle_lock_queues, Access::named, names_of_lock},
    {kUnlockBatchMq, handle_unlock_queues, Access::named, names_of_unlock},
    {kGetConsumerConnectionList, handle_get_consumer_connections, Access::named},
    {kGetProducerConnectionList, handle_get_producer_connections, Access::admin},
    {kGetAllProducerInfo, handle_get_all_producers, Access::admin},
    {kInvokeBrokerToGetConsumerStatus, handle_get_consumer_status, Access::named},
    {kGetConsumerRunningInfo, handle_forward_to_consumer, Access::named},
    {kConsumeMessageDirectly, handle_forward_to_consumer, Access::admin},

    {kUpdateAndCreateTopic, handle_put_topic, Access::admin},
    {kUpdateAndCreateTopicList, handle_put_topics, Access::admin},
    {kDeleteTopicInBroker, handle_delete_topic, Access::admin},
    {kGetTopicConfig, handle_get_topic_config, Access::named},
    {kGetAllTopicConfig, handle_get_all_topic_configs, Access::any},
    {kGetSystemTopicListFromBroker, handle_get_system_topics, Access::any},
    {kUpdateAndCreateSubscriptiongroup, handle_put_group, Access::admin},
    {kUpdateAndCreateSubscriptiongroupList, handle_put_groups, Access::admin},
    {kDeleteSubscriptiongroup, handle_delete_group, Access::admin},
    {kGetSubscriptiongroupConfig, handle_get_group_config, Access::named},
    {kGetAllSubscriptiongroupConfig, handle_get_all_group_configs, Access::any},

    {kGetTopicStatsInfo, handle_get_topic_stats, Access::named},
    {kGetConsumeStats, handle_get_consume_stats, Access::named},
    {kGetBrokerConsumeStats, handle_get_broker_consume_stats, Access::admin},
    {kQueryConsumeQueue, handle_query_consume_queue, Access::named},
    {kQueryConsumeTimeSpan, handle_query_consume_time_span, Access::named},
    {kQueryTopicConsumeByWho, handle_query_topic_consumers, Access::named},
    {kQueryTopicsByConsumer, handle_query_topics_by_consumer, Access::named},
    {kQuerySubscriptionByConsumer, handle_query_subscription_by_consumer, Access::named},
    {kGetBrokerRuntimeInfo, handle_get_runtime_info, Access::any},
    {kGetAllDelayOffset, handle_get_delay_offsets, Access::any},
    {kGetTimerMetrics, handle_get_timer_metrics, Access::any},
    {kGetBrokerConfig, handle_get_broker_config, Access::admin},
    {kCleanExpiredConsumequeue, handle_clean_up, Access::admin},
    {kCleanUnusedTopic, handle_clean_up, Access::admin},
    {kDeleteExpiredCommitlog, handle_clean_up, Access::admin},
};

}  // namespace

std::span<const Route> namesrv_routes() { return kNamesrv; }
std::span<const Route> broker_routes() { return kBroker; }

}  // namespace gantry::broker
