// Our own request 19013: writes a snapshot of this node now, for `gantry controller snapshot`.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "controller/answers.h"
#include "controller/handlers/handlers.h"

namespace gantry::controller {

void handle_take_snapshot(ControllerContext& controller, remoting::Request request) {
  if (controller.replica.applied() == 0)
    return refuse(request.reply, {Errc::unavailable, "this controller is of no group yet, or has nothing of its log"});
  const auto taken = controller.replica.take_snapshot();
  auto reply = std::make_shared<remoting::Reply>(std::move(request.reply));
  controller.status_after_snapshots([reply, taken](const raft::GroupStatus& status) {
    if (status.snapshot < taken.index)
      return refuse(*reply, {Errc::internal, "the snapshot was not written; the log of this controller says why"});
    auto response = reply->response(wire::response_code::kSuccess);
    response.body = boost::json::serialize(boost::json::object{{"index", status.snapshot}, {"bytes", taken.bytes}});
    reply->send(std::move(response));
  });
}

}  // namespace gantry::controller
