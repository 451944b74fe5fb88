// The embedded broker's storage: messages in log files, settings and timers in RocksDB, with one rule: nothing is answered
// before it is as durable as Options::flush promises. All functions are called on the event loop's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/database.h"
#include "store/group_commit.h"
#include "store/message_log.h"
#include "store/options.h"

namespace gantry::store {

class Store {
 public:
  // Errors: unavailable (directory in use), permission_denied, corrupt, resource_exhausted, each with what to do.
  static Result<std::unique_ptr<Store>> open(boost::asio::io_context& io, Options options,
                                             std::function<void(Queue&)> on_arrival);
  ~Store();

  MessageLog& log() { return *log_; }
  const Options& options() const { return options_; }
  std::int64_t now_ms() const { return options_.now_ms(); }

  // Called when everything changed so far is durable, or with the error when it is not: then messages appended since
  // the last success are gone and timers unchanged; settings are kept in memory and written when the disk allows.
  void when_durable(GroupCommit::Callback done) { commit_->then(std::move(done)); }
  bool broken() const { return commit_->broken(); }

  // Settings: small values by name. Reads see everything that was put.
  void put(std::string_view key, std::string_view value) { commit_->put_setting(key, value); }
  void erase(std::string_view key) { commit_->erase_setting(key); }
  // For settings that change many times a turn, written once with it: see GroupCommit. `collect` must stay callable.
  void add_collector(std::function<void()> collect) { commit_->add_collector(std::move(collect)); }
  void settings_changed() { commit_->settings_changed(); }
  // For start-up: every stored setting whose name begins with `prefix`, in order; what this turn changed is not seen.
  Result<void> for_each_setting(std::string_view prefix,
                                const std::function<void(std::string_view key, std::string_view value)>& visit);

  // Timers: records that wait for their time. A timer is a message change: undone when the write fails.
  struct Timer {
    std::int64_t due_ms = 0;
    std::uint64_t sequence = 0;  // of the physical offset's number space: unique
    std::string record;
  };
  Result<void> add_timer(std::int64_t due_ms, std::uint64_t sequence, std::string_view record);
  void erase_timer(std::int64_t due_ms, std::uint64_t sequence);
  // Stored timers with from_ms <= due <= now_ms, the earliest first.
  Result<std::vector<Timer>> due_timers(std::int64_t from_ms, std::int64_t now_ms, std::size_t max);
  Result<std::optional<std::int64_t>> next_due_ms(std::int64_t from_ms);  // nullopt: none is stored
  // For start-up: the record of every stored timer, the earliest first; what this turn changed is not seen.
  Result<void> for_each_timer(const std::function<void(std::string_view record)>& visit);

  struct DiskUsage {
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;
    double used_ratio() const {
      return total_bytes == 0 ? 0 : 1.0 - static_cast<double>(free_bytes) / static_cast<double>(total_bytes);
    }
  };
  std::optional<DiskUsage> disk_usage() const;

  // Fails with resource_exhausted when the disk is nearly full: appends are to be refused, all else goes on.
  Result<void> admit_append();

  // Deletes what retention no longer keeps (log_retention.h says what of it on a full disk); also done every minute.
  void enforce_retention() { log_->enforce_retention(now_ms()); }

  // Nothing happens for a while: writes memory tables out in the background and gives memory back to the system.
  void rest();

  // Writes everything, also what the disk refused before, and says what it could not; closes the database. Idempotent.
  void stop();

 private:
  Store(boost::asio::io_context& io, Options options);
  void watch();
  void look_at_space();

  Options options_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<MessageLog> log_;
  std::unique_ptr<GroupCommit> commit_;
  boost::asio::steady_timer watch_timer_;
  int watch_ticks_ = 0;
  std::uint64_t watched_end_ = 0;
  bool low_space_ = false;
  // a completion that was queued before a cancel still runs: it must not find a dead object
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace gantry::store
