#include "store/log_scan.h"

#include <algorithm>
#include <cstring>

namespace gantry::store {

namespace {
constexpr std::size_t kWindowBytes = 1024 * 1024;
}

LogScan::LogScan(LogFiles& files, std::uint64_t from, std::uint64_t to, std::uint64_t torn_from)
    : files_(files), valid_end_(from), to_(to), torn_from_(torn_from), buffer_(files.borrow_buffer()) {}

LogScan::~LogScan() { files_.give_back(std::move(buffer_)); }

Result<const char*> LogScan::window(std::uint64_t at, std::size_t bytes) {
  if (at >= window_at_ && at + bytes <= window_at_ + window_bytes_) return buffer_->bytes.get() + (at - window_at_);
  if (at + bytes > to_) return nullptr;
  const std::size_t wanted = std::min<std::uint64_t>(std::max(bytes, kWindowBytes), to_ - at);
  window_bytes_ = 0;
  auto got = files_.read(at, wanted, buffer_->hold(wanted));
  if (!got) return std::unexpected(got.error());
  window_at_ = at;
  window_bytes_ = *got;
  return *got < bytes ? nullptr : buffer_->bytes.get();
}

Result<std::optional<EntryHeader>> LogScan::entry_at(std::uint64_t at) {
  auto bytes = window(at, kEntryHeaderBytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (*bytes == nullptr) return std::nullopt;
  const auto header = parse_header(*bytes, at);
  if (!header) return std::nullopt;
  bytes = window(at, header->entry_bytes());
  if (!bytes) return std::unexpected(bytes.error());
  if (*bytes == nullptr || !record_is_whole(*bytes, *header)) return std::nullopt;
  return header;
}

Result<std::optional<LogScan::Found>> LogScan::next() {
  std::uint64_t at = valid_end_;
  auto header = entry_at(at);
  if (header && !*header) {
    auto found = search(at);
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::nullopt;
    at = **found;
    header = entry_at(at);
  }
  if (!header) return std::unexpected(header.error());
  if (!*header) return std::nullopt;
  const std::size_t bytes = (*header)->entry_bytes();
  auto entry = window(at, bytes);
  if (!entry) return std::unexpected(entry.error());
  Found found{at,
              at + bytes,
              at - valid_end_,
              **header,
              keys_of(*entry, **header),
              {*entry + kEntryHeaderBytes, (*header)->record_bytes}};
  valid_end_ = found.end;
  return found;
}

// A damaged record still says where the next entry is, when its header is whole: what looks like an entry within a body
// must not be taken for one. Else every place is tried.
Result<std::optional<std::uint64_t>> LogScan::search(std::uint64_t from) {
  auto bytes = window(from, kEntryHeaderBytes);
  if (!bytes) return std::unexpected(bytes.error());
  if (*bytes == nullptr) return std::nullopt;
  if (const auto header = parse_header(*bytes, from)) {
    // or what a sender put into the body would be taken for entries
    if (from >= torn_from_ && from + header->entry_bytes() > to_) return std::nullopt;
    auto behind = entry_at(from + header->entry_bytes());
    if (!behind) return std::unexpected(behind.error());
    if (*behind) return from + header->entry_bytes();
  }
  for (std::uint64_t at = from + 1; at + kEntryHeaderBytes <= to_;) {
    bytes = window(at, kEntryHeaderBytes);
    if (!bytes) return std::unexpected(bytes.error());
    if (*bytes == nullptr) return std::nullopt;
    const std::size_t have = static_cast<std::size_t>(window_at_ + window_bytes_ - at);
    const void* first = std::memchr(*bytes, kMagicFirstByte, have);
    if (first == nullptr) {
      at += have;
      continue;
    }
    at += static_cast<std::size_t>(static_cast<const char*>(first) - *bytes);
    auto header = entry_at(at);
    if (!header) return std::unexpected(header.error());
    if (*header) return at;
    ++at;
  }
  return std::nullopt;
}

}  // namespace gantry::store
