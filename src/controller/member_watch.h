// Who of the group is silent and how far each is behind, kept for page and metrics, which must not wait for it. Only the
// leader hears of all: it asks its own group, and another node asks it (19010), so that every page tells of one that is
// missing. Lives on the service's thread.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "controller/context.h"
#include "controller/directory.h"
#include "controller/replica.h"
#include "controller/view.h"
#include "remoting/client.h"

namespace gantry::controller {

struct MemberNews {
  std::uint64_t id = 0;
  bool alive = false;
  std::optional<raft::Index> lag;
};
// Of the leader's answer to 19010; corrupt when it is something else.
Result<std::vector<MemberNews>> parse_member_news(std::string_view body);

class MemberWatch {
 public:
  // All outlive it.
  MemberWatch(remoting::Client& client, const Replica& replica, const Directory& directory, GroupStatusQuery status);

  void tick(bool wanted);             // every 20 ms; wanted: of a group, and somebody looks
  void add_to(NodeView& view) const;  // what is known, and not older than a moment

 private:
  struct Heard {
    raft::NodeId leader = 0;
    MonotonicMs at = 0;
    std::vector<MemberNews> members;
  };
  void ask(raft::NodeId leader, const std::string& address);

  remoting::Client& client_;
  const Replica& replica_;
  const Directory& directory_;
  GroupStatusQuery query_;
  MonotonicMs next_at_ = 0;
  bool asking_ = false;
  std::optional<raft::GroupStatus> own_;  // while we lead
  std::optional<Heard> heard_;            // while another one does
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace gantry::controller
