#include "wire/pop_receipt.h"

#include <array>
#include <span>

#include "base/parse_number.h"
#include "wire/decimal.h"

namespace gantry::wire {
namespace {

constexpr char kSeparator = ' ';
constexpr std::string_view kRetryPrefix = "%RETRY%";
constexpr std::size_t kPartsMax = 8;
constexpr std::size_t kEntriesMax = 64 * 1024;

std::unexpected<Error> malformed(std::string_view what, std::string_view text) {
  return fail(Errc::invalid_argument, "{} \"{}\" is malformed", what, text.substr(0, 128));
}

bool retry_kind(std::string_view text, RetryKind& out) {
  if (text.size() != 1 || text[0] < '0' || text[0] > '2') return false;
  out = static_cast<RetryKind>(text[0]);
  return true;
}

// The parts of `text` between separators; empty when there are more than fit.
std::span<std::string_view> split(std::string_view text, char separator,
                                  std::array<std::string_view, kPartsMax>& parts) {
  std::size_t count = 0;
  while (count < parts.size()) {
    const std::size_t end = text.find(separator);
    parts[count++] = text.substr(0, end);
    if (end == std::string_view::npos) return std::span(parts).first(count);
    text.remove_prefix(end + 1);
  }
  return {};
}

// Entries "<retry> <a> <b>" joined by ';', as all three tables of a POP response are.
template <class Entry, class ReadRest>
Result<std::vector<Entry>> decode_table(std::string_view what, std::string_view text, ReadRest&& read_rest) {
  std::vector<Entry> entries;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    std::array<std::string_view, kPartsMax> parts;
    std::span<std::string_view> used = split(rest.substr(0, end), kSeparator, parts);
    Entry entry;
    if (used.size() != 3 || !retry_kind(used[0], entry.retry) || !read_rest(used[1], used[2], entry)) {
      return malformed(what, text);
    }
    if (entries.size() == kEntriesMax) return fail(Errc::resource_exhausted, "{} has too many entries", what);
    entries.push_back(std::move(entry));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return entries;
}

void begin_entry(RetryKind retry, std::string& out) {
  if (!out.empty()) out += ';';
  out += static_cast<char>(retry);
  out += kSeparator;
}

void begin_entry(RetryKind retry, std::int32_t queue_id, std::string& out) {
  begin_entry(retry, out);
  append_decimal(queue_id, out);
  out += kSeparator;
}

}  // namespace

std::string pop_retry_topic_v1(std::string_view topic, std::string_view group) {
  return fmt::format("{}{}_{}", kRetryPrefix, group, topic);
}

std::string pop_retry_topic_v2(std::string_view topic, std::string_view group) {
  return fmt::format("{}{}+{}", kRetryPrefix, group, topic);
}

RetryKind retry_kind_of(std::string_view topic) {
  if (!topic.starts_with(kRetryPrefix)) return RetryKind::normal;
  return topic.find('+') != std::string_view::npos ? RetryKind::retry_v2 : RetryKind::retry_v1;
}

std::string real_topic(std::string_view topic, std::string_view group, RetryKind kind) {
  if (kind == RetryKind::retry_v1) return pop_retry_topic_v1(topic, group);
  if (kind == RetryKind::retry_v2) return pop_retry_topic_v2(topic, group);
  return std::string(topic);
}

std::string encode_receipt(const PopReceipt& receipt) {
  std::string text;
  text.reserve(64 + receipt.broker_name.size());
  for (const std::int64_t part :
       {receipt.start_offset, receipt.pop_time_ms, receipt.invisible_time_ms, std::int64_t{receipt.revive_queue_id}}) {
    append_decimal(part, text);
    text += kSeparator;
  }
  text += static_cast<char>(receipt.retry);
  text += kSeparator;
  text += receipt.broker_name;
  text += kSeparator;
  append_decimal(receipt.queue_id, text);
  if (receipt.queue_offset) {
    text += kSeparator;
    append_decimal(*receipt.queue_offset, text);
  }
  return text;
}

Result<PopReceipt> decode_receipt(std::string_view text) {
  std::array<std::string_view, kPartsMax> parts;
  std::span<std::string_view> used = split(text, kSeparator, parts);
  PopReceipt receipt;
  bool ok = used.size() >= 7 && parse_number(used[0], receipt.start_offset) &&
            parse_number(used[1], receipt.pop_time_ms) && parse_number(used[2], receipt.invisible_time_ms) &&
            parse_number(used[3], receipt.revive_queue_id) && retry_kind(used[4], receipt.retry) &&
            parse_number(used[6], receipt.queue_id);
  if (ok && used.size() == 8) ok = parse_number(used[7], receipt.queue_offset.emplace());
  if (!ok) return malformed("receipt handle", text);
  receipt.broker_name.assign(used[5]);
  return receipt;
}

std::string encode_start_offsets(const std::vector<PopStartOffset>& queues) {
  std::string out;
  for (const PopStartOffset& queue : queues) {
    begin_entry(queue.retry, queue.queue_id, out);
    append_decimal(queue.start_offset, out);
  }
  return out;
}

Result<std::vector<PopStartOffset>> decode_start_offsets(std::string_view text) {
  return decode_table<PopStartOffset>(
      "startOffsetInfo", text, [](std::string_view queue, std::string_view offset, PopStartOffset& entry) {
        return parse_number(queue, entry.queue_id) && parse_number(offset, entry.start_offset);
      });
}

std::string encode_message_offsets(const std::vector<PopMessageOffsets>& queues) {
  std::string out;
  for (const PopMessageOffsets& queue : queues) {
    begin_entry(queue.retry, queue.queue_id, out);
    for (std::size_t i = 0; i < queue.offsets.size(); ++i) {
      if (i > 0) out += ',';
      append_decimal(queue.offsets[i], out);
    }
  }
  return out;
}

Result<std::vector<PopMessageOffsets>> decode_message_offsets(std::string_view text) {
  auto read_rest = [](std::string_view queue, std::string_view offsets, PopMessageOffsets& entry) {
    if (!parse_number(queue, entry.queue_id)) return false;
    while (true) {
      const std::size_t comma = offsets.find(',');
      if (!parse_number(offsets.substr(0, comma), entry.offsets.emplace_back())) return false;
      if (comma == std::string_view::npos) return true;
      offsets.remove_prefix(comma + 1);
    }
  };
  return decode_table<PopMessageOffsets>("msgOffsetInfo", text, read_rest);
}

std::string encode_order_counts(const std::vector<PopOrderCount>& counts) {
  std::string out;
  for (const PopOrderCount& count : counts) {
    begin_entry(count.retry, out);
    if (count.queue_offset) {
      out += fmt::format("qo{}%{} {}", count.queue_id, *count.queue_offset, count.count);
    } else {
      out += fmt::format("{} {}", count.queue_id, count.count);
    }
  }
  return out;
}

Result<std::vector<PopOrderCount>> decode_order_counts(std::string_view text) {
  auto read_rest = [](std::string_view queue, std::string_view count, PopOrderCount& entry) {
    if (queue.starts_with("qo")) {
      queue.remove_prefix(2);
      const std::size_t percent = queue.find('%');
      if (percent == std::string_view::npos) return false;
      if (!parse_number(queue.substr(percent + 1), entry.queue_offset.emplace())) return false;
      queue = queue.substr(0, percent);
    }
    return parse_number(queue, entry.queue_id) && parse_number(count, entry.count);
  };
  return decode_table<PopOrderCount>("orderCountInfo", text, read_rest);
}

}  // namespace gantry::wire
