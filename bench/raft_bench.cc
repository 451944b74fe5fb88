// What the replicated log alone can do: three groups in three threads of one process, messages handed over in memory, the log
// of each in files on a disk, synced. Clients are counters: they keep `in flight` commands of 128 bytes, gathered into one
// entry a turn, and count those that were committed and handed out.
//
//   raft_bench [DIRECTORY [SECONDS]]      one line for each number in flight
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "raft/file_log_store.h"
#include "raft/group.h"

namespace {

using namespace gantry::raft;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t command_bytes = 128;
constexpr milliseconds tick{10};

class Machine;
std::map<NodeId, Machine*> machines;

// A node: its thread owns the group, others put letters into its mailbox.
class Machine {
 public:
  Machine(NodeId id, std::unique_ptr<FileLogStore> store) : id_(id), store_(std::move(store)) {
    GroupConfig config{.id = id, .seed = id};
    auto opened = Group::open(config, *store_);
    if (!opened) die(opened.error());
    group_.emplace(std::move(*opened));
  }

  void start() {
    thread_ = std::thread([this] { loop(); });
  }
  void stop() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void receive(std::string letter) {
    bool first;
    {
      std::lock_guard lock(mutex_);
      first = letters_.empty();
      letters_.push_back(std::move(letter));
    }
    if (first) wake_.notify_one();
  }

  void set_in_flight(std::size_t count) {
    in_flight_ = count;
    wake_.notify_one();
  }
  bool leads() const { return leads_; }

  // Since the last call: how long each command took, in µs.
  std::vector<double> take_latencies() {
    std::lock_guard lock(mutex_);
    return std::exchange(latencies_, {});
  }
  std::uint64_t entries() const { return entries_; }

 private:
  [[noreturn]] static void die(const gantry::Error& error) {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    std::_Exit(1);
  }

  void loop() {
    auto next_tick = Clock::now() + tick;
    std::vector<std::string> letters;
    for (;;) {
      letters.clear();
      {
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, next_tick,
                         [&] { return stop_ || !letters_.empty() || (leads_ && waiting_ < in_flight_); });
        if (stop_) return;
        letters.swap(letters_);
      }
      for (const auto& letter : letters) (void)group_->step(letter);
      for (auto now = Clock::now(); now >= next_tick; next_tick += tick) (void)group_->tick();
      if (leads_) propose();
      while (group_->has_work()) turn();
      offer_snapshot();
    }
  }

  void propose() {
    if (waiting_ >= in_flight_) return;
    auto count = in_flight_ - waiting_;
    auto proposed = group_->propose(std::string(count * command_bytes, 'x'));
    if (!proposed) return;
    waiting_ += count;
    proposals_[proposed->index] = {count, Clock::now()};
  }

  void turn() {
    auto output = group_->turn(send);
    if (!output) die(output.error());
    send(std::move(output->messages));
    if (output->restore) applied_ = output->restore->index;
    auto now = Clock::now();
    for (const auto& entry : output->committed) {
      applied_ = entry.index;
      auto proposal = proposals_.extract(entry.index);
      if (proposal.empty()) continue;
      auto [count, since] = proposal.mapped();
      waiting_ -= count;
      ++entries_;
      std::lock_guard lock(mutex_);
      latencies_.insert(latencies_.end(), count, std::chrono::duration<double, std::micro>(now - since).count());
    }
    (void)group_->advance_applied(applied_);
    if (output->leadership) leads_ = output->leadership->role == Role::leader;
  }

  void offer_snapshot() {
    if (applied_ < snapshot_ + 100'000) return;
    snapshot_ = applied_;
    if (auto offered = group_->offer_snapshot(applied_, "state"); !offered) die(offered.error());
  }

  static void send(std::vector<Output::Message> messages) {
    for (auto& message : messages) machines.at(message.to)->receive(std::move(message.bytes));
  }

  NodeId id_;
  std::unique_ptr<FileLogStore> store_;
  std::optional<Group> group_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> letters_;
  std::vector<double> latencies_;
  bool stop_ = false;
  std::atomic<bool> leads_ = false;
  std::atomic<std::size_t> in_flight_ = 0;
  std::atomic<std::size_t> waiting_ = 0;
  std::atomic<std::uint64_t> entries_ = 0;
  std::map<Index, std::pair<std::size_t, Clock::time_point>> proposals_;
  Index applied_ = 0;
  Index snapshot_ = 0;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

Machine* leader() {
  for (auto until = Clock::now() + std::chrono::seconds(10); Clock::now() < until;
       std::this_thread::sleep_for(milliseconds(1))) {
    for (auto& [id, machine] : machines) {
      if (machine->leads()) return machine;
    }
  }
  std::fprintf(stderr, "no leader in 10 s\n");
  std::_Exit(1);
}

void measure(std::size_t in_flight, double seconds) {
  auto* machine = leader();
  machine->take_latencies();
  auto entries = machine->entries();
  auto cpu = cpu_seconds();
  auto start = Clock::now();
  machine->set_in_flight(in_flight);
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  auto latencies = machine->take_latencies();
  auto took = std::chrono::duration<double>(Clock::now() - start).count();
  machine->set_in_flight(0);
  cpu = cpu_seconds() - cpu;
  std::this_thread::sleep_for(milliseconds(300));
  if (latencies.empty()) latencies.push_back(0);
  std::ranges::sort(latencies);
  auto at = [&](double share) {
    return latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  std::printf("%5zu in flight %9.0f writes/s  p50 %6.0f us  p99 %6.0f us  %6.0f entries/s  %4.2f cores  %4.0f MiB\n",
              in_flight, static_cast<double>(latencies.size()) / took, at(0.5), at(0.99),
              static_cast<double>(machine->entries() - entries) / took, cpu / took, resident_mib());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::string directory = argc > 1 ? argv[1] : "raft_bench.data";
  double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  std::filesystem::remove_all(directory);
  Members members;
  for (NodeId id = 1; id <= 3; ++id) members.list.push_back({id, "memory", true});
  std::vector<std::unique_ptr<Machine>> owned;
  for (NodeId id = 1; id <= 3; ++id) {
    auto store = FileLogStore::open({.directory = directory + "/" + std::to_string(id), .node = id});
    if (!store || !Group::form(**store, members)) return 1;
    owned.push_back(std::make_unique<Machine>(id, std::move(*store)));
    machines[id] = owned.back().get();
  }
  for (auto& machine : owned) machine->start();
  for (std::size_t in_flight : {1, 16, 64, 256, 1024}) measure(in_flight, seconds);
  for (auto& machine : owned) machine->stop();
  std::filesystem::remove_all(directory);
}
