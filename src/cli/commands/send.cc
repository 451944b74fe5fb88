// gantry send: sends messages to a topic, and says what the broker acknowledged, a line a message with -o json.
#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <set>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/message_line.h"
#include "cli/output.h"
#include "cli/values.h"
#include "net/shutdown.h"
#include "rocketmq/gather.h"
#include "rocketmq/identity.h"
#include "rocketmq/producer.h"
#include "wire/properties.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using rocketmq::Message;
using rocketmq::SendReceipt;

struct SendOptions {
  ConnectionOptions connection;
  Format format = Format::table;
  std::string topic;
  std::uint64_t count = 1;
  std::size_t size = 0;
  std::string body;
  std::string key;
  std::string tag;
  std::string sharding_key;
  std::string group = "gantry_send";
  std::string run = rocketmq::next_message_id().substr(8, 20);  // begins the keys of this run
  std::size_t in_flight = 16;
  std::size_t batch = 1;
  std::chrono::microseconds delay{0};
  std::chrono::microseconds give_up{10'000'000};
};

// What all senders share; they run on one thread.
struct Progress {
  std::uint64_t next = 0;
  std::uint64_t acknowledged = 0;
  std::optional<Error> failed;
  std::set<std::string> unanswered;  // ids of what is being sent, of which a try got no answer
  std::string why;                   // of the last such try
  std::uint64_t maybe_twice = 0;     // acknowledged, after a try without an answer
  std::uint64_t maybe_stored = 0;    // not acknowledged, and a try got no answer
  bool stopping = false;             // by a signal: what is on its way is finished
};

std::string replace_number(std::string text, std::uint64_t n) {
  if (auto at = text.find("{n}"); at != std::string::npos) text.replace(at, 3, std::to_string(n));
  return text;
}

Message make_message(const SendOptions& options, std::uint64_t n) {
  Message message;
  message.topic = options.topic;
  message.keys = options.key.empty() ? fmt::format("{}-{}", options.run, n) : replace_number(options.key, n);
  message.tag = options.tag;
  message.sharding_key = options.sharding_key;
  message.body = replace_number(options.body.empty() ? "message {n}" : options.body, n);
  if (options.size > 0) message.body.resize(options.size, '.');
  if (options.delay.count() > 0) {
    const auto delay_ms = std::chrono::ceil<std::chrono::milliseconds>(options.delay).count();
    message.properties[std::string(wire::property::kTimerDelayMs)] = std::to_string(delay_ms);
  }
  return message;
}

bool trying_again_helps(Errc code) {
  return code == Errc::unavailable || code == Errc::timeout || code == Errc::resource_exhausted ||
         code == Errc::internal;
}

void print_receipt(const SendReceipt& receipt, const Message& message) {
  print(json::serialize(message_line(receipt.message_id, message.keys, receipt.queue, receipt.queue_offset,
                                     rocketmq::to_string(receipt.status))) +
        "\n");
}

// A batch is acknowledged as a whole, with the offset of its first message.
void print_batch(const SendReceipt& receipt, const std::vector<Message>& messages) {
  SendReceipt one = receipt;
  std::string_view ids = receipt.message_id;
  for (const Message& message : messages) {
    const auto comma = ids.find(',');
    one.message_id = std::string(ids.substr(0, comma));
    print_receipt(one, message);
    ++one.queue_offset;
    ids = comma == std::string_view::npos ? std::string_view{} : ids.substr(comma + 1);
  }
}

asio::awaitable<Result<SendReceipt>> send_once(rocketmq::Producer& producer, const std::vector<Message>& messages) {
  if (messages.size() == 1) co_return co_await producer.send(messages.front());
  co_return co_await producer.send_batch(messages);
}

std::string ids_of(const std::vector<Message>& messages) {
  std::string ids;
  for (const Message& message : messages)
    ids += (ids.empty() ? "" : ",") + message.properties.at(std::string(wire::property::kUniqueKey));
  return ids;
}

// Trying again is right, and may store a message a second time: whoever counts must know.
void report_doubts(const Progress& progress, std::uint64_t count) {
  const auto number = [](std::uint64_t n) { return fmt::format("{} message{}", n, n == 1 ? "" : "s"); };
  if (progress.maybe_twice > 0) {
    print_error(
        fmt::format("{} of {} may be stored twice: a try got no answer, and they were sent again with the same "
                    "msg_id ({})",
                    progress.maybe_twice, number(count), progress.why));
  }
  if (progress.maybe_stored > 0) {
    print_error(fmt::format("{} that {} not acknowledged may be stored all the same: no answer came ({})",
                            number(progress.maybe_stored), progress.maybe_stored == 1 ? "was" : "were", progress.why));
  }
}

