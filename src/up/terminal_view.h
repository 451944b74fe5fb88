// What `gantry up` shows in a terminal: one line that is kept up to date, or, where output is no terminal, a line each
// time something begins or ends, replicas come or go, and every ten seconds.
#pragma once

#include <string>

#include "up/show.h"

namespace gantry::up {

struct StatusLine {
  double uptime_s = 0;
  std::optional<std::int64_t> lag;
  std::int32_t replicas = 0;
  // Of all there is to consume, that of a burst still to be sent included. Empty: not known, or there was nothing yet.
  std::optional<double> consumed_fraction;
  std::string phase;
};

// " 12 s  lag 1,234  replicas 4  [#####.....]  57 % consumed  the burst of 3,000 is sent; ...", at most `columns` wide:
// where that is too narrow the bar goes first, then the end of the sentence.
std::string to_text(const StatusLine& line, std::size_t columns);

StatusLine status_line(const Show& show);

// Which samples are worth a line of their own where every line stays.
class LineGate {
 public:
  static constexpr double kIntervalS = 10;
  bool passes(const StatusLine& line);

 private:
  std::optional<double> last_s_;
  std::string words_;
  std::int32_t replicas_ = 0;
};

class TerminalView {
 public:
  TerminalView();
  void update(const Show& show);
  void finish();  // leaves the last line in place

 private:
  bool terminal_ = false;
  bool drawn_ = false;
  LineGate gate_;
};

}  // namespace gantry::up
