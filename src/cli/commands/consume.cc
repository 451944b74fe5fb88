// gantry consume: consumes messages of a topic, one at a time, until --count or a signal; finishes the message at hand,
// commits and leaves the group. With --one --exec CMD (cli/consume_one.h) a command does the work on one message.
#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/consume_one.h"
#include "cli/message_line.h"
#include "cli/output.h"
#include "cli/values.h"
#include "net/shutdown.h"
#include "net/spawn.h"
#include "rocketmq/consumer.h"
#include "rocketmq/pop_consumer.h"
#include "rocketmq/wakeup.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using rocketmq::Outcome;
using rocketmq::ReceivedMessage;

struct ConsumeOptions {
  ConnectionOptions connection;
  std::optional<Format> format;
  std::string topic;
  std::string group;
  std::string mode = "push";
  std::string tags = "*";
  std::string from = "earliest";
  std::uint64_t count = 0;  // 0: until a signal
  std::chrono::microseconds cost{0};
  std::chrono::microseconds invisible{60'000'000};
  bool one = false;
  std::vector<std::string> exec;  // the command of --one
  std::chrono::microseconds wait{10'000'000};
  std::chrono::microseconds grace{25'000'000};
  std::chrono::microseconds retry_after{10'000'000};
};

rocketmq::ConsumeFrom from_of(const ConsumeOptions& options) {
  return options.from == "latest" ? rocketmq::ConsumeFrom::latest : rocketmq::ConsumeFrom::earliest;
}

// The three modes behind one face.
struct AnyConsumer {
  std::function<asio::awaitable<Result<void>>()> start;
  std::function<void()> hold;
  std::function<asio::awaitable<void>()> stop;
  std::function<std::string()> last_error;
};

template <class C>
AnyConsumer any(std::shared_ptr<C> consumer) {
  AnyConsumer result;
  result.start = [consumer] { return consumer->start(); };
  result.hold = [consumer] { consumer->hold(); };
  result.stop = [consumer] { return consumer->stop(); };
  result.last_error = [consumer] { return consumer->last_error(); };
  return result;
}

struct State {
  explicit State(asio::io_context& io) : finished(io), tick(io) {}
  std::uint64_t processed = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unacknowledged = 0;  // handled, and no acknowledgement is known
  std::string why;                   // of the last of them
  bool stopping = false;
  bool interrupted = false;  // by a signal
  AnyConsumer consumer;
  rocketmq::Wakeup finished;
  rocketmq::Wakeup tick;

  void stop() {
    stopping = true;
    if (consumer.hold) consumer.hold();
    finished.notify();
    tick.notify();
  }
};

void print_message(const ReceivedMessage& message, std::string_view status) {
  json::object line = message_line(message.message_id, message.keys, message.queue, message.queue_offset, status);
  line["reconsume_times"] = message.reconsume_times;
  print(json::serialize(line) + "\n");
}

AnyConsumer make_consumer(const ConsumeOptions& options, std::shared_ptr<rocketmq::Cluster> cluster,
                          rocketmq::Consumer::Handler handler, rocketmq::Consumer::Acknowledged acknowledged,
                          rocketmq::Consumer::Unacknowledged unacknowledged) {
  const auto from = from_of(options);
  if (options.mode == "pop") {
    rocketmq::PopConsumerConfig config;
    config.group = options.group;
    config.topic = options.topic;
    config.tags = options.tags;
    config.from = from;
    config.invisible_time = std::chrono::duration_cast<std::chrono::milliseconds>(options.invisible);
    // what one pop brings must be done well before it becomes visible to others again
    if (options.cost.count() > 0) {
      config.batch_max = static_cast<std::int32_t>(
          std::clamp<std::int64_t>(options.invisible.count() / 4 / options.cost.count(), 1, config.batch_max));
    }
    return any(std::make_shared<rocketmq::PopConsumer>(cluster, config, std::move(handler), std::move(acknowledged),
                                                       std::move(unacknowledged)));
  }
  rocketmq::ConsumerConfig config;
  config.group = options.group;
  config.topic = options.topic;
  config.tags = options.tags;
  config.from = from;
  config.mode = options.mode == "pull" ? rocketmq::ConsumeMode::pull : rocketmq::ConsumeMode::push;
  return any(std::make_shared<rocketmq::Consumer>(cluster, config, std::move(handler), std::move(acknowledged),
                                                  std::move(unacknowledged)));
}

