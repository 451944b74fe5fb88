#include "exporter/exporter.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <mutex>

#include "exporter/cluster_reader.h"
#include "exporter/snapshot.h"
#include "net/log_limit.h"
#include "net/spawn.h"
#include "rocketmq/wakeup.h"

namespace gantry::exporter {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

std::int64_t steady_ms() { return std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch()).count(); }

}  // namespace

class Exporter::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, std::shared_ptr<rocketmq::Cluster> cluster, Config config)
      : io_(io),
        config_(config),
        reader_(std::move(cluster), config),
        rates_(milliseconds(config.rate_window).count()),
        wakeup_(io) {}

  void start() {
    TextWriter own(kOwnBytesMax);
    write_cycles(own);
    own_ = std::make_shared<const std::string>(own.take());
    net::spawn(io_, "the exporter", [self = shared_from_this()]() { return run(self); });
  }

  void stop() {
    stopped_ = true;
    wakeup_.notify();
  }

  std::string text() const {
    std::shared_ptr<const std::string> own, series;
    {
      const std::lock_guard lock(mutex_);
      own = own_;
      if (Clock::now() - series_at_ <= stale_after()) series = series_;
    }
    std::string text;
    text.reserve((own ? own->size() : 0) + (series ? series->size() : 0));
    if (own) text += *own;
    if (series) text += *series;
    return text;
  }

  std::uint64_t cycles() const { return cycles_; }

 private:
  milliseconds stale_after() const {
    if (config_.stale_after.count() > 0) return config_.stale_after;
    return std::max(milliseconds(60'000), 3 * config_.interval);
  }

  static asio::awaitable<void> run(std::shared_ptr<Impl> self) {
    while (!self->stopped_) {
      const auto begin = Clock::now();
      co_await self->cycle();
      const auto next = begin + self->config_.interval;
      const auto wait = std::chrono::ceil<milliseconds>(next - Clock::now());
      // a cycle that takes longer than its interval leaves the cluster some rest
      if (!self->stopped_) co_await self->wakeup_.wait(std::max(wait, self->config_.interval / 10));
    }
  }

  asio::awaitable<void> cycle() {
    const auto begin = Clock::now();
    ClusterFacts facts;
    co_await reader_.read(facts);
    if (stopped_) co_return;
    memory_.learn(facts, steady_ms(), config_);
    for (const auto& [request, count] : facts.errors) errors_[request] += count;
    note_health(facts);

    Readings readings(facts, memory_, config_);
    while (readings.pairs_left() > 0) {
      for (std::size_t i = 0; i < kPairsAtOnce && readings.pairs_left() > 0; ++i) readings.read_next_pair();
      co_await asio::post(io_, asio::use_awaitable);
    }
    readings.finish();
    co_await asio::post(io_, asio::use_awaitable);
    const Snapshot snapshot = make_snapshot(readings, config_, rates_, steady_ms());

    TextWriter out(config_.text_bytes_max);
    const auto write_all = [&](std::span<const WriteSeries> all) -> asio::awaitable<void> {
      for (const WriteSeries write : all) {
        co_await asio::post(io_, asio::use_awaitable);
        write(snapshot, out);
      }
    };
    if (config_.clean_names) co_await write_all(clean_series());
    if (config_.well_known_names) co_await write_all(well_known_series());
    if (stopped_) co_return;

    auto& dropped = facts.dropped;
    dropped["pairs"] = readings.dropped_pairs();
    dropped["names"] = readings.unusable_names();
    dropped["samples"] = out.dropped();
    for (const char* limit : {"topics", "groups", "clients"}) dropped[limit];
    const bool complete = !facts.brokers.empty();
    if (complete) {
      last_cycle_s_ = static_cast<double>(facts.started_ms) / 1000.0;
      last_duration_s_ = std::chrono::duration<double>(Clock::now() - begin).count();
      last_requests_ = facts.requests;
    }
    publish(facts, readings.pairs().size(), complete, out);
  }

  enum class Health { well, broker_silent, nothing_read };

  // One line when it gets another; what is absent is in the numbers, the reason is not.
  void note_health(const ClusterFacts& facts) {
    const auto silent =
        std::ranges::find_if(facts.brokers, [](const auto& broker) { return broker.failed.has_value(); });
    const Health now = facts.brokers.empty()           ? Health::nothing_read
                       : silent != facts.brokers.end() ? Health::broker_silent
                                                       : Health::well;
    if (std::exchange(health_, now) == now) return;
    switch (now) {
      case Health::nothing_read:
        spdlog::warn(
            "exporter: the cluster cannot be read, its series are absent: {}. Is --namesrv right, and does {}?",
            facts.failed ? facts.failed->message : "the name server knows no broker",
            facts.failed ? "the name server run" : "a broker register there");
        break;
      case Health::broker_silent:
        spdlog::warn("exporter: broker {} cannot be read, the series of what it holds are absent: {}", silent->name,
                     silent->failed->message);
        break;
      case Health::well: spdlog::info("exporter: every broker is read again"); break;
    }
  }

  void write_cycles(TextWriter& own) const {
    own.family("gantry_exporter_cycles_total", SeriesType::counter, "Cycles that have ended.");
    own.sample({}, cycles_.load());
  }

  void publish(const ClusterFacts& facts, std::size_t pairs, bool complete, TextWriter& out) {
    ++cycles_;
    const std::size_t samples = out.samples();
    TextWriter own(kOwnBytesMax);
    const auto one = [&](std::string_view name, SeriesType type, std::string_view help, auto value) {
      own.family(name, type, help);
      own.sample({}, value);
    };
    one("gantry_exporter_up", SeriesType::gauge, "1: a name server answered in the last cycle.", complete ? 1 : 0);
    write_cycles(own);
    if (last_duration_s_ > 0) {
      one("gantry_exporter_last_cycle_timestamp_seconds", SeriesType::gauge,
          "When the last complete cycle began; its numbers are so old.", last_cycle_s_);
      one("gantry_exporter_last_cycle_duration_seconds", SeriesType::gauge, "How long it took.", last_duration_s_);
      one("gantry_exporter_last_cycle_requests", SeriesType::gauge, "Requests that it made.", last_requests_);
    }
    one("gantry_exporter_pairs", SeriesType::gauge, "Pairs of topic and group that are exposed.", pairs);
    one("gantry_exporter_samples", SeriesType::gauge, "Samples of the last cycle, these here apart.", samples);
    own.family("gantry_exporter_errors_total", SeriesType::counter,
               "Requests that failed; what they were to read is absent until the next cycle.");
    for (const auto& [request, count] : errors_) own.sample(labels({{"request", request}}), count);
    own.family("gantry_exporter_dropped", SeriesType::gauge,
               "What was beyond a limit in the last cycle and is not exposed; anything above 0 needs a higher limit.");
    for (const auto& [limit, count] : facts.dropped) {
      own.sample(labels({{"limit", limit}}), count);
      if (count > 0 && limited_.admit())
        spdlog::warn("exporter: {} {} are beyond the limit and not exposed", count, limit);
    }
    auto own_text = std::make_shared<const std::string>(own.take());
    auto series = std::make_shared<const std::string>(out.take());
    const std::lock_guard lock(mutex_);
    own_ = std::move(own_text);
    series_ = std::move(series);
    series_at_ = Clock::now();
  }

  static constexpr std::size_t kPairsAtOnce = 100;
  static constexpr std::size_t kOwnBytesMax = 64 * 1024;

  asio::io_context& io_;
  Config config_;
  ClusterReader reader_;
  Memory memory_;
  Rates rates_;
  rocketmq::Wakeup wakeup_;
  bool stopped_ = false;
  Health health_ = Health::well;
  std::map<std::string, std::uint64_t> errors_;  // by request: there are few kinds
  double last_cycle_s_ = 0;
  double last_duration_s_ = 0;
  std::uint64_t last_requests_ = 0;
  std::atomic<std::uint64_t> cycles_{0};
  net::LogLimit limited_{std::chrono::minutes(1)};

  mutable std::mutex mutex_;  // of what scrapes of other threads read
  std::shared_ptr<const std::string> own_, series_;
  Clock::time_point series_at_{};
};

Exporter::Exporter(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Exporter::~Exporter() { stop(); }
std::string Exporter::text() const { return impl_->text(); }
std::uint64_t Exporter::cycles() const { return impl_->cycles(); }
void Exporter::stop() { impl_->stop(); }

Result<std::unique_ptr<Exporter>> Exporter::start(asio::io_context& io, std::shared_ptr<rocketmq::Cluster> cluster,
                                                  Config config) {
  if (config.interval < milliseconds(100)) {
    return fail(Errc::invalid_argument, "exporter: an interval of {} ms is below 100 ms", config.interval.count());
  }
  if (config.requests_in_flight_max == 0 || config.requests_in_flight_max > 1'024) {
    return fail(Errc::invalid_argument, "exporter: requests in flight: {} is not from 1 to 1024",
                config.requests_in_flight_max);
  }
  auto impl = std::make_shared<Impl>(io, std::move(cluster), config);
  impl->start();
  return std::unique_ptr<Exporter>(new Exporter(std::move(impl)));
}

}  // namespace gantry::exporter
