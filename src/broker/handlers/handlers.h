// Every request that the broker and its name server answer, one function and one file each: decode, check, ask the
// domain object, respond. broker/table.cc says which code goes to which.
#pragma once

#include "broker/context.h"

namespace gantry::broker {

// name server
void handle_get_route_info(BrokerContext& broker, remoting::Request request);
void handle_get_cluster_info(BrokerContext& broker, remoting::Request request);
void handle_get_all_topics(BrokerContext& broker, remoting::Request request);
void handle_get_topics_by_cluster(BrokerContext& broker, remoting::Request request);
void handle_get_system_topics(BrokerContext& broker, remoting::Request request);
void handle_delete_topic_in_namesrv(BrokerContext& broker, remoting::Request request);
void handle_put_kv_config(BrokerContext& broker, remoting::Request request);
void handle_get_kv_config(BrokerContext& broker, remoting::Request request);
void handle_delete_kv_config(BrokerContext& broker, remoting::Request request);
void handle_get_kv_list(BrokerContext& broker, remoting::Request request);
void handle_set_write_permission(BrokerContext& broker, remoting::Request request);

// messages
void handle_send_message(BrokerContext& broker, remoting::Request request);
void handle_end_transaction(BrokerContext& broker, remoting::Request request);
void handle_send_back(BrokerContext& broker, remoting::Request request);
void handle_pull_message(BrokerContext& broker, remoting::Request request);
void handle_query_message(BrokerContext& broker, remoting::Request request);
void handle_view_message(BrokerContext& broker, remoting::Request request);

// POP
void handle_pop_message(BrokerContext& broker, remoting::Request request);
void handle_ack_message(BrokerContext& broker, remoting::Request request);
void handle_batch_ack_message(BrokerContext& broker, remoting::Request request);
void handle_change_invisible_time(BrokerContext& broker, remoting::Request request);
void handle_notification(BrokerContext& broker, remoting::Request request);
void handle_query_assignment(BrokerContext& broker, remoting::Request request);
void handle_set_message_request_mode(BrokerContext& broker, remoting::Request request);

// offsets
void handle_query_consumer_offset(BrokerContext& broker, remoting::Request request);
void handle_update_consumer_offset(BrokerContext& broker, remoting::Request request);
void handle_search_offset(BrokerContext& broker, remoting::Request request);
void handle_get_max_offset(BrokerContext& broker, remoting::Request request);
void handle_get_min_offset(BrokerContext& broker, remoting::Request request);
void handle_get_earliest_store_time(BrokerContext& broker, remoting::Request request);
void handle_reset_offset(BrokerContext& broker, remoting::Request request);
void handle_clone_group_offset(BrokerContext& broker, remoting::Request request);
void handle_get_all_consumer_offsets(BrokerContext& broker, remoting::Request request);

// clients
void handle_heartbeat(BrokerContext& broker, remoting::Request request);
void handle_unregister_client(BrokerContext& broker, remoting::Request request);
void handle_check_client_config(BrokerContext& broker, remoting::Request request);
void handle_get_consumer_list(BrokerContext& broker, remoting::Request request);
void handle_lock_queues(BrokerContext& broker, remoting::Request request);
void handle_unlock_queues(BrokerContext& broker, remoting::Request request);
void handle_get_consumer_connections(BrokerContext& broker, remoting::Request request);
void handle_get_producer_connections(BrokerContext& broker, remoting::Request request);
void handle_get_all_producers(BrokerContext& broker, remoting::Request request);
void handle_get_consumer_status(BrokerContext& broker, remoting::Request request);
void handle_forward_to_consumer(BrokerContext& broker, remoting::Request request);

// topics and groups
void handle_put_topic(BrokerContext& broker, remoting::Request request);
void handle_put_topics(BrokerContext& broker, remoting::Request request);
void handle_delete_topic(BrokerContext& broker, remoting::Request request);
void handle_get_topic_config(BrokerContext& broker, remoting::Request request);
void handle_get_all_topic_configs(BrokerContext& broker, remoting::Request request);
void handle_put_group(BrokerContext& broker, remoting::Request request);
void handle_put_groups(BrokerContext& broker, remoting::Request request);
void handle_delete_group(BrokerContext& broker, remoting::Request request);
void handle_get_group_config(BrokerContext& broker, remoting::Request request);
void handle_get_all_group_configs(BrokerContext& broker, remoting::Request request);

// statistics
void handle_get_topic_stats(BrokerContext& broker, remoting::Request request);
void handle_get_consume_stats(BrokerContext& broker, remoting::Request request);
void handle_get_broker_consume_stats(BrokerContext& broker, remoting::Request request);
void handle_query_consume_queue(BrokerContext& broker, remoting::Request request);
void handle_query_consume_time_span(BrokerContext& broker, remoting::Request request);
void handle_query_topic_consumers(BrokerContext& broker, remoting::Request request);
void handle_query_topics_by_consumer(BrokerContext& broker, remoting::Request request);
void handle_query_subscription_by_consumer(BrokerContext& broker, remoting::Request request);
void handle_get_delay_offsets(BrokerContext& broker, remoting::Request request);
void handle_get_timer_metrics(BrokerContext& broker, remoting::Request request);
void handle_get_runtime_info(BrokerContext& broker, remoting::Request request);
void handle_get_broker_config(BrokerContext& broker, remoting::Request request);

// what no handler above is for
void handle_clean_up(BrokerContext& broker, remoting::Request request);
void handle_not_supported(BrokerContext& broker, remoting::Request request);

}  // namespace gantry::broker
