#include "store/message_index.h"

#include <rocksdb/iterator.h>

#include <algorithm>

#include "store/bytes.h"
#include "store/index_row.h"

namespace gantry::store {

namespace {

std::unexpected<Error> malformed() { return fail(Errc::corrupt, "a row of the index is malformed"); }

}  // namespace

Result<std::optional<IndexRow>> MessageIndex::row_of(const Queue& queue, const rocksdb::Iterator& at) {
  if (!at.status().ok()) return std::unexpected(to_error(at.status(), "reading the index"));
  if (!at.Valid()) return std::nullopt;
  const std::string_view key = at.key().ToStringView();
  if (key.size() != kIndexKeyBytes) return malformed();
  if (get_u32(key.data()) != queue.number()) return std::nullopt;
  const auto row = IndexRow::parse(key, at.value().ToStringView());
  if (!row) return malformed();
  return row;
}

std::unique_ptr<rocksdb::Iterator> MessageIndex::rows(const rocksdb::ReadOptions& options) const {
  return std::unique_ptr<rocksdb::Iterator>(database_.db().NewIterator(options, database_.family(Family::index)));
}

Result<std::optional<MessageIndex::Found>> MessageIndex::first_from(const Queue& queue, std::int64_t offset) const {
  char key[kIndexKeyBytes];
  encode_index_key(key, queue.number(), offset);
  const auto at = rows();
  at->Seek({key, sizeof key});
  const auto row = row_of(queue, *at);
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  const std::int64_t found = std::max(offset, (*row)->first());
  return Found{found, (*row)->entry(found)};
}

Result<std::optional<MessageIndex::Found>> MessageIndex::newest(const Queue& queue) const {
  char upper[kIndexKeyBytes];
  encode_index_key(upper, queue.number(), INT64_MAX);
  const auto at = rows();
  at->SeekForPrev({upper, sizeof upper});
  const auto row = row_of(queue, *at);
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return Found{(*row)->last(), (*row)->entry((*row)->last())};
}

Result<std::optional<std::uint32_t>> MessageIndex::highest_number() const {
  const auto at = rows();
  at->SeekToLast();
  if (!at->status().ok()) return std::unexpected(to_error(at->status(), "reading the index"));
  if (!at->Valid()) return std::nullopt;
  if (at->key().size() != kIndexKeyBytes) return malformed();
  return get_u32(at->key().data());
}

Result<std::vector<std::uint64_t>> MessageIndex::find_by_key(std::uint64_t key_hash, std::uint64_t begin,
                                                             std::size_t max) const {
  std::vector<std::uint64_t> found;
  char upper[16];
  put_u64(upper, key_hash);
  put_u64(upper + 8, UINT64_MAX);
  std::unique_ptr<rocksdb::Iterator> keys(database_.db().NewIterator({}, database_.family(Family::keys)));
  for (keys->SeekForPrev({upper, sizeof upper}); keys->Valid() && found.size() < max; keys->Prev()) {
    if (keys->key().size() != 16 || get_u64(keys->key().data()) != key_hash) break;
    const std::uint64_t physical = get_u64(keys->key().data() + 8);
    if (physical < begin) break;
    found.push_back(physical);
  }
  if (!keys->status().ok()) return std::unexpected(to_error(keys->status(), "reading the keys"));
  return found;
}

void MessageIndex::add_rows(rocksdb::WriteBatch& batch, const Queue& queue, std::int64_t next_offset,
                            std::string& entries) const {
  rocksdb::ColumnFamilyHandle* const index = database_.family(Family::index);
  std::int64_t last = next_offset - static_cast<std::int64_t>(entries.size() / kIndexEntryBytes) - 1;
  constexpr std::size_t row_bytes = kIndexRowEntriesMax * kIndexEntryBytes;
  for (std::size_t at = 0; at < entries.size(); at += row_bytes) {
    const std::size_t size = std::min(row_bytes, entries.size() - at);
    last += static_cast<std::int64_t>(size / kIndexEntryBytes);
    char key[kIndexKeyBytes];
    encode_index_key(key, queue.number(), last);
    (void)batch.Put(index, {key, sizeof key}, {entries.data() + at, size});
  }
  entries.clear();
}

void MessageIndex::remove_row(rocksdb::WriteBatch& batch, const rocksdb::Slice& key) const {
  (void)batch.Delete(database_.family(Family::index), key);
}

void MessageIndex::remove_rows(rocksdb::WriteBatch& batch, const Queue& queue) const {
  char from[kIndexKeyBytes], to[kIndexKeyBytes];
  encode_index_key(from, queue.number(), 0);
  encode_index_key(to, queue.number() + 1, 0);
  (void)batch.DeleteRange(database_.family(Family::index), {from, sizeof from}, {to, sizeof to});
}

void MessageIndex::add_keys(rocksdb::WriteBatch& batch, std::uint64_t physical_offset, std::string_view hashes) const {
  for (std::size_t at = 0; at < hashes.size(); at += 8) {
    char key[16];
    hashes.copy(key, 8, at);
    put_u64(key + 8, physical_offset);
    (void)batch.Put(database_.family(Family::keys), {key, sizeof key}, {});
  }
}

}  // namespace gantry::store
