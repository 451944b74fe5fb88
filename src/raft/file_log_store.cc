#include "raft/file_log_store.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <random>

#include "raft/bytes.h"
#include "raft/durable_file.h"
#include "raft/snapshot_file.h"

namespace gantry::raft {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t sequence_digits = 20;
constexpr std::size_t spare_segments_min = 2;
constexpr std::size_t content_kept_bytes = 256 << 10;
constexpr std::size_t saved_head_bytes = 3 * 8 + 4;

std::optional<std::uint64_t> sequence_of(const fs::path& path) {
  const auto name = path.stem().string();
  if (path.extension() != ".log" || name.size() != sequence_digits) return std::nullopt;
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), sequence);
  if (error != std::errc() || end != name.data() + name.size() || sequence == 0) return std::nullopt;
  return sequence;
}

std::uint64_t random_salt() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

}  // namespace

struct FileLogStore::Found {
  BlockFile file;
  SegmentHeader header;
};

std::string FileLogStore::segment_path(std::uint64_t sequence) const {
  return fmt::format("{}/log/{:020}.log", options_.directory, sequence);
}

std::unexpected<Error> FileLogStore::damaged(const std::string& path, std::string_view why) const {
  return fail(Errc::corrupt, "the log in {} is damaged: {}: {}; {}", options_.directory,
              fs::path(path).filename().string(), why, kAfterDamage);
}

Result<std::unique_ptr<FileLogStore>> FileLogStore::open(Options options) {
  std::error_code error;
  fs::create_directories(options.directory + "/log", error);
  if (error)
    return fail(Errc::permission_denied, "data directory {} cannot be made: {}", options.directory, error.message());
  return std::unique_ptr<FileLogStore>(new FileLogStore(std::move(options)));
}

// --- what is there ---

Result<Stored> FileLogStore::load() {
  auto segments = find_segments();
  if (!segments) return std::unexpected(segments.error());
  if (auto replayed = replay(std::move(*segments)); !replayed) return std::unexpected(replayed.error());
  if (auto checked = check_state(); !checked) return std::unexpected(checked.error());

  Stored stored{state_.hard_state, state_.truncated, state_.last.index, std::nullopt, state_.incarnation + 1};
  if (state_.snapshot.index != 0) {
    auto snapshot = read_snapshot_file(options_.directory, state_.snapshot.index);
    if (!snapshot) return std::unexpected(snapshot.error());
    stored.snapshot = std::move(snapshot->meta);
  }
  remove_snapshot_files(options_.directory, state_.snapshot.index);

  std::string opened;
  put_fixed(opened, stored.incarnation);
  if (auto written = append(FrameKind::opened, opened); !written) return std::unexpected(written.error());
  state_.incarnation = stored.incarnation;
  remove_spare_segments();
  return stored;
}

// Ascending by sequence, without a gap: before one is only what served its time and went.
Result<std::vector<FileLogStore::Found>> FileLogStore::find_segments() {
  if (fs::exists(options_.directory + "/log/CURRENT")) {
    return fail(Errc::unimplemented,
                "the log in {} is of a version before the first release, which kept it in RocksDB; {}",
                options_.directory, kAfterDamage);
  }
  std::map<std::uint64_t, std::string> paths;
  std::error_code error;
  fs::directory_iterator entry(options_.directory + "/log", error);
  while (!error && entry != fs::directory_iterator()) {
    if (const auto sequence = sequence_of(entry->path())) paths.emplace(*sequence, entry->path().string());
    entry.increment(error);
  }
  if (error) return fail(Errc::unavailable, "the log in {} cannot be listed: {}", options_.directory, error.message());
  std::vector<Found> found;
  for (const auto& [sequence, path] : paths) {
    auto one = look_at(path, sequence);
    if (!one) return std::unexpected(one.error());
    if (!*one) continue;
    if (!found.empty() && found.back().header.sequence + 1 != sequence) found.clear();
    found.push_back(std::move(**one));
  }
  return found;
}