// Once a second: what is wrong when something is, and when no output was asked for "consumed 1234 (56/s)".
asio::awaitable<void> show_progress(std::shared_ptr<State> state, bool with_rate) {
  auto last_at = std::chrono::steady_clock::now();
  std::uint64_t last = 0;
  std::string shown;
  while (!state->stopping) {
    co_await state->tick.wait(std::chrono::seconds(1));
    const auto now = std::chrono::steady_clock::now();
    const double seconds = std::max(std::chrono::duration<double>(now - last_at).count(), 1e-3);
    if (with_rate) {
      print(fmt::format("consumed {} ({:.0f}/s)\n", state->processed,
                        static_cast<double>(state->processed - last) / seconds));
    }
    last = state->processed;
    last_at = now;
    const std::string error = state->consumer.last_error();
    if (!error.empty() && error != shown) print_error(error);
    shown = error;
  }
}

// What was asked for was done, or why not and what to do. Returns the exit code.
int conclude(const ConsumeOptions& options, const State& state) {
  const std::string error = state.consumer.last_error();
  if (state.unacknowledged > 0) {
    print_error(fmt::format(
        "{} of {} messages were handled without a known acknowledgement: {}\n"
        "They may come again to group {}; look at the broker with: gantry doctor, at what is left with: gantry lag "
        "--topic {} --group {}",
        state.unacknowledged, state.processed, state.why, options.group, options.topic, options.group));
    return kFailed;
  }
  if (state.acknowledged >= options.count) return kDone;
  if (state.interrupted) print_error(fmt::format("interrupted: {} of {}", state.acknowledged, options.count));
  if (!error.empty()) print_error(error);
  return kFailed;
}

asio::awaitable<int> run_one(const ConsumeOptions& options, std::shared_ptr<rocketmq::Cluster> cluster) {
  using std::chrono::ceil, std::chrono::milliseconds;
  ConsumeOneOptions one;
  one.message.group = options.group;
  one.message.topic = options.topic;
  one.message.tags = options.tags;
  one.message.from = from_of(options);
  one.message.invisible_time = ceil<milliseconds>(options.invisible);
  one.command = options.exec;
  one.wait = ceil<milliseconds>(options.wait);
  one.grace = ceil<milliseconds>(options.grace);
  one.retry_after = ceil<milliseconds>(options.retry_after);
  one.json = options.format == Format::json;
  return consume_one(std::move(one), std::move(cluster));
}

// What goes with --one and what does not; thrown as wrong usage.
void check_one(const CLI::App& command, const ConsumeOptions& options) {
  const auto refuse = [](const char* option, const std::string& why) { throw CLI::ValidationError(option, why); };
  if (!options.one) {
    for (const char* option : {"--exec", "--wait", "--grace", "--retry-after"}) {
      if (command.count(option) > 0) refuse(option, "goes with --one only");
    }
    return;
  }
  if (options.exec.empty()) refuse("--one", "needs --exec CMD [ARG...], last of all");
  for (const char* option : {"--count", "--cost"}) {
    if (command.count(option) > 0) refuse(option, "does not go with --one");
  }
  if (command.count("--mode") > 0 && options.mode != "pop") refuse("--mode", "--one takes its message by pop");
  if (options.format && options.format != Format::json) refuse("--output", "--one prints json or nothing");
  if (options.invisible < std::chrono::seconds(1)) refuse("--invisible", "--one needs at least 1s");
}

