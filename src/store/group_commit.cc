#include "store/group_commit.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

namespace gantry::store {

namespace {
constexpr std::chrono::milliseconds kRetryInterval{500};
constexpr std::size_t kSpareBytesMax = 16 * 1024 * 1024;  // a batch that grew beyond is freed
// Under Flush::sync so much of the log at most is read again after a loss of power, to make its rows again.
constexpr std::uint64_t kUnsyncedRowsBytesMax = 64 * 1024 * 1024;
}  // namespace

GroupCommit::GroupCommit(boost::asio::io_context& io, Database& database, LogWriter& log, const Options& options,
                         Owner owner)
    : io_(io), database_(database), log_(log), options_(options), owner_(std::move(owner)), retry_timer_(io) {
  if (options_.flush == Flush::sync) thread_ = std::thread([this] { run_thread(); });
}

GroupCommit::~GroupCommit() {
  stop();
  *alive_ = false;
}

Result<void> GroupCommit::admit(std::size_t bytes) {
  if (stopped_) return fail(Errc::cancelled, "the broker is stopping");
  if (broken_) return std::unexpected(*broken_);
  if (gathering_.batch.GetDataSize() + gathering_.log_bytes + bytes > options_.gathered_bytes_max) {
    return fail(Errc::resource_exhausted, "the disk is behind: more than {} bytes wait to be written",
                options_.gathered_bytes_max);
  }
  return {};
}

rocksdb::WriteBatch& GroupCommit::messages(std::size_t log_bytes) {
  schedule();
  gathering_.log_bytes += log_bytes;
  return gathering_.batch;
}

rocksdb::WriteBatch& GroupCommit::rows() {
  schedule();
  gathering_.with_rows = true;
  return gathering_.batch;
}

void GroupCommit::put_setting(std::string_view key, std::string_view value) { keep_setting(key, value); }

void GroupCommit::erase_setting(std::string_view key) { keep_setting(key, std::nullopt); }

void GroupCommit::keep_setting(std::string_view key, std::optional<std::string_view> value) {
  if (broken_ || stopped_) return keep_unsaved(key, value);
  schedule();
  auto found = gathering_.settings.find(key);
  if (found == gathering_.settings.end()) found = gathering_.settings.emplace(std::string(key), std::nullopt).first;
  found->second = value;
}

void GroupCommit::settings_changed() {
  if (broken_ || stopped_) return;  // collected when the disk takes writes again
  gathering_.to_collect = true;
  schedule();
}

void GroupCommit::collect() {
  const bool scheduled = std::exchange(scheduled_, true);  // what is collected goes with this batch
  for (const auto& collector : collectors_) collector();
  scheduled_ = scheduled;
}

void GroupCommit::add_setting(rocksdb::WriteBatch& batch, const std::string& key,
                              const std::optional<std::string>& value) {
  if (value) {
    (void)batch.Put(database_.family(Family::meta), key, *value);
  } else {
    (void)batch.Delete(database_.family(Family::meta), key);
  }
}

// The limit is of keys: what is kept already always takes the newest value, else an old one would be written later.
void GroupCommit::keep_unsaved(std::string_view key, std::optional<std::string_view> value) {
  auto found = unsaved_.find(key);
  if (found == unsaved_.end()) {
    if (unsaved_.size() >= options_.unsaved_keys_max) {
      if (unsaved_left_out_++ == 0)
        spdlog::error(
            "store: {} settings wait for the disk, further ones are lost when the broker stops: free some space",
            unsaved_.size());
      return;
    }
    found = unsaved_.emplace(std::string(key), std::nullopt).first;
  }
  found->second = value;
}

void GroupCommit::then(Callback done) {
  if (stopped_ || broken_) {
    const Error error = broken_ ? *broken_ : Error{Errc::cancelled, "the broker is stopping"};
    boost::asio::post(io_, [done = std::move(done), error]() mutable { done(std::unexpected(error)); });
    return;
  }
  schedule();
  gathering_.callbacks.push_back(std::move(done));
}

void GroupCommit::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  boost::asio::post(io_, [this, alive = alive_] {
    if (*alive) commit();
  });
}

void GroupCommit::commit() {
  scheduled_ = false;
  if (gathering_.empty() || broken_ || stopped_) return;
  if (options_.flush == Flush::sync) {
    if (!in_flight_) hand_over();
    return;
  }
  Group group = take_gathered();
  const auto status = write(group);
  finish(std::move(group), status);
}

GroupCommit::Group GroupCommit::take_gathered() {
  collect();
  for (const auto& [key, value] : gathering_.settings) add_setting(gathering_.batch, key, value);
  gathering_.with_rows |= !gathering_.settings.empty();
  gathering_.log = owner_.sealing(gathering_.batch, gathering_.with_rows);
  Group group = std::move(gathering_);
  gathering_ = Group();
  gathering_.batch = std::exchange(spare_, rocksdb::WriteBatch());
  gathering_.number = group.number + 1;
  return group;
}

// First the log: rows never point at what is not there.
rocksdb::Status GroupCommit::write(Group& group) {
  const bool messages = !group.log.segments.empty();
  rocksdb::Status status;
  if (messages) status = log_.write(group.log);
  if (status.ok() && group.batch.Count() != 0) status = write_rows(group);
  if (!status.ok() && messages) log_.take_back();
  return status;
}

