#include "controller/set_json.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace gantry::controller {

namespace json = boost::json;

json::object json_of(const replication::ReplicaSet& set) {
  return {{"cluster", set.cluster_name},
          {"set", set.broker_name},
          {"master_id", set.master_id ? json::value(*set.master_id) : json::value(nullptr)},
          {"master_address", set.master_id ? json::value(set.master_address()) : json::value(nullptr)},
          {"master_epoch", set.master_epoch},
          {"sync_state_set_epoch", set.sync_state_set_epoch},
          {"in_sync", json::array(set.sync_state_set.begin(), set.sync_state_set.end())}};
}

}  // namespace gantry::controller