// Sends message after message until all are sent. A broker that is away is waited for, so that a restart in the middle
// loses nothing; messages keep their ids over that.
asio::awaitable<bool> sender(const SendOptions& options, rocketmq::Producer& producer, asio::io_context& io,
                             Progress& progress) {
  while (progress.next < options.count && !progress.failed && !progress.stopping) {
    std::vector<Message> messages;
    while (messages.size() < options.batch && progress.next < options.count) {
      Message message = make_message(options, progress.next++);
      message.properties[std::string(wire::property::kUniqueKey)] = rocketmq::next_message_id();
      messages.push_back(std::move(message));
    }
    const std::string ids = ids_of(messages);
    const auto deadline = std::chrono::steady_clock::now() + options.give_up;
    while (true) {
      auto receipt = co_await send_once(producer, messages);
      if (receipt) {
        if (receipt->status == rocketmq::SendStatus::ok) progress.acknowledged += messages.size();
        if (progress.unanswered.erase(ids) > 0) progress.maybe_twice += messages.size();
        if (options.format == Format::json) print_batch(*receipt, messages);
        break;
      }
      // a cluster that never took a message is not about to restart: it is the wrong one, or not there
      if (progress.acknowledged == 0 || progress.stopping || !trying_again_helps(receipt.error().code) ||
          std::chrono::steady_clock::now() > deadline) {
        if (!progress.failed) progress.failed = receipt.error();
        if (progress.unanswered.erase(ids) > 0) progress.maybe_stored += messages.size();
        break;
      }
      asio::steady_timer pause(io, std::chrono::milliseconds(500));
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }
  co_return true;
}

asio::awaitable<int> run_send(const SendOptions& options, std::shared_ptr<rocketmq::Cluster> cluster) {
  rocketmq::ProducerConfig config;
  config.group = options.group;
  Progress progress;
  config.on_unanswered = [&progress](const std::string& ids, const Error& why) {
    progress.unanswered.insert(ids);
    progress.why = why.message;
  };
  rocketmq::Producer producer(cluster, config);
  const auto begin = std::chrono::steady_clock::now();
  const std::size_t senders = options.sharding_key.empty() ? options.in_flight : 1;  // order needs one at a time
  std::vector<asio::awaitable<bool>> all;
  all.reserve(senders);
  for (std::size_t i = 0; i < senders; ++i) all.push_back(sender(options, producer, cluster->io(), progress));
  net::Shutdown shutdown(cluster->io(), [&progress](int) { progress.stopping = true; });
  co_await rocketmq::gather(cluster->io(), std::move(all));
  shutdown.finish();
  if (progress.failed) {
    report(in_context(fmt::format("sending to topic {}", options.topic), *progress.failed));
  }
  if (progress.stopping && progress.acknowledged < options.count)
    print_error(fmt::format("interrupted: {} of {}", progress.acknowledged, options.count));
  report_doubts(progress, options.count);
  if (options.format == Format::table) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    print(fmt::format("sent {} of {} messages to {} in {:.2f} s ({:.0f}/s)\n", progress.acknowledged, options.count,
                      options.topic, seconds, static_cast<double>(progress.acknowledged) / std::max(seconds, 1e-3)));
  } else if (options.format == Format::yaml) {
    json::object summary{{"topic", options.topic}, {"count", options.count}, {"sent", progress.acknowledged}};
    print(to_yaml(summary));
  }
  co_return progress.acknowledged == options.count ? kDone : kFailed;
}

}  // namespace

void declare_send(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<SendOptions>();
  add_connection_options(command, options->connection);
  add_output_option(command, options->format);
  add_topic(command, "--topic,-t", options->topic, "topic to send to")->required();
  add_count(command, "--count,-c", options->count, "how many messages (default: 1)");
  command.add_option("--size", options->size, "bytes of a body; text is cut or filled up")
      ->check(CLI::Range(0, 4 << 20));
  command.add_option("--body", options->body, "text of a body; {n} is the number of the message");
  command.add_option(
      "--key,-k", options->key,
      "key of the messages, to find them by; {n} is the number of the message (default: one of its own for each)");
  command.add_option("--tag", options->tag, "tag of the messages, for consumers to filter by");
  command.add_option("--sharding-key", options->sharding_key, "send all to the queue of this key, in order");
  add_group(command, "--group,-g", options->group, "producer group");
  command.add_option("--in-flight", options->in_flight, "messages on the way at the same time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  auto* batch = command.add_option("--batch", options->batch, "messages of one request")->check(CLI::Range(1, 1024));
  add_duration(command, "--delay", options->delay, "the broker holds the messages back for so long (a timer)")
      ->excludes(batch);
  add_duration(command, "--give-up", options->give_up,
               "how long to wait for a broker that goes away in the middle (default 10s)");
  run_on_cluster(command, invocation, options, run_send);
}

}  // namespace gantry::cli
