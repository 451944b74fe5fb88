// What `gantry up` shows in a terminal: one line that is kept up to date, or, where output is no terminal, a line each
// time something begins or ends.
#pragma once

#include <string>

#include "up/show.h"

namespace gantry::up {

// "12s  lag 1,234 (oldest 3 s)  workers 4  [#####.....] 57 %  the burst of 3000 is sent; ..."; at most `columns` wide.
std::string status_line(const Show& show, std::size_t columns);

class TerminalView {
 public:
  TerminalView();
  void update(const Show& show);
  void finish();  // leaves the last line in place

 private:
  bool terminal_ = false;
  bool drawn_ = false;
  std::string last_phase_;
};

}  // namespace gantry::up