// Empty: a file that a crash left before it was a segment, which has nothing in it, or what it had when it served before. It is
// removed.
Result<std::optional<FileLogStore::Found>> FileLogStore::look_at(const std::string& path, std::uint64_t sequence) {
  auto file = BlockFile::open(path);
  if (!file) return std::unexpected(file.error());
  const auto block = file->read(0, log_block_bytes);
  if (!block) return std::unexpected(block.error());
  const auto header = decode_segment_header(*block);
  if (!header && header.error().code == Errc::unimplemented)
    return fail(Errc::unimplemented, "{}: {}", path, header.error().message);
  if (!header) return damaged(path, header.error().message);
  if (!*header) {
    const auto bytes = file->read(0, file->size());
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->find_first_not_of('\0') != std::string::npos) return damaged(path, "its header is gone");
  }
  if (!*header || (*header)->sequence < sequence) {
    std::error_code ignored;
    fs::remove(path, ignored);
    return std::nullopt;
  }
  if ((*header)->sequence != sequence) return damaged(path, "it is another segment");
  if ((*header)->node != options_.node) {
    return fail(Errc::invalid_argument,
                "{} is the log of node {}, and this is node {}: a node's votes cannot be another's", options_.directory,
                (*header)->node, options_.node);
  }
  return Found{std::move(*file), **header};
}

Result<void> FileLogStore::replay(std::vector<Found> segments) {
  LogReplay replay;
  older_.clear();
  newest_.reset();
  for (auto& [file, header] : segments) {
    const bool newest = &header == &segments.back().header;
    const auto bytes = file.read(0, file.size());
    if (!bytes) return std::unexpected(bytes.error());
    const auto added = replay.add(header, *bytes, newest);
    if (!added && added.error().code == Errc::unimplemented)
      return fail(Errc::unimplemented, "{}: {}", file.path(), added.error().message);
    if (!added) return damaged(file.path(), added.error().message);
    if (newest) {
      newest_ = LogSegment::resume(std::move(file), header, *bytes, replay.end());
    } else {
      older_.emplace(header.sequence, std::move(file));
    }
  }
  if (replay.torn())
    spdlog::info("raft: the last write to {} was not finished when this node ended; nobody was promised it",
                 newest_->file().path());
  state_ = replay.content().state;
  places_ = std::move(replay.content().places);
  places_.forget(state_.truncated.index);
  return {};
}

// Every entry is looked at: a hole found later, in the middle of an election, would stop the node then.
Result<void> FileLogStore::check_state() const {
  const auto damage = [&](std::string_view why) {
    return damaged(segment_path(newest_ ? newest_->sequence() : 0), why);
  };
  auto previous = state_.truncated;
  for (Index index = previous.index + 1; index <= state_.last.index; ++index) {
    const EntryPlace* place = places_.find(index);
    if (place == nullptr) return damage(fmt::format("entry {} is missing", index));
    if (place->term < previous.term || place->term > state_.hard_state.term)
      return damage(fmt::format("entry {} has term {}", index, place->term));
    previous = {index, place->term};
  }
  if (previous != state_.last) return damage(fmt::format("it ends at entry {}", previous.index));
  if (state_.truncated.index > state_.snapshot.index) {
    return damage(fmt::format("entries up to {} are gone, the snapshot has only those up to {}", state_.truncated.index,
                              state_.snapshot.index));
  }
  if (state_.snapshot.index > state_.last.index) return damage("it ends before its snapshot");
  if (state_.hard_state.commit > state_.last.index) {
    return damage(fmt::format("it ends at entry {}, and entries up to {} were committed", state_.last.index,
                              state_.hard_state.commit));
  }
  return {};
}

Result<std::vector<Entry>> FileLogStore::read(Index from, Index to, std::size_t bytes_max) {
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  Index end = from;
  for (; end < to; ++end) {
    const EntryPlace* place = places_.find(end);
    if (place == nullptr) break;
    bytes += place->size - entry_bytes(0);
    if (end != from && bytes > bytes_max) break;
  }
  if (end == from) return damaged(segment_path(newest_->sequence()), fmt::format("entry {} is not there", from));
  while (from < end) {
    if (auto some = read_neighbours(from, end, entries); !some) return std::unexpected(some.error());
  }
  return entries;
}

