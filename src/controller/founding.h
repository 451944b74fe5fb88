// Asks the peers of a controller without data whether they have any, until the answers allow to form a group, or say that
// a group has taken it in (formation.h is the rule), and then until the log of that group has made it a member: it may be
// removed, or be given another id, before it has heard of the first. Says in the log what it waits for. Lives on the
// service's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <string>

#include "controller/formation.h"
#include "net/alarm.h"
#include "net/log_limit.h"
#include "remoting/client.h"

namespace gantry::controller {

class Founding {
 public:
  // `form` is called once, with the tokens of all peers: ours for a peer that is of the group already is what it has now.
  using Form = std::function<void(std::map<std::string, std::string> founding)>;

  // `join` is called instead of it when a group has given this directory an id, and again when it is another one.
  using Join = std::function<void(const Invitation& invitation)>;

  Founding(boost::asio::io_context& io, remoting::Client& client, const Config& config, const Identity& own, Form form,
           Join join);
  ~Founding();
  void start();
  const std::string& why() const { return why_; }  // why no group is formed yet; empty: nothing is known yet
  // An operator says that the peers that do not answer have no data and no group, nor will have. Errors: why not even so.
  Result<void> force();

 private:
  void ask();
  void answered(const std::string& name, Result<wire::Command> answer);
  void decide();
  void form();
  bool over() const;
  void look_for_removal();

  remoting::Client& client_;
  const Config& config_;
  const Identity& own_;
  Form form_;
  Join join_;
  net::Alarm again_;
  std::map<std::string, PeerIdentity> answers_;  // the newest of each; none of who did not answer the last time
  raft::NodeId joined_ = 0;
  int unknown_rounds_ = 0;  // since a peer knew of it
  std::string why_;
  std::string said_;
  std::optional<FormationVerdict::Step> said_step_;
  net::LogLimit said_limit_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

// The body of the answer to request 19003, and back.
std::string peer_identity_body(const Config& config, const Identity& identity, const raft::Members& members,
                               const Instance& instance = {});
Result<PeerIdentity> parse_peer_identity(std::string_view body);

}  // namespace gantry::controller
