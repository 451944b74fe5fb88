#include "raft/rocksdb_log_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

#include "raft/bytes.h"
#include "raft/codec.h"
#include "raft/snapshot_file.h"

namespace gantry::raft {
namespace {

// Rows. Entries sort behind the others and by index.
constexpr std::string_view node_key = "0node";              // id (u64), incarnation (u64)
constexpr std::string_view hard_state_key = "1hard_state";  // term, vote, commit (u64)
constexpr std::string_view truncated_key = "2truncated";    // index, term (u64)
constexpr std::string_view snapshot_key = "3snapshot";      // index, term (u64)
constexpr char entry_prefix = 'e';  // + index, most significant byte first: term (u64), kind (u8), data
constexpr std::size_t entry_key_bytes = 9;
constexpr std::size_t entry_head_bytes = 9;

std::string entry_key(Index index) {
  std::string key(entry_key_bytes, entry_prefix);
  for (std::size_t i = 0; i < 8; ++i) key[1 + i] = static_cast<char>(index >> (56 - 8 * i));
  return key;
}

std::string after_entries() { return std::string(1, entry_prefix + 1); }

Index index_of(rocksdb::Slice key) {
  Index index = 0;
  for (std::size_t i = 1; i < key.size(); ++i) index = index << 8 | static_cast<unsigned char>(key[i]);
  return index;
}

template <class... Numbers>
std::string row(Numbers... numbers) {
  std::string out;
  (put_fixed(out, static_cast<std::uint64_t>(numbers)), ...);
  return out;
}

// RocksDB's own log file ends the process on a full disk (an assertion in its writer); errors come back as values anyway.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options rocksdb_options(const RocksDbLogStore::Options& options) {
  rocksdb::Options out;
  out.create_if_missing = true;
  out.info_log = std::make_shared<NoLog>();
  // A record that was cut off at the very end was never acknowledged. Damage anywhere else is an error, not an earlier end:
  // what follows it may have been promised.
  out.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // one writer: the machinery for many of them costs time and brings nothing
  out.allow_concurrent_memtable_write = false;
  out.enable_write_thread_adaptive_yield = false;
  out.write_buffer_size = options.write_buffer_bytes;
  out.max_write_buffer_number = 3;
  out.max_background_jobs = 2;
  out.max_open_files = 64;
  out.compression = rocksdb::kNoCompression;
  out.stats_dump_period_sec = 0;
  out.stats_persist_period_sec = 0;
  out.skip_stats_update_on_db_open = true;
  out.max_bgerror_resume_count = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 0);
  table.format_version = 5;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

Result<Position> position_of(std::string_view row) {
  ByteReader reader(row);
  Position at{reader.number<std::uint64_t>(), reader.number<std::uint64_t>()};
  if (!reader.done()) return fail(Errc::corrupt, "a row of {} bytes", row.size());
  return at;
}

}  // namespace

RocksDbLogStore::RocksDbLogStore(Options options, std::unique_ptr<rocksdb::DB> db)
    : options_(std::move(options)), db_(std::move(db)) {}

RocksDbLogStore::~RocksDbLogStore() = default;

std::unexpected<Error> RocksDbLogStore::damaged(std::string_view why) const {
  return fail(Errc::corrupt, "the log in {} is damaged: {}; {}", options_.directory, why, kAfterDamage);
}

std::unexpected<Error> RocksDbLogStore::failed(const rocksdb::Status& status, std::string_view doing) const {
  auto text = status.ToString();
  if (status.IsCorruption() || (status.IsNotFound() && doing == "opening")) return damaged(text);
  auto code = status.IsNoSpace() ? Errc::resource_exhausted : Errc::unavailable;
  return fail(code, "{} the log in {}: {}", doing, options_.directory, text);
}

Result<std::unique_ptr<RocksDbLogStore>> RocksDbLogStore::open(Options options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) {
    return fail(Errc::permission_denied, "data directory {} cannot be made: {}", options.directory, error.message());
  }
  auto path = options.directory + "/log";
  auto db_options = rocksdb_options(options);
  std::unique_ptr<RocksDbLogStore> store(new RocksDbLogStore(std::move(options), nullptr));
  rocksdb::DB* db = nullptr;
  auto status = rocksdb::DB::Open(db_options, path, &db);
  if (!status.ok()) return store->failed(status, "opening");
  store->db_.reset(db);
  return store;
}