// Those that stand in the segment of entry `from`, with one read: a follower that is behind asks for ten thousand small ones.
Result<void> FileLogStore::read_neighbours(Index& from, Index end, std::vector<Entry>& entries) {
  const EntryPlace& first = *places_.find(from);
  const EntryPlace* last = &first;
  for (Index next = from + 1; next < end; ++next) {
    const EntryPlace* place = places_.find(next);
    if (place->sequence != first.sequence || place->offset < last->offset) break;
    last = place;
  }
  const auto older = older_.find(first.sequence);
  const BlockFile& file = older == older_.end() ? newest_->file() : older->second;
  const auto bytes = file.read(first.offset, last->offset + last->size - first.offset);
  if (!bytes) return std::unexpected(bytes.error());
  for (const EntryPlace* place = &first;; place = places_.find(from)) {
    const auto at = std::string_view(*bytes).substr(std::min<std::size_t>(place->offset - first.offset, bytes->size()));
    auto entry = decode_entry(at.substr(0, place->size));
    if (!entry || entry->index != from || entry->term != place->term)
      return damaged(file.path(), fmt::format("entry {} is not what was written", from));
    entries.push_back(std::move(*entry));
    ++from;
    if (place == last) return {};
  }
}

Result<Snapshot> FileLogStore::read_snapshot() {
  if (state_.snapshot.index == 0) return fail(Errc::not_found, "there is no snapshot in {}", options_.directory);
  return read_snapshot_file(options_.directory, state_.snapshot.index);
}

// --- segments ---

std::uint64_t FileLogStore::first_needed() const {
  return places_.empty() ? newest_->sequence() : places_.front().sequence;
}

Result<std::uint64_t> FileLogStore::append(FrameKind kind, std::string_view content) {
  if (content.size() > LogSegment::content_bytes_max(options_.segment_bytes)) {
    return fail(Errc::resource_exhausted, "a write of {} bytes to the log in {}: one has at most {}", content.size(),
                options_.directory, LogSegment::content_bytes_max(options_.segment_bytes));
  }
  if (!newest_ || !newest_->fits(content.size())) {
    if (auto begun = begin_segment(); !begun) return std::unexpected(begun.error());
  }
  return newest_->append(kind, content);
}

Result<void> FileLogStore::begin_segment() {
  SegmentHeader header{.node = options_.node, .sequence = 1, .salt = random_salt(), .state = state_};
  if (newest_) {
    header.sequence = newest_->sequence() + 1;
    header.previous_end = newest_->end();
  }
  auto file = next_file(segment_path(header.sequence));
  if (!file) return std::unexpected(file.error());
  // its name before its header, its header before a frame: a file that was not begun holds nothing
  if (auto synced = sync_folder(options_.directory + "/log"); !synced) return synced;
  auto begun = LogSegment::begin(std::move(*file), header);
  if (!begun) return std::unexpected(begun.error());
  if (newest_) older_.emplace(newest_->sequence(), std::move(*newest_).take_file());
  newest_ = std::move(*begun);
  return {};
}

Result<BlockFile> FileLogStore::next_file(const std::string& path) {
  if (newest_ && !older_.empty() && older_.begin()->first < first_needed()) {
    auto spare = std::move(older_.extract(older_.begin()).mapped());
    if (spare.size() == options_.segment_bytes) {
      if (auto renamed = spare.rename(path); !renamed) return std::unexpected(renamed.error());
      return spare;
    }
    ::unlink(spare.path().c_str());
  }
  return BlockFile::create(path, options_.segment_bytes);
}

