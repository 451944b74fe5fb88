#include "up/terminal_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "up/problems.h"

namespace gantry::up {
namespace {

constexpr std::size_t kBarCells = 20;
constexpr std::size_t kColumnsDefault = 100;

std::string number(std::optional<std::int64_t> value) { return value ? std::to_string(*value) : "unknown"; }

std::string bar(double fraction) {
  const auto full = static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * kBarCells);
  return fmt::format("[{}{}] {:3.0f} %", std::string(full, '#'), std::string(kBarCells - full, '.'),
                     100 * std::clamp(fraction, 0.0, 1.0));
}

}  // namespace

std::string status_line(const Show& show, std::size_t columns) {
  const Sample& now = show.last_sample();
  std::string line = fmt::format("{:3.0f} s  lag {}  workers {}  ", show.uptime_s(), number(now.lag), now.replicas);
  if (show.generator() != nullptr && now.consumed && show.generator()->total() > 0) {
    line += bar(static_cast<double>(*now.consumed) / static_cast<double>(show.generator()->total())) + "  ";
  }
  line += show.phase();
  if (line.size() > columns) line.resize(columns);
  return line;
}

TerminalView::TerminalView() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

void TerminalView::update(const Show& show) {
  if (terminal_) {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    const std::string line = status_line(show, known ? size.ws_col - 1u : kColumnsDefault);
    std::printf("\r\033[K%s", line.c_str());
    drawn_ = true;
  } else {
    const std::string phase = show.phase();
    if (without_numbers(phase) == last_phase_) return;  // a line only when something begins or ends
    last_phase_ = without_numbers(phase);
    std::printf("%s\n", status_line(show, 4'096).c_str());
  }
  std::fflush(stdout);
}

void TerminalView::finish() {
  if (drawn_) std::printf("\n");
  drawn_ = false;
  std::fflush(stdout);
}

}  // namespace gantry::up
