// Who a controller is, in a file beside its log: a token that was drawn at random when its directory was first used, and,
// once a group was formed, the tokens that its peers had then. By the tokens the others notice a node whose disk was
// replaced: it has the old name and address, but has forgotten how it voted.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gantry::controller {

struct Identity {
  enum class Stage {
    empty,    // belongs to no group
    forming,  // what the group begins with may have been written; nothing was promised to anybody
    formed,   // a member, or was one
    joining,  // a group has given the id `node` to this directory, which has nothing of its log yet
  };
  std::string token;
  Stage stage = Stage::empty;
  std::map<std::string, std::string> founding;  // name of a peer -> its token, from `forming` on; ours too
  std::uint64_t node = 0;                       // our id in the group; 0: that of our place among the founding members
  std::string name, group;                      // whose directory it is; empty: nobody's yet

  bool operator==(const Identity&) const = default;
};

// This process. Two that say the same token are two on copies of one directory.
struct Instance {
  std::string id;     // drawn at each start
  std::string where;  // "host a, process 123", for people
};
Instance draw_instance();

std::string to_json(const Identity& identity);
Result<Identity> identity_from_json(std::string_view text);

// The file in `directory` (made when it is not there); one that is missing is drawn anew and written. Errors name the
// file; corrupt says how to recover.
Result<Identity> load_identity(const std::string& directory);
// Whether `self` of `group` may use the directory: unless it is a member's, and that is somebody else. Errors:
// invalid_argument, which names both.
Result<void> check_owner(const Identity& identity, std::string_view directory, std::string_view self,
                         std::string_view group);
// Durable when it returns: written beside, synced, renamed, and the directory synced.
Result<void> store_identity(const std::string& directory, const Identity& identity);

}  // namespace gantry::controller