// --- reading what is there ---

Result<std::string> RocksDbLogStore::get(std::string_view key) const {
  std::string value;
  auto status = db_->Get({}, key, &value);
  if (!status.ok() && !status.IsNotFound()) return failed(status, "reading");
  return value;
}

Result<Stored> RocksDbLogStore::load() {
  Stored stored;
  if (auto checked = check_node(stored); !checked) return std::unexpected(checked.error());
  if (auto loaded = load_rows(stored); !loaded) return std::unexpected(loaded.error());
  if (auto loaded = load_log(stored); !loaded) return std::unexpected(loaded.error());
  if (stored.truncated.index > snapshot_index_) {
    return damaged(fmt::format("entries up to {} are gone, the snapshot has only those up to {}",
                               stored.truncated.index, snapshot_index_));
  }
  if (snapshot_index_ > stored.last_index) return damaged("it ends before its snapshot");
  last_index_ = stored.last_index;
  truncated_ = stored.truncated;
  if (snapshot_index_ != 0) {
    auto snapshot = read_snapshot_file(options_.directory, snapshot_index_);
    if (!snapshot) return std::unexpected(snapshot.error());
    stored.snapshot = std::move(snapshot->meta);
  }
  remove_snapshot_files(options_.directory, snapshot_index_);
  return stored;
}

Result<void> RocksDbLogStore::check_node(Stored& stored) {
  auto value = get(node_key);
  if (!value) return std::unexpected(value.error());
  if (!value->empty()) {
    ByteReader reader(*value);
    auto node = reader.number<std::uint64_t>();
    stored.incarnation = reader.number<std::uint64_t>();
    if (!reader.done()) return damaged("the row of its node");
    if (node != options_.node) {
      return fail(Errc::invalid_argument,
                  "{} is the log of node {}, and this is node {}: a node's votes cannot be another's",
                  options_.directory, node, options_.node);
    }
  }
  ++stored.incarnation;
  rocksdb::WriteBatch batch;
  batch.Put(node_key, row(options_.node, stored.incarnation));
  return write(batch, true);
}

Result<void> RocksDbLogStore::load_rows(Stored& stored) {
  auto hard_state = get(hard_state_key);
  if (!hard_state) return std::unexpected(hard_state.error());
  if (!hard_state->empty()) {
    ByteReader reader(*hard_state);
    stored.hard_state = {reader.number<std::uint64_t>(), reader.number<std::uint64_t>(),
                         reader.number<std::uint64_t>()};
    if (!reader.done()) return damaged("the row of its hard state");
  }
  for (auto [key, target] :
       {std::pair{truncated_key, &stored.truncated}, std::pair{snapshot_key, static_cast<Position*>(nullptr)}}) {
    auto value = get(key);
    if (!value) return std::unexpected(value.error());
    if (value->empty()) continue;
    auto at = position_of(*value);
    if (!at) return damaged(at.error().message);
    if (target != nullptr) {
      *target = *at;
    } else {
      snapshot_index_ = at->index;
    }
  }
  return {};
}

// Every entry is looked at: a hole found later, in the middle of an election, would stop the node then.
Result<void> RocksDbLogStore::load_log(Stored& stored) {
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
  auto previous = stored.truncated;
  for (it->Seek(entry_key(0)); it->Valid(); it->Next()) {
    if (it->key().size() != entry_key_bytes || it->value().size() < entry_head_bytes)
      return damaged("a row of its entries");
    auto index = index_of(it->key());
    ByteReader reader({it->value().data(), it->value().size()});
    auto term = reader.number<std::uint64_t>();
    if (index != previous.index + 1) return damaged(fmt::format("entry {} follows entry {}", index, previous.index));
    if (term < previous.term || term > stored.hard_state.term)
      return damaged(fmt::format("entry {} has term {}", index, term));
    previous = {index, term};
  }
  if (!it->status().ok()) return failed(it->status(), "reading");
  stored.last_index = previous.index;
  if (stored.hard_state.commit > previous.index) {
    return damaged(fmt::format("it ends at entry {}, and entries up to {} were committed", previous.index,
                               stored.hard_state.commit));
  }
  return {};
}

