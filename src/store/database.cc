#include "store/database.h"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>

#include <filesystem>
#include <string>

#include "store/index_row.h"
#include "store/rocksdb_checksum.h"
#include "store/rocksdb_log.h"

namespace gantry::store {

namespace {

// Drops rows whose message was deleted by retention.
class StaleRows final : public rocksdb::CompactionFilter {
 public:
  StaleRows(std::uint64_t oldest, bool in_key) : oldest_(oldest), in_key_(in_key) {}
  const char* Name() const override { return "gantry.StaleRows"; }
  bool Filter(int, const rocksdb::Slice& key, const rocksdb::Slice& value, std::string*, bool*) const override {
    if (in_key_) return key.size() == 16 && get_u64(key.data() + 8) < oldest_;
    // a row goes when the last of its messages has gone
    return value.size() >= kIndexEntryBytes && get_u64(value.data() + value.size() - kIndexEntryBytes) < oldest_;
  }

 private:
  std::uint64_t oldest_;
  bool in_key_;
};

class StaleRowsFactory final : public rocksdb::CompactionFilterFactory {
 public:
  StaleRowsFactory(std::atomic<std::uint64_t>& oldest, bool in_key) : oldest_(oldest), in_key_(in_key) {}
  const char* Name() const override { return "gantry.StaleRowsFactory"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context&) override {
    return std::make_unique<StaleRows>(oldest_.load(), in_key_);
  }

 private:
  std::atomic<std::uint64_t>& oldest_;
  bool in_key_;
};

// A full disk is tried again by us, at our pace, so that the state of the broker follows. RocksDB would look every 5 s on
// its own, whatever max_bgerror_resume_count says, and refuse Resume() as busy meanwhile.
class NoRecoveryOfItsOwn final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }
};

rocksdb::DBOptions database_options(const Options& options, rocksdb::Env* env) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  if (env != nullptr) db.env = env;
  // one writer: the machinery for many of them costs time and brings nothing
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  db.max_background_jobs = 2;
  db.max_total_wal_size = 64ULL * 1024 * 1024;  // bounds what a start after kill -9 reads again
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.bytes_per_sync = 1024 * 1024;
  db.max_open_files = 256;
  db.info_log = make_rocksdb_log();
  // an idle broker must not wake up to write statistics
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  db.skip_stats_update_on_db_open = true;
  db.max_bgerror_resume_count = 0;
  db.listeners.push_back(std::make_shared<NoRecoveryOfItsOwn>());
  (void)options;
  return db;
}

rocksdb::ColumnFamilyOptions family_options(std::size_t write_buffer_bytes, bool bloom,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = write_buffer_bytes;
  family.max_write_buffer_number = 4;
  family.compression = rocksdb::kNoCompression;
  family.level_compaction_dynamic_level_bytes = true;
  family.target_file_size_base = 64ULL * 1024 * 1024;
  family.max_bytes_for_level_base = 256ULL * 1024 * 1024;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16 * 1024;
  table.format_version = 5;
  if (bloom) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

}  // namespace

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  std::string text = status.ToString();
  Errc code = Errc::internal;
  if (status.IsCorruption()) code = Errc::corrupt;
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos) {
    code = Errc::resource_exhausted;
    text += ": free some";
  }
  if (text.find("ermission denied") != std::string::npos || text.find("Read-only file system") != std::string::npos) {
    code = Errc::permission_denied;
  }
  if (text.find("lock hold by current process") != std::string::npos ||
      text.find("While lock file") != std::string::npos) {
    code = Errc::unavailable;
  }
  return Error{code, fmt::format("{}: {}", doing, text)};
}

Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  use_fast_checksums();
  if (!options.file_system) {
    std::error_code error;
    std::filesystem::create_directories(options.directory, error);
    if (error) {
      return fail(error == std::errc::permission_denied ? Errc::permission_denied : Errc::unavailable,
                  "data directory {} cannot be created: {}; choose another one with --data", options.directory,
                  error.message());
    }
  }
  std::unique_ptr<Database> database(new Database);
  if (options.file_system) database->env_ = rocksdb::NewCompositeEnv(options.file_system);

  auto cache = rocksdb::NewLRUCache(options.block_cache_bytes, 2);
  auto meta = family_options(4 * 1024 * 1024, true, cache);
  auto index = family_options(options.write_buffer_bytes, false, cache);
  auto keys = family_options(options.write_buffer_bytes, true, cache);
  auto timers = family_options(4 * 1024 * 1024, false, cache);
  index.compaction_filter_factory =
      std::make_shared<StaleRowsFactory>(database->oldest_physical_offset_, /*in_key=*/false);
  keys.compaction_filter_factory =
      std::make_shared<StaleRowsFactory>(database->oldest_physical_offset_, /*in_key=*/true);
  index.periodic_compaction_seconds = keys.periodic_compaction_seconds = 24 * 3600;

  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, meta}, {"index", index}, {"keys", keys}, {"timers", timers}};
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(database_options(options, database->env_.get()), options.directory, families,
                                        &database->families_, &db);
  if (!status.ok()) {
    if (status.IsInvalidArgument() && status.ToString().find("Column families not opened") != std::string::npos) {
      return fail(Errc::corrupt,
                  "data directory {} was written by another version of gantry, which kept its messages in a form that "
                  "this one does not read; move it away to start empty, or choose another one with --data",
                  options.directory);
    }
    Error error = to_error(status, fmt::format("data directory {} cannot be opened", options.directory));
    if (error.code == Errc::unavailable) {
      error.message = fmt::format(
          "data directory {} is in use by another process; stop that broker or choose another "
          "directory with --data",
          options.directory);
    } else if (error.code == Errc::permission_denied) {
      error.message += "; make it writable or choose another one with --data";
    } else if (error.code == Errc::corrupt) {
      error.message += kRestoreOrMoveAway;
    }
    return std::unexpected(std::move(error));
  }
  database->db_.reset(db);
  return database;
}

Database::~Database() {
  if (!db_) return;
  for (auto* family : families_) (void)db_->DestroyColumnFamilyHandle(family);
  (void)db_->Close();
}

}  // namespace gantry::store
