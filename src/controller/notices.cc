#include "controller/notices.h"

#include "wire/bodies/controller.h"
#include "wire/codes.h"
#include "wire/headers/controller.h"

namespace gantry::controller {

void notify_role_changed(remoting::Client& client, const replication::RoleChanged& change, const Liveness& liveness,
                         MonotonicMs now) {
  if (!change.master_id) return;
  wire::NotifyBrokerRoleChangedRequestHeader header;
  header.master_broker_id = change.master_id;
  header.master_address = change.master_address;
  header.master_epoch = change.master_epoch;
  header.sync_state_set_epoch = change.sync_state_set_epoch;
  const std::string body = wire::encode_body(wire::SyncStateSet{change.sync_state_set, change.sync_state_set_epoch});
  for (const auto& member : change.members) {
    if (!liveness.alive(change.cluster_name, change.broker_name, member.broker_id, now)) continue;
    wire::Command notice = wire::make_request(wire::request_code::kNotifyBrokerRoleChanged);
    wire::encode_header(header, notice.fields);
    notice.body = body;
    client.oneway(member.address, std::move(notice));
  }
}

}  // namespace gantry::controller