Result<std::vector<Entry>> RocksDbLogStore::read(Index from, Index to, std::size_t bytes_max) {
  std::vector<Entry> entries;
  std::size_t bytes = 0;
  std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
  for (it->Seek(entry_key(from)); it->Valid() && from < to; it->Next(), ++from) {
    if (it->key().size() != entry_key_bytes || index_of(it->key()) != from) break;
    ByteReader reader({it->value().data(), it->value().size()});
    Entry entry{.index = from, .term = reader.number<std::uint64_t>()};
    entry.kind = static_cast<EntryKind>(reader.number<std::uint8_t>());
    if (!reader.ok()) return damaged(fmt::format("entry {}", from));
    bytes += reader.rest().size();
    if (!entries.empty() && bytes > bytes_max) break;
    entry.data = reader.rest();
    entries.push_back(std::move(entry));
  }
  if (!it->status().ok()) return failed(it->status(), "reading");
  if (entries.empty()) return damaged(fmt::format("entry {} is not there", from));
  return entries;
}

Result<Snapshot> RocksDbLogStore::read_snapshot() {
  if (snapshot_index_ == 0) return fail(Errc::not_found, "there is no snapshot in {}", options_.directory);
  return read_snapshot_file(options_.directory, snapshot_index_);
}

// --- writing ---

Result<void> RocksDbLogStore::write(rocksdb::WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions how;
  how.sync = sync;
  auto status = db_->Write(how, &batch);
  if (!status.ok()) return failed(status, "writing");
  return {};
}

Result<void> RocksDbLogStore::save(const HardState& hard_state, std::span<const Entry> entries, bool must_sync) {
  rocksdb::WriteBatch batch;
  batch.Put(hard_state_key, row(hard_state.term, hard_state.vote, hard_state.commit));
  std::string value;
  for (const auto& entry : entries) {
    value.clear();
    put_fixed(value, entry.term);
    put_fixed(value, static_cast<std::uint8_t>(entry.kind));
    value += entry.data;
    batch.Put(entry_key(entry.index), value);
  }
  Index last = entries.empty() ? last_index_ : entries.back().index;
  for (Index cut = last + 1; cut <= last_index_; ++cut) batch.Delete(entry_key(cut));
  if (auto written = write(batch, must_sync); !written) return written;
  last_index_ = last;
  return {};
}

// On any thread: touches nothing but the file.
Result<void> RocksDbLogStore::stage_snapshot(const SnapshotMeta& meta, std::string_view bytes) {
  return write_snapshot_file(options_.directory, meta, bytes);
}

Result<void> RocksDbLogStore::adopt_snapshot(const SnapshotMeta& meta) {
  rocksdb::WriteBatch batch;
  batch.Put(snapshot_key, row(meta.at.index, meta.at.term));
  if (auto written = write(batch, true); !written) return written;
  snapshot_index_ = meta.at.index;
  remove_snapshot_files(options_.directory, snapshot_index_);
  return {};
}

Result<void> RocksDbLogStore::install_snapshot(const SnapshotMeta& meta, std::string_view bytes,
                                               const HardState& hard_state) {
  if (auto written = write_snapshot_file(options_.directory, meta, bytes); !written) return written;
  rocksdb::WriteBatch batch;
  batch.Put(hard_state_key, row(hard_state.term, hard_state.vote, hard_state.commit));
  batch.Put(snapshot_key, row(meta.at.index, meta.at.term));
  batch.Put(truncated_key, row(meta.at.index, meta.at.term));
  batch.DeleteRange(entry_key(0), after_entries());
  if (auto written = write(batch, true); !written) return written;
  snapshot_index_ = last_index_ = meta.at.index;
  truncated_ = meta.at;
  remove_snapshot_files(options_.directory, snapshot_index_);
  return {};
}

Result<void> RocksDbLogStore::compact(Position upto) {
  auto first = entry_key(truncated_.index);
  auto end = entry_key(upto.index + 1);
  rocksdb::WriteBatch batch;
  batch.Put(truncated_key, row(upto.index, upto.term));
  batch.DeleteRange(first, end);
  if (auto written = write(batch, true); !written) return written;
  truncated_ = upto;
  // whole files of dead entries go at once; the rest when they are compacted
  rocksdb::Slice from(first), to(end);
  auto status = rocksdb::DeleteFilesInRange(db_.get(), db_->DefaultColumnFamily(), &from, &to, false);
  if (!status.ok()) return failed(status, "compacting");
  return {};
}

}  // namespace gantry::raft