asio::awaitable<int> run_consume(const ConsumeOptions& options, std::shared_ptr<rocketmq::Cluster> cluster) {
  auto state = std::make_shared<State>(cluster->io());
  // the state owns the consumer, which keeps these: they must not own the state
  const std::weak_ptr<State> weak = state;
  auto handler = [weak, &options, cluster](const ReceivedMessage&) -> asio::awaitable<Outcome> {
    if (options.cost.count() > 0) {
      asio::steady_timer work(cluster->io(), options.cost);
      co_await work.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    const auto state = weak.lock();
    if (state && ++state->processed == options.count) state->stop();
    co_return Outcome::success;
  };
  auto acknowledged = [weak, &options](const ReceivedMessage& message, Outcome outcome) {
    const auto state = weak.lock();
    if (state && outcome == Outcome::success) ++state->acknowledged;
    if (options.format == Format::json)
      print_message(message, outcome == Outcome::success ? "CONSUME_SUCCESS" : "RECONSUME_LATER");
  };
  auto unacknowledged = [weak, &options](const ReceivedMessage& message, const Error& why) {
    if (const auto state = weak.lock()) {
      ++state->unacknowledged;
      state->why = why.message;
    }
    if (options.format == Format::json) print_message(message, "ACK_UNKNOWN");
  };
  state->consumer = make_consumer(options, cluster, handler, acknowledged, unacknowledged);

  // the message at hand is finished whatever it costs; a second signal, or the bound, ends it
  net::Shutdown shutdown(
      cluster->io(),
      [state](int) {
        state->interrupted = true;
        state->stop();
      },
      std::chrono::duration_cast<std::chrono::milliseconds>(options.cost) + std::chrono::seconds(25));
  auto started = co_await state->consumer.start();
  if (!started) {
    shutdown.finish();
    co_return report(
        in_context(fmt::format("consuming topic {} as group {}", options.topic, options.group), started.error()));
  }
  net::spawn(cluster->io(), "the progress line",
             [state, with_rate = !options.format] { return show_progress(state, with_rate); });
  while (!state->stopping) co_await state->finished.wait(std::chrono::hours(1));
  co_await state->consumer.stop();
  shutdown.finish();
  if (!options.format) print(fmt::format("consumed {} in all\n", state->acknowledged));
  if (options.format == Format::yaml || options.format == Format::table) {
    print_object(json::object{{"topic", options.topic},
                              {"group", options.group},
                              {"consumed", state->acknowledged},
                              {"unacknowledged", state->unacknowledged}},
                 *options.format);
  }
  co_return conclude(options, *state);
}

}  // namespace

void declare_consume(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<ConsumeOptions>();
  add_connection_options(command, options->connection);
  command
      .add_option_function<std::string>(
          "--output,-o",
          [options](const std::string& name) {
            options->format = name == "json" ? Format::json : name == "yaml" ? Format::yaml : Format::table;
          },
          "json: a line a message, when it is acknowledged (status ACK_UNKNOWN: handled, and no acknowledgement came); "
          "table, yaml: a summary at the end; without it: progress")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->type_name("FORMAT");
  add_topic(command, "--topic,-t", options->topic, "topic to consume")->required();
  add_group(command, "--group,-g", options->group, "consumer group")->required();
  command.add_option("--mode", options->mode, "push, pull or pop")
      ->check(CLI::IsMember({"push", "pull", "pop"}))
      ->capture_default_str();
  add_count(command, "--count,-c", options->count, "stop after so many messages (default: at a signal)");
  command.add_option("--tag", options->tags, "only messages of these tags: \"A || B\"");
  command.add_option("--from", options->from, "where a new group begins: earliest or latest")
      ->check(CLI::IsMember({"earliest", "latest"}))
      ->capture_default_str();
  add_duration(command, "--cost", options->cost, "time that a message takes, one at a time");
  add_duration(command, "--invisible", options->invisible,
               "mode pop: after this time an unacknowledged message comes again (default 60s); renewed with --one");
  command.add_flag("--one", options->one, "one message by pop, for the command of --exec; ends with its exit code");
  command
      .add_option_function<std::string>(
          "--exec",
          [options, &invocation](const std::string& program) {
            options->exec = {program};
            options->exec.insert(options->exec.end(), invocation.rest.begin(), invocation.rest.end());
          },
          "CMD [ARG...]: the rest of the line is the command, which reads the body from standard input and the rest "
          "from GANTRY_MESSAGE_ID, GANTRY_KEYS, ...; exit code 0 acknowledges the message")
      ->type_name("CMD");
  add_duration(command, "--wait", options->wait, "--one: end with 0 when no message comes for so long (default 10s)");
  add_duration(command, "--grace", options->grace, "--one: from SIGTERM to SIGKILL of the command (default 25s)");
  add_duration(command, "--retry-after", options->retry_after,
               "--one: when a message comes again whose command failed (default 10s)");
  command.callback([options, &command, &invocation] {
    check_one(command, *options);
    invocation.run = [options] {
      return run_with_cluster(options->connection, [options](std::shared_ptr<rocketmq::Cluster> cluster) {
        return options->one ? run_one(*options, std::move(cluster)) : run_consume(*options, std::move(cluster));
      });
    };
  });
}

}  // namespace gantry::cli