// As many stay as are at work: so many will be needed again until the next snapshot.
void FileLogStore::remove_spare_segments() {
  const std::uint64_t needed = first_needed();
  const auto spare = static_cast<std::size_t>(std::distance(older_.begin(), older_.lower_bound(needed)));
  const std::size_t at_work = older_.size() - spare + 1;
  for (std::size_t left = spare; left > std::max(spare_segments_min, at_work); --left) {
    ::unlink(older_.begin()->second.path().c_str());  // what stays is a segment of before, and does no harm
    older_.erase(older_.begin());
  }
}

// --- writing ---

// In parts where it is much: whoever loses power in between has the first of the entries, which promises nothing.
Result<void> FileLogStore::save(const HardState& hard_state, std::span<const Entry> entries, bool must_sync) {
  const bool only_commit = hard_state.term == state_.hard_state.term && hard_state.vote == state_.hard_state.vote;
  if (!must_sync && entries.empty() && only_commit) return {};
  const std::size_t most = LogSegment::content_bytes_max(options_.segment_bytes) / 2;
  HardState now = hard_state;
  while (true) {
    std::size_t bytes = saved_head_bytes;
    std::size_t count = 0;
    while (count < entries.size() && (count == 0 || bytes + entry_bytes(entries[count].data.size()) <= most))
      bytes += entry_bytes(entries[count++].data.size());
    const auto part = entries.first(count);
    entries = entries.subspan(count);
    // what is not stored yet cannot be known to be committed
    now.commit = entries.empty() ? hard_state.commit : std::min(hard_state.commit, part.back().index);
    if (auto saved = save_part(now, part); !saved) return saved;
    if (entries.empty()) return {};
  }
}

Result<void> FileLogStore::save_part(const HardState& hard_state, std::span<const Entry> entries) {
  content_.clear();
  put_hard_state(content_, hard_state);
  put_fixed(content_, static_cast<std::uint32_t>(entries.size()));
  std::vector<EntryPlace> places;
  places.reserve(entries.size());
  for (const Entry& entry : entries) {
    const std::size_t begin = content_.size();
    put_entry(content_, entry);
    places.push_back(
        {entry.term, 0, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(content_.size() - begin)});
  }
  const auto at = append(FrameKind::saved, content_);
  if (content_.capacity() > content_kept_bytes) std::string().swap(content_);
  if (!at) return std::unexpected(at.error());
  state_.hard_state = hard_state;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    places[i].sequence = newest_->sequence();
    places[i].offset += static_cast<std::uint32_t>(*at);
    places_.set(entries[i].index, places[i]);
    state_.last = {entries[i].index, entries[i].term};
  }
  return {};
}

Result<void> FileLogStore::stage_snapshot(const SnapshotMeta& meta, std::string_view bytes) {
  return write_snapshot_file(options_.directory, meta, bytes);
}

Result<void> FileLogStore::adopt_snapshot(const SnapshotMeta& meta) {
  std::string content;
  put_position(content, meta.at);
  if (auto written = append(FrameKind::snapshot, content); !written) return std::unexpected(written.error());
  state_.snapshot = meta.at;
  remove_snapshot_files(options_.directory, meta.at.index);
  return {};
}

Result<void> FileLogStore::install_snapshot(const SnapshotMeta& meta, std::string_view bytes,
                                            const HardState& hard_state) {
  if (auto written = write_snapshot_file(options_.directory, meta, bytes); !written) return written;
  std::string content;
  put_hard_state(content, hard_state);
  put_position(content, meta.at);
  if (auto written = append(FrameKind::installed, content); !written) return std::unexpected(written.error());
  state_.hard_state = hard_state;
  state_.snapshot = state_.truncated = state_.last = meta.at;
  places_.clear();
  remove_snapshot_files(options_.directory, meta.at.index);
  remove_spare_segments();
  return {};
}

Result<void> FileLogStore::compact(Position upto) {
  std::string content;
  put_position(content, upto);
  if (auto written = append(FrameKind::compacted, content); !written) return std::unexpected(written.error());
  state_.truncated = upto;
  if (state_.last.index < upto.index) state_.last = upto;
  places_.forget(upto.index);
  remove_spare_segments();
  return {};
}

}  // namespace gantry::raft