rocksdb::Status GroupCommit::write_rows(Group& group) {
  rocksdb::WriteOptions options;
  if (options_.flush == Flush::sync) {
    unsynced_rows_bytes_ += group.log_bytes;
    options.sync = group.with_rows || unsynced_rows_bytes_ > kUnsyncedRowsBytesMax;
    if (options.sync) unsynced_rows_bytes_ = 0;
  }
  return database_.db().Write(options, &group.batch);
}

void GroupCommit::hand_over() {
  in_flight_ = true;
  {
    std::lock_guard lock(mutex_);
    handed_ = take_gathered();
  }
  wake_.notify_one();
}

void GroupCommit::run_thread() {
  while (true) {
    std::optional<Group> group;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return handed_ || quit_; });
      if (!handed_) return;
      group = std::exchange(handed_, std::nullopt);
    }
    auto status = write(*group);
    {
      std::lock_guard lock(mutex_);
      written_.emplace(std::move(*group), std::move(status));
    }
    boost::asio::post(io_, [this, alive = alive_] {
      if (!*alive || stopped_) return;
      finish_written();
      if (!broken_ && !gathering_.empty() && !in_flight_) hand_over();
    });
  }
}

// The outcome of what the thread wrote, once.
void GroupCommit::finish_written() {
  std::optional<std::pair<Group, rocksdb::Status>> written;
  {
    std::lock_guard lock(mutex_);
    written = std::exchange(written_, std::nullopt);
  }
  if (!written) return;
  in_flight_ = false;
  finish(std::move(written->first), written->second);
}

void GroupCommit::finish(Group group, const rocksdb::Status& status) {
  if (!status.ok()) {
    Error error = to_error(status, "the disk refused a write");
    // what gathered meanwhile builds on what was lost: it fails too
    Group next = take_gathered();
    enter_broken(error);
    fail_group(group, error);
    fail_group(next, error);
    return;
  }
  if (group.batch.GetDataSize() <= kSpareBytesMax) {
    group.batch.Clear();
    spare_ = std::move(group.batch);
  }
  owner_.committed(group.number);
  for (auto& done : group.callbacks) done({});
}

void GroupCommit::fail_group(Group& group, const Error& error) {
  for (const auto& [key, value] : group.settings) keep_unsaved(key, value);
  for (auto& done : group.callbacks) done(std::unexpected(error));
}

void GroupCommit::enter_broken(Error error) {
  spdlog::error("store: {}; messages are refused until it takes writes again, reads go on", error.message);
  broken_ = std::move(error);
  owner_.rolled_back();
  retry_after(kRetryInterval);
}

void GroupCommit::retry_after(std::chrono::milliseconds interval) {
  retry_timer_.expires_after(interval);
  retry_timer_.async_wait([this, alive = alive_](boost::system::error_code code) {
    if (!code && *alive && !stopped_) retry();
  });
}

// Writes the settings that the disk refused, if it takes writes again.
rocksdb::Status GroupCommit::catch_up() {
  rocksdb::Status status = log_.repair();
  if (status.ok()) status = database_.db().Resume();
  if (status.ok()) {
    collect();
    rocksdb::WriteBatch batch;
    for (const auto& [key, value] : unsaved_) add_setting(batch, key, value);
    (void)batch.Put(database_.family(Family::meta), "store/probe", "1");  // shows that the disk takes writes
    rocksdb::WriteOptions options;
    options.sync = true;
    status = database_.db().Write(options, &batch);
  }
  return status;
}

void GroupCommit::retry() {
  if (!broken_) return;
  if (catch_up().ok()) {
    spdlog::info("store: the disk takes writes again, {} settings caught up", unsaved_.size());
    if (unsaved_left_out_ != 0)
      spdlog::error("store: {} changes of settings were beyond the limit and are not on the disk", unsaved_left_out_);
    unsaved_left_out_ = 0;
    unsaved_.clear();
    broken_.reset();
    return;
  }
  retry_after(kRetryInterval);
}

void GroupCommit::say_lost(const Error& error, std::uint64_t settings) {
  spdlog::error("store: {}", error.message);
  if (settings != 0)
    spdlog::error(
        "store: {} settings (consumer offsets, POP state, topics, groups) were changed and not written before the "
        "stop: the changes are lost",
        settings);
}

void GroupCommit::stop() {
  if (stopped_) return;
  if (thread_.joinable()) {
    {
      std::lock_guard lock(mutex_);
      quit_ = true;
    }
    wake_.notify_one();
    thread_.join();
    finish_written();  // before what gathered behind it: that builds on it
  }
  write_last();
  stopped_ = true;
  retry_timer_.cancel();
}

void GroupCommit::write_last() {
  if (broken_) {
    const auto status = catch_up();
    if (!status.ok())
      say_lost(to_error(status, "the disk takes no writes at the stop"), unsaved_.size() + unsaved_left_out_);
    return;
  }
  if (gathering_.empty()) return;
  Group group = take_gathered();
  stopped_ = true;  // what the callbacks put comes too late
  const auto status = write(group);
  if (status.ok()) {
    owner_.committed(group.number);
    for (auto& done : group.callbacks) done({});
  } else {
    const Error error = to_error(status, "the disk refused the last write before the stop");
    say_lost(error, group.settings.size());
    for (auto& done : group.callbacks) done(std::unexpected(error));
  }
}

}  // namespace gantry::store
