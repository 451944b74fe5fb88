// Whether a controller without data may form a group with its peers. It may when every peer has answered, and each
// either has no data as well or remembers this very directory from the group's forming. Silence means wait: a peer that
// is silent may be a member of a group in which this node has voted, and forgotten it with its disk.
//
// A directory that a group has taken in later (member_changes.h) finds the id that it was given by its token, which the
// members remember with the id: nobody else may ever use that id.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "controller/config.h"
#include "controller/identity.h"
#include "raft/types.h"

namespace gantry::controller {

struct FormationVerdict {
  enum class Step {
    wait,  // for an answer, or to be taken in
    form,
    lost,      // a group exists that knows this node by other data: its disk was replaced
    mismatch,  // a peer has other peers, or another group, in its configuration
  };
  Step step = Step::wait;
  std::string why;  // a sentence for the log, what to do included; empty for form
};

// What a peer says of itself (request 19003).
struct PeerIdentity {
  std::string group;
  std::string peers;  // as peers_text
  Identity identity;
  std::string name{};       // its own; empty: it did not say
  raft::Members members{};  // as it has applied them; none when it is of no group
  Instance instance{};      // empty: it did not say
};

// "n0-host:port;n1-host:port", ascending by name: equal for configurations that mean the same.
std::string peers_text(const Config& config);

// answers: by the name of a peer; those that did not answer are absent. silent_are_gone: an operator has said that those
// have neither data nor a group.
FormationVerdict may_form(const Config& config, const Identity& own, const std::map<std::string, PeerIdentity>& answers,
                          bool silent_are_gone = false);

// The founding members have the ids 1, 2, … in the order of their names, so that all of them count alike. 0: none of them.
raft::NodeId founding_id(const std::set<std::string>& names, const std::string& name);

// For a node that was given the id `node`, and of which its group knows nothing any more.
std::string removed_text(const Config& config, raft::NodeId node);

// That a group has given this directory an id.
struct Invitation {
  raft::NodeId node = 0;
  raft::Members members;  // whom to talk to until the log says it
};
std::optional<Invitation> find_invitation(const Config& config, const Identity& own,
                                          const std::map<std::string, PeerIdentity>& answers);

}  // namespace gantry::controller
