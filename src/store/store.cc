#include "store/store.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <filesystem>

#include "store/bytes.h"

namespace gantry::store {

namespace {

constexpr std::chrono::seconds kWatchInterval{5};
// A fast sender writes more between two ticks than is kept free, and on a full disk the broker cannot start again.
constexpr std::uint64_t kWatchBytes = 16 * 1024 * 1024;
constexpr int kRetentionTicks = 12;  // once a minute

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct TimerKey {
  char bytes[16];
  TimerKey(std::int64_t due_ms, std::uint64_t sequence) {
    put_u64(bytes, static_cast<std::uint64_t>(due_ms));
    put_u64(bytes + 8, sequence);
  }
  operator rocksdb::Slice() const { return {bytes, sizeof bytes}; }
};

}  // namespace

Store::Store(boost::asio::io_context& io, Options options) : options_(std::move(options)), watch_timer_(io) {
  if (!options_.now_ms) options_.now_ms = wall_clock_ms;
}

Result<std::unique_ptr<Store>> Store::open(boost::asio::io_context& io, Options options,
                                           std::function<void(Queue&)> on_arrival) {
  std::unique_ptr<Store> store(new Store(io, std::move(options)));
  auto database = Database::open(store->options_);
  if (!database) return std::unexpected(database.error());
  store->database_ = std::move(*database);
  store->log_ = std::make_unique<MessageLog>(*store->database_, store->options_, std::move(on_arrival));
  MessageLog* log = store->log_.get();
  store->commit_ = std::make_unique<GroupCommit>(
      io, *store->database_, log->writer(), store->options_,
      GroupCommit::Owner{
          [log](rocksdb::WriteBatch& batch, bool with_rows) { return log->write_group(batch, with_rows); },
          [log](std::uint64_t batch) { log->committed(batch); }, [log] { log->rolled_back(); }});
  log->attach(*store->commit_);
  if (auto loaded = log->load(); !loaded) {
    Error error = in_context(fmt::format("data directory {}", store->options_.directory), loaded.error());
    if (error.code == Errc::corrupt) error.message += kRestoreOrMoveAway;
    return std::unexpected(std::move(error));
  }
  store->watch();
  return store;
}

Store::~Store() { stop(); }

void Store::stop() {
  *alive_ = false;
  watch_timer_.cancel();
  if (commit_) commit_->stop();
  if (log_) log_->writer().stop();
}

void Store::rest() {
  commit_->rest();
  log_->rest();
  if (commit_->broken()) return;
  rocksdb::FlushOptions flush;
  flush.wait = false;
  flush.allow_write_stall = true;
  for (const Family family : {Family::meta, Family::index, Family::keys, Family::timers}) {
    (void)database_->db().Flush(flush, database_->family(family));
  }
  malloc_trim(0);
}

void Store::look_at_space() {
  watched_end_ = log_->next_physical_offset();
  const auto usage = disk_usage();
  const bool low = usage && usage->free_bytes < options_.free_bytes_min;
  if (low == low_space_) return;
  low_space_ = low;
  if (low) {
    spdlog::error("store: less than {} MiB are free under {}; messages are refused until there is more",
                  options_.free_bytes_min >> 20, options_.directory);
  } else {
    spdlog::info("store: there is space again under {}", options_.directory);
  }
}

void Store::watch() {
  if (log_->next_physical_offset() != watched_end_ || low_space_) look_at_space();
  if (++watch_ticks_ % kRetentionTicks == 0) enforce_retention();
  watch_timer_.expires_after(kWatchInterval);
  watch_timer_.async_wait([this, alive = alive_](boost::system::error_code error) {
    if (!error && *alive) watch();
  });
}

std::optional<Store::DiskUsage> Store::disk_usage() const {
  std::error_code error;
  const auto space = std::filesystem::space(options_.directory, error);
  if (error) return std::nullopt;
  std::uint64_t free = 0;
  if (options_.file_system && options_.file_system->GetFreeSpace(options_.directory, {}, &free, nullptr).ok())
    return DiskUsage{space.capacity, free};
  return DiskUsage{space.capacity, space.available};
}

Result<void> Store::admit_append() {
  if (log_->next_physical_offset() - watched_end_ > kWatchBytes) look_at_space();
  if (!low_space_) return {};
  return fail(Errc::resource_exhausted,
              "less than {} MiB of disk are free under {}: free some, and messages are taken again",
              options_.free_bytes_min >> 20, options_.directory);
}

Result<void> Store::for_each_setting(std::string_view prefix,
                                     const std::function<void(std::string_view, std::string_view)>& visit) {
  std::unique_ptr<rocksdb::Iterator> rows(database_->db().NewIterator({}, database_->family(Family::meta)));
  const rocksdb::Slice start(prefix.data(), prefix.size());
  for (rows->Seek(start); rows->Valid() && rows->key().starts_with(start); rows->Next()) {
    visit({rows->key().data(), rows->key().size()}, {rows->value().data(), rows->value().size()});
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading settings"));
  return {};
}

Result<void> Store::add_timer(std::int64_t due_ms, std::uint64_t sequence, std::string_view record) {
  if (auto admitted = commit_->admit(record.size()); !admitted) return admitted;
  (void)commit_->rows().Put(database_->family(Family::timers), TimerKey(due_ms, sequence),
                            rocksdb::Slice(record.data(), record.size()));
  return {};
}

void Store::erase_timer(std::int64_t due_ms, std::uint64_t sequence) {
  if (commit_->broken()) return;
  (void)commit_->rows().Delete(database_->family(Family::timers), TimerKey(due_ms, sequence));
}

Result<std::vector<Store::Timer>> Store::due_timers(std::int64_t from_ms, std::int64_t now_ms, std::size_t max) {
  std::vector<Timer> due;
  std::unique_ptr<rocksdb::Iterator> rows(database_->db().NewIterator({}, database_->family(Family::timers)));
  for (rows->Seek(TimerKey(from_ms, 0)); rows->Valid() && due.size() < max; rows->Next()) {
    if (rows->key().size() != 16) continue;
    const auto due_ms = static_cast<std::int64_t>(get_u64(rows->key().data()));
    if (due_ms > now_ms) break;
    due.push_back({due_ms, get_u64(rows->key().data() + 8), rows->value().ToString()});
  }
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading timers"));
  return due;
}

Result<std::optional<std::int64_t>> Store::next_due_ms(std::int64_t from_ms) {
  std::unique_ptr<rocksdb::Iterator> rows(database_->db().NewIterator({}, database_->family(Family::timers)));
  rows->Seek(TimerKey(from_ms, 0));
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading timers"));
  if (!rows->Valid() || rows->key().size() != 16) return std::nullopt;
  return static_cast<std::int64_t>(get_u64(rows->key().data()));
}

Result<void> Store::for_each_timer(const std::function<void(std::string_view)>& visit) {
  rocksdb::ReadOptions once;
  once.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> rows(database_->db().NewIterator(once, database_->family(Family::timers)));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) visit({rows->value().data(), rows->value().size()});
  if (!rows->status().ok()) return std::unexpected(to_error(rows->status(), "reading timers"));
  return {};
}

}  // namespace gantry::store
