// Another process on a copy of this controller's directory: two that vote and write under one id are two votes of one
// member, and a group that forgets what it has acknowledged. Each controller asks at the address by which the group knows
// it, before it takes part and then on and on: it is the member when it hears itself there, and takes no part when another
// process with the same token answers. Both say so. Lives on the service's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "controller/formation.h"
#include "net/alarm.h"
#include "net/log_limit.h"
#include "remoting/client.h"

namespace gantry::controller {

struct TwinVerdict {
  enum class Step {
    alone,  // takes part
    wait,   // nothing is known, and this is not at the address that the group knows
    twin,   // the other one takes part
  };
  Step step = Step::alone;
  std::string why;  // what to do included; of alone: why a copy would not be noticed, or empty
};

// What an answer to 19003 at `recorded`, the address by which the group knows this node, says of us.
TwinVerdict judge_twin(const Config& config, const Identity& own, const Instance& instance, raft::NodeId node,
                       const std::string& recorded, const Result<PeerIdentity>& answer);

class Twins {
 public:
  // All must outlive it.
  Twins(boost::asio::io_context& io, remoting::Client& client, const Config& config, const Identity& own);

  const Instance& instance() const { return instance_; }
  // `alone` is called once, when this may take part: at once when nothing is recorded. `found` instead of it never, but
  // afterwards when another process is found at our address: this one must end.
  void start(raft::NodeId node, std::string recorded, std::function<void()> alone,
             std::function<void(const Error&)> found);
  void stop();
  const std::string& why() const { return why_; }  // this takes no part (yet)

  // The body of a request 19003: of another process on a copy of our directory?
  void asked(std::string_view body);
  std::string seen() const;  // such a one within the last minute, a line; empty: none

 private:
  void ask();
  void answered(const Result<PeerIdentity>& answer);
  void say(const TwinVerdict& verdict);

  remoting::Client& client_;
  const Config& config_;
  const Identity& own_;
  const Instance instance_ = draw_instance();
  net::Alarm again_;
  raft::NodeId node_ = 0;
  std::string recorded_;  // empty: not started
  std::function<void()> alone_;
  std::function<void(const Error&)> found_;
  std::string why_;
  std::string said_;
  net::Alarm::Clock::time_point said_at_;
  net::LogLimit seen_limit_;
  std::string seen_;
  net::Alarm::Clock::time_point seen_at_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
};

}  // namespace gantry::controller
