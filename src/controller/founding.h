// Asks the peers of a controller without data whether they have any, until the answers allow to form a group
// (formation.h is the rule). Says in the log what it waits for. Lives on the service's thread.
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

  Founding(boost::asio::io_context& io, remoting::Client& client, const Config& config, const Identity& own, Form form);
  ~Founding();
  void start();

 private:
  void ask();
  void answered(const std::string& name, Result<wire::Command> answer);
  void decide();

  remoting::Client& client_;
  const Config& config_;
  const Identity& own_;
  Form form_;
  net::Alarm again_;
  std::map<std::string, PeerIdentity> answers_;  // the newest of each; none of who did not answer the last time
  std::string said_;
  net::LogLimit said_limit_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

// The body of the answer to request 19003, and back.
std::string peer_identity_body(const Config& config, const Identity& identity);
Result<PeerIdentity> parse_peer_identity(std::string_view body);

}  // namespace gantry::controller
