#include "up/terminal_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/words.h"
#include "up/problems.h"

namespace gantry::up {
namespace {

constexpr std::size_t kBarCells = 20;
constexpr std::size_t kColumnsDefault = 100;
constexpr std::size_t kColumnsMax = 4'096;  // of a line in a file

std::string bar(double fraction) {
  const auto full = static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * kBarCells);
  // rounded down: 100 % is all
  return fmt::format("[{}{}] {:3.0f} % consumed  ", std::string(full, '#'), std::string(kBarCells - full, '.'),
                     std::floor(100 * std::clamp(fraction, 0.0, 1.0)));
}

// Cut to `columns` characters; what we print of ourselves is ASCII, messages of others may not be.
std::string cut(const std::string& text, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (begins && ++characters > columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::string to_text(const StatusLine& line, std::size_t columns) {
  const std::string head = fmt::format("{:3.0f} s  lag {}  replicas {}  ", line.uptime_s,
                                       line.lag ? grouped(*line.lag) : "unknown", line.replicas);
  if (line.consumed_fraction) {
    const std::string whole = head + bar(*line.consumed_fraction) + line.phase;
    if (whole.size() <= columns) return whole;
  }
  return cut(head + line.phase, columns);
}

StatusLine status_line(const Show& show) {
  const Sample& now = show.last_sample();
  StatusLine line;
  line.uptime_s = show.uptime_s();
  line.lag = now.lag;
  line.replicas = now.replicas;
  line.phase = show.phase();
  if (now.lag && now.consumed) {
    const auto done = static_cast<double>(*now.consumed);
    auto left = static_cast<double>(*now.lag + now.retry.value_or(0));
    if (show.generator() != nullptr) left += static_cast<double>(show.generator()->total() - show.generator()->sent());
    if (done + left > 0) line.consumed_fraction = done / (done + left);
  }
  return line;
}

bool LineGate::passes(const StatusLine& line) {
  std::string words = without_numbers(line.phase);
  if (last_s_ && line.replicas == replicas_ && words == words_ && line.uptime_s - *last_s_ < kIntervalS) return false;
  last_s_ = line.uptime_s;
  words_ = std::move(words);
  replicas_ = line.replicas;
  return true;
}

TerminalView::TerminalView() : terminal_(::isatty(STDOUT_FILENO) == 1) {}

void TerminalView::update(const Show& show) {
  if (terminal_) {
    winsize size{};
    const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    const std::string line = to_text(status_line(show), known ? size.ws_col - 1u : kColumnsDefault);
    std::printf("\r\033[K%s", line.c_str());
    drawn_ = true;
  } else {
    const StatusLine line = status_line(show);
    if (!gate_.passes(line)) return;
    std::printf("%s\n", to_text(line, kColumnsMax).c_str());
  }
  std::fflush(stdout);
}

void TerminalView::finish() {
  if (drawn_) std::printf("\n");
  drawn_ = false;
  std::fflush(stdout);
}

}  // namespace gantry::up
