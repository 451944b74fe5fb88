// Group commit: everything that is changed in one turn of the event loop goes to the disk together: the messages as one
// append to the log's file, then all else as one write to RocksDB. The first change of a turn posts the commit, which
// therefore runs after the handlers that were ready with it.
//
// Flush::async writes on the event loop (the operating system takes the bytes in microseconds). Flush::sync hands the
// batch to a thread that writes and waits for the disk while the next batch gathers; one write at a time, and the batch
// that gathers is bounded, so a slow disk pushes back on senders and not on memory. The log's file is synced for each
// group with messages, RocksDB's only for what the log does not say (settings, timers): the rest is made again from it.
//
// Two kinds of change: message changes (appends, timers) fail with the batch and are undone by their owner; settings
// (topics, offsets, POP state) live in memory first, so a failed write keeps them and writes them again when the disk
// takes writes again. All functions are called on the event loop's thread.
#pragma once

#include <rocksdb/write_batch.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/database.h"
#include "store/log_writer.h"
#include "store/options.h"

namespace gantry::store {

class GroupCommit {
 public:
  using Callback = std::move_only_function<void(const Result<void>&)>;

  // What the owner of the messages does when a batch was written, or was not and everything unwritten is undone.
  struct Owner {
    // The last moment to add to the batch; returns what the log gets. with_rows: the batch has what the log does not say.
    std::function<LogWrite(rocksdb::WriteBatch&, bool with_rows)> sealing;
    std::function<void(std::uint64_t batch)> committed;
    std::function<void()> rolled_back;
  };

  GroupCommit(boost::asio::io_context& io, Database& database, LogWriter& log, const Options& options, Owner owner);
  ~GroupCommit();

  // Fails while the disk refuses writes, when too much waits already, or after stop().
  Result<void> admit(std::size_t bytes);

  // The batch that gathers now, for message changes; scheduled for commit by this call. messages(): for rows that the
  // log says too, of messages with so many bytes there; rows(): for those that it does not say, like timers.
  rocksdb::WriteBatch& messages(std::size_t log_bytes);
  rocksdb::WriteBatch& rows();
  void put_setting(std::string_view key, std::string_view value);
  void erase_setting(std::string_view key);
  // For settings that change many times a turn: `collect` is called when a batch is about to be written, and puts what
  // changed since its last call. It stays registered; settings_changed() says that it will have something to put.
  void add_collector(std::function<void()> collect) { collectors_.push_back(std::move(collect)); }
  void settings_changed();
  // Called when all that gathered until now is as durable as promised, or with the error when it is not.
  void then(Callback done);

  std::uint64_t gathering() const { return gathering_.number; }  // number of the batch that gathers
  bool broken() const { return broken_.has_value(); }
  // Broken because the disk is full: deleting something may help.
  bool out_of_space() const { return broken_ && broken_->code == Errc::resource_exhausted; }
  // Looks at once whether the disk takes writes again, not at the next interval. Only while broken.
  void retry_now() { retry_after(std::chrono::milliseconds(0)); }
  // Settings that only memory has, because the disk refused them: nullopt = not among them.
  const std::map<std::string, std::optional<std::string>, std::less<>>& unsaved() const { return unsaved_; }

  // Gives back the memory that is kept for the next batch.
  void rest() { spare_ = rocksdb::WriteBatch(); }

  // Writes what gathered, and what the disk refused before if it takes it now; says how many settings are lost if it does
  // not. Answers everybody, joins the thread. Idempotent.
  void stop();

 private:
  struct Group {
    std::uint64_t number = 1;
    rocksdb::WriteBatch batch;
    std::map<std::string, std::optional<std::string>, std::less<>>
        settings;  // the newest value of each; not yet in batch
    std::vector<Callback> callbacks;
    bool to_collect = false;
    LogWrite log;               // filled when it is sealed
    std::size_t log_bytes = 0;  // that it will have
    bool with_rows = false;
    bool empty() const {
      return batch.Count() == 0 && log_bytes == 0 && settings.empty() && callbacks.empty() && !to_collect;
    }
  };

  void schedule();
  void commit();
  void hand_over();
  void collect();
  Group take_gathered();
  void finish(Group group, const rocksdb::Status& status);
  void fail_group(Group& group, const Error& error);
  void enter_broken(Error error);
  void retry_after(std::chrono::milliseconds interval);
  void retry();
  rocksdb::Status catch_up();
  void write_last();
  void say_lost(const Error& error, std::uint64_t settings);
  void run_thread();
  void finish_written();
  void keep_setting(std::string_view key, std::optional<std::string_view> value);
  void keep_unsaved(std::string_view key, std::optional<std::string_view> value);
  void add_setting(rocksdb::WriteBatch& batch, const std::string& key, const std::optional<std::string>& value);
  rocksdb::Status write(Group& group);
  rocksdb::Status write_rows(Group& group);

  boost::asio::io_context& io_;
  Database& database_;
  LogWriter& log_;
  const Options& options_;
  Owner owner_;
  std::vector<std::function<void()>> collectors_;
  Group gathering_;
  rocksdb::WriteBatch spare_;  // an empty one whose memory is used again
  bool scheduled_ = false;
  bool in_flight_ = false;
  bool stopped_ = false;
  std::optional<Error> broken_;
  std::map<std::string, std::optional<std::string>, std::less<>> unsaved_;
  std::uint64_t unsaved_left_out_ = 0;  // beyond the limit
  boost::asio::steady_timer retry_timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  // shared with the commit thread
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<Group> handed_;
  std::optional<std::pair<Group, rocksdb::Status>> written_;
  bool quit_ = false;
  std::uint64_t unsynced_rows_bytes_ = 0;  // of the log, since RocksDB's own was synced; the writing thread's
  std::thread thread_;
};

}  // namespace gantry::store
