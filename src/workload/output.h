// What a replica has printed: its last lines in memory, within fixed bounds, and optionally a copy in a file.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::workload {

struct OutputLine {
  std::chrono::system_clock::time_point at;  // when its end was read
  std::string text;                          // printable UTF-8 without colours; cut lines end in "..."
};

struct OutputLimits {
  std::size_t lines_max = 200;
  std::size_t line_bytes_max = 4096;
  std::size_t bytes_max = 256 << 10;      // of all lines together
  std::size_t file_bytes_max = 16 << 20;  // then FILE becomes FILE.1
};

class Output {
 public:
  // log_file: empty for none. A file that cannot be written is reported once in the log and otherwise does no harm.
  explicit Output(OutputLimits limits = {}, std::string log_file = "");
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void append(std::string_view bytes, std::chrono::system_clock::time_point now);
  void end_line(std::chrono::system_clock::time_point now);  // the process ended: what is begun is a line

  // Called with each line as it is complete, before old ones are dropped.
  std::function<void(std::string_view line)> on_line;

  std::vector<OutputLine> last(std::size_t lines_max) const;  // oldest first
  std::size_t lines_ever() const { return lines_ever_; }      // also those that are no longer kept
  // What a program that ended said at last, on one line: the last lines that are not blank, joined by " | "; lines of a
  // stack trace are passed over. since: lines_ever() when the program began. Empty: it said nothing.
  std::string last_words(std::size_t lines_max, std::size_t since) const;

 private:
  void push(std::chrono::system_clock::time_point now);
  void copy_to_file(const OutputLine& line);
  bool open_file();

  OutputLimits limits_;
  std::string log_file_;
  int file_ = -1;
  std::size_t file_bytes_ = 0;
  bool file_failed_ = false;
  std::deque<OutputLine> lines_;
  std::size_t lines_ever_ = 0;
  std::size_t bytes_ = 0;
  std::string begun_;
  bool cut_ = false;
};

// Makes text fit for a terminal, a page and JSON: escape sequences go, control characters and broken UTF-8 become
// U+FFFD.
std::string printable(std::string_view bytes);

}  // namespace gantry::workload
