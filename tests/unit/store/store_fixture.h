// A store in a directory of its own, with a clock that tests own. Its records are messages whose body is a text.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "store/bytes.h"
#include "store/queue_reader.h"
#include "store/store.h"
#include "wire/message.h"

namespace gantry::store {

// What is said in the log as long as it lives.
struct Said {
  Said() { spdlog::default_logger()->sinks().push_back(sink); }
  ~Said() { std::erase(spdlog::default_logger()->sinks(), sink); }
  std::string text() const { return out.str(); }

  std::ostringstream out;
  spdlog::sink_ptr sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
};

struct StoreFixture {
  explicit StoreFixture(Options wanted = {}) : wanted_(std::move(wanted)) {
    // in memory where there is such a place: fsync of a busy disk would make these tests slow
    std::string name =
        std::filesystem::exists("/dev/shm") ? "/dev/shm/gantry-store-XXXXXX" : "/tmp/gantry-store-XXXXXX";
    directory = mkdtemp(name.data());
    reopen();
  }
  ~StoreFixture() {
    store.reset();
    std::filesystem::remove_all(directory);
  }

  Options options() {
    Options options = wanted_;
    options.directory = directory;
    options.now_ms = [this] { return clock_ms; };
    return options;
  }

  void reopen() {
    store.reset();
    io.restart();
    auto opened = Store::open(
        io, options(), [this](Queue& queue) { arrivals.push_back(queue.topic() + "/" + std::to_string(queue.id())); });
    if (!opened) throw std::runtime_error(opened.error().message);
    store = std::move(*opened);
  }

  Result<std::int64_t> append(const std::string& topic, int queue_id, const std::string& text,
                              std::vector<std::string> keys = {}) {
    Queue& queue = store->log().open(topic, queue_id);
    wire::MessageView message;
    message.topic = topic;
    message.queue_id = queue_id;
    message.body = text;
    message.store_timestamp_ms = clock_ms;
    std::vector<std::uint64_t> hashes;
    for (const auto& key : keys) hashes.push_back(MessageLog::hash_key(topic, key));
    auto place = store->log().reserve(queue, wire::record_bytes(message), {0, clock_ms, hashes});
    if (!place) return std::unexpected(place.error());
    message.queue_offset = place->queue_offset;
    message.physical_offset = static_cast<std::int64_t>(place->physical_offset);
    std::string record;
    if (auto encoded = wire::encode_record(message, record); !encoded) return std::unexpected(encoded.error());
    record.copy(place->bytes.data(), record.size());
    store->log().append(queue, *place);
    const std::int64_t offset = place->queue_offset;
    store->when_durable([this, text](const Result<void>& result) {
      if (result) {
        acknowledged.push_back(text);
      } else {
        failed.push_back(result.error());
      }
    });
    return offset;
  }

  static std::string text_of(std::string_view record) {
    const auto message = wire::decode_record(record, wire::CheckCrc::yes);
    return message ? std::string(message->body) : std::string();
  }
  // Of a message of topic "t" with a text of so many bytes and no keys, in the log.
  static std::size_t entry_bytes(std::size_t text_bytes) {
    const std::string text(text_bytes, 'x');
    wire::MessageView message;
    message.topic = "t";
    message.body = text;
    return kEntryHeaderBytes + wire::record_bytes(message);
  }
  // The log's files, in order.
  std::vector<std::filesystem::path> log_files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& file : std::filesystem::directory_iterator(directory + "/log")) files.push_back(file.path());
    std::ranges::sort(files);
    return files;
  }

  std::vector<std::string> texts(const std::string& topic, int queue_id, std::int64_t from = 0) {
    std::vector<std::string> found;
    Queue* queue = store->log().find(topic, queue_id);
    if (queue == nullptr) return found;
    for (QueueReader reader(store->log(), *queue, from); reader.next();) found.push_back(text_of(reader.record()));
    return found;
  }

  // Runs what is ready; returns all texts acknowledged so far.
  const std::vector<std::string>& settle() {
    io.restart();
    io.poll();
    return acknowledged;
  }

  template <class Done>
  bool run_until(Done done, std::chrono::seconds deadline = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(20));
    }
    return done();
  }

  // Of the stores that are opened from now on.
  Options& wanted() { return wanted_; }

  std::int64_t clock_ms = 1'000'000;
  std::string directory;
  boost::asio::io_context io;
  std::unique_ptr<Store> store;
  std::vector<std::string> arrivals;
  std::vector<std::string> acknowledged;
  std::vector<Error> failed;

 private:
  Options wanted_;
};

}  // namespace gantry::store
