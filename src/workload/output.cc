#include "workload/output.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace gantry::workload {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::size_t kWordBytesMax = 300;  // of each line in last_words()

// The length of an ANSI escape sequence at the start of text (which starts with ESC).
std::size_t escape_size(std::string_view text) {
  if (text.size() < 2 || text[1] != '[') return std::min<std::size_t>(text.size(), 2);
  std::size_t i = 2;
  while (i < text.size() && text[i] >= 0x20 && text[i] < 0x40) ++i;
  return std::min(text.size(), i + 1);
}

// The length of the well-formed UTF-8 character at the start of text, 0 when there is none (Unicode, table 3-7).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool ok = tail(1) && tail(2) && (first != 0xE0 || second >= 0xA0) && (first != 0xED || second <= 0x9F);
    return ok ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool ok =
        tail(1) && tail(2) && tail(3) && (first != 0xF0 || second >= 0x90) && (first != 0xF4 || second <= 0x8F);
    return ok ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const char c = bytes.front();
    if (c == '\x1b') {
      bytes.remove_prefix(escape_size(bytes));
      continue;
    }
    std::size_t size = character_size(bytes);
    const bool control = size == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) && c != '\t';
    if (size == 0 || control) {
      out += kReplacement;
      size = 1;
    } else {
      out += bytes.substr(0, size);
    }
    bytes.remove_prefix(size);
  }
  return out;
}

Output::Output(OutputLimits limits, std::string log_file) : limits_(limits), log_file_(std::move(log_file)) {}

Output::~Output() {
  if (file_ >= 0) ::close(file_);
}

void Output::append(std::string_view bytes, std::chrono::system_clock::time_point now) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    const std::size_t room = limits_.line_bytes_max - std::min(limits_.line_bytes_max, begun_.size());
    begun_ += part.substr(0, room);
    cut_ = cut_ || part.size() > room;
    if (end == std::string_view::npos) return;
    push(now);
    bytes.remove_prefix(end + 1);
  }
}

void Output::end_line(std::chrono::system_clock::time_point now) {
  if (!begun_.empty()) push(now);
}

void Output::push(std::chrono::system_clock::time_point now) {
  if (begun_.ends_with('\r')) begun_.pop_back();
  OutputLine line{now, printable(begun_)};
  if (cut_) line.text += "...";
  begun_.clear();
  cut_ = false;
  copy_to_file(line);
  if (on_line) on_line(line.text);
  bytes_ += line.text.size();
  lines_.push_back(std::move(line));
  ++lines_ever_;
  while (lines_.size() > limits_.lines_max || (bytes_ > limits_.bytes_max && lines_.size() > 1)) {
    bytes_ -= lines_.front().text.size();
    lines_.pop_front();
  }
}

bool Output::open_file() {
  if (file_ >= 0) return true;
  file_ = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  struct stat about;
  file_bytes_ = file_ >= 0 && fstat(file_, &about) == 0 ? static_cast<std::size_t>(about.st_size) : 0;
  return file_ >= 0;
}

void Output::copy_to_file(const OutputLine& line) {
  if (log_file_.empty() || file_failed_) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(line.at.time_since_epoch()).count();
  const std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {}\n",
                                       fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000, line.text);
  if (file_bytes_ + text.size() > limits_.file_bytes_max && file_ >= 0) {
    ::close(file_);
    file_ = -1;
    std::rename(log_file_.c_str(), (log_file_ + ".1").c_str());
  }
  if (open_file() && ::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
    file_bytes_ += text.size();
    return;
  }
  file_failed_ = true;
  spdlog::warn("{}: cannot be written: {}; the output of the replica is kept in memory only", log_file_,
               std::strerror(errno));
}

std::vector<OutputLine> Output::last(std::size_t lines_max) const {
  const std::size_t count = std::min(lines_max, lines_.size());
  return {lines_.end() - static_cast<std::ptrdiff_t>(count), lines_.end()};
}

std::string Output::last_words(std::size_t lines_max, std::size_t since) const {
  std::vector<std::string_view> words;
  std::size_t number = lines_ever_;
  for (auto line = lines_.rbegin(); line != lines_.rend() && number-- > since && words.size() < lines_max; ++line) {
    const std::string_view text = line->text;
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    const std::string_view said = text.substr(begin);
    // "    at Worker.main(Worker.java:7)", "    ... 12 more": the exception stands above them
    if (begin > 0 && (said.starts_with("at ") || said.starts_with("... "))) continue;
    words.push_back(said);
  }
  std::string all;
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    if (!all.empty()) all += " | ";
    all += word->substr(0, kWordBytesMax);
  }
  return printable(all);  // a line may have been cut within a character
}

}  // namespace gantry::workload
