#include "cli/consume_one.h"

#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/json/serialize.hpp>
#include <csignal>
#include <optional>
#include <utility>

#include "cli/connection.h"
#include "cli/message_line.h"
#include "cli/output.h"
#include "net/alarm.h"
#include "net/shutdown.h"
#include "rocketmq/wakeup.h"
#include "workload/process.h"

namespace gantry::cli {

namespace asio = boost::asio;
namespace json = boost::json;
using rocketmq::ReceivedMessage;
using std::chrono::milliseconds;

// The command at work, its signals and its end.
class CommandAtWork {
 public:
  CommandAtWork(asio::io_context& io, milliseconds grace)
      : io_(io), grace_(grace), ended_(io), kill_(io, [this] { force(); }) {}

  asio::awaitable<workload::Exit> run(workload::Command command) {
    auto started = workload::Process::start(
        io_, command,
        {.on_started = {}, .on_output = {}, .on_exit = [this](const workload::Exit& exit) { end(exit); }});
    if (!started) {
      workload::Exit exit;
      exit.start_error = started.error().message;
      co_return exit;
    }
    process_ = std::move(*started);
    if (terminated_) process_->terminate();
    while (!exit_) co_await ended_.wait(rocketmq::kUntilWoken);
    kill_.stop();
    co_return *exit_;
  }

  // SIGTERM now, SIGKILL after the grace period.
  void terminate() {
    terminated_ = true;
    if (process_) process_->terminate();
    kill_.ring_after(grace_);
  }

 private:
  void end(const workload::Exit& exit) {
    exit_ = exit;
    ended_.notify();
  }
  void force() {
    if (!process_ || exit_) return;
    print_error(fmt::format("the command still runs {} ms after SIGTERM: killed", grace_.count()));
    process_->kill();
  }

  asio::io_context& io_;
  milliseconds grace_;
  std::shared_ptr<workload::Process> process_;
  std::optional<workload::Exit> exit_;
  rocketmq::Wakeup ended_;
  net::Alarm kill_;
  bool terminated_ = false;
};

namespace {

// As shells say it.
constexpr int kSignalled = 128;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
// After the command: acknowledging, and leaving the group.
constexpr milliseconds kSettle{8'000};

int shell_code(const workload::Exit& exit) {
  if (exit.code) return *exit.code;
  if (exit.signal) return kSignalled + *exit.signal;
  return exit.not_found ? kNotFound : kNotExecutable;
}

workload::Command command_for(const ConsumeOneOptions& options, const ReceivedMessage& message) {
  workload::Command command;
  command.file = options.command.front();
  command.argv = options.command;
  command.input = message.body;
  command.shares_output = true;
  const auto variables = message_environment(message, options.message.group);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (!variables.contains(std::string(text.substr(0, text.find('='))))) command.environment.emplace_back(text);
  }
  for (const auto& [name, value] : variables) command.environment.push_back(name + "=" + value);
  return command;
}

void print_line(const ConsumeOneOptions& options, const ReceivedMessage& message, std::string_view status) {
  if (!options.json) return;
  json::object line = message_line(message.message_id, message.keys, message.queue, message.queue_offset, status);
  line["reconsume_times"] = message.reconsume_times;
  print(json::serialize(line) + "\n");
}

// The command has done its work: says so to the broker.
asio::awaitable<int> acknowledge(const ConsumeOneOptions& options, rocketmq::HeldMessage& held,
                                 const ReceivedMessage& message) {
  auto acknowledged = co_await held.acknowledge();
  if (acknowledged && !held.doubt().expired) {
    print_line(options, message, "CONSUME_SUCCESS");
    co_return kDone;
  }
  const std::string& why = acknowledged ? held.doubt().why : acknowledged.error().message;
  print_error(fmt::format("message {} was handled without a known acknowledgement and may come again: {}",
                          message.message_id, why.empty() ? "its invisible time could not be renewed in time" : why));
  print_line(options, message, "ACK_UNKNOWN");
  co_return kFailed;
}

asio::awaitable<int> give_back(const ConsumeOneOptions& options, rocketmq::HeldMessage& held,
                               const ReceivedMessage& message, const workload::Exit& exit) {
  auto given = co_await held.give_back(options.retry_after);
  const milliseconds again = given ? options.retry_after : options.message.invisible_time;
  print_error(fmt::format("{} {}: message {} comes again after {:g} s", options.command.front(), to_string(exit),
                          message.message_id, static_cast<double>(again.count()) / 1000));
  print_line(options, message, "RECONSUME_LATER");
  co_return shell_code(exit);
}

}  // namespace

std::map<std::string, std::string> message_environment(const ReceivedMessage& message, const std::string& group) {
  json::object properties;
  for (const auto& [name, value] : message.properties) properties[name] = value;
  std::map<std::string, std::string> variables = {{"GANTRY_TOPIC", message.topic},
                                                  {"GANTRY_GROUP", group},
                                                  {"GANTRY_BROKER", message.queue.broker_name},
                                                  {"GANTRY_QUEUE_ID", std::to_string(message.queue.queue_id)},
                                                  {"GANTRY_QUEUE_OFFSET", std::to_string(message.queue_offset)},
                                                  {"GANTRY_MESSAGE_ID", message.message_id},
                                                  {"GANTRY_KEYS", message.keys},
                                                  {"GANTRY_TAGS", message.tag},
                                                  {"GANTRY_RECONSUME_TIMES", std::to_string(message.reconsume_times)},
                                                  {"GANTRY_BORN_TIMESTAMP", std::to_string(message.born_ms)},
                                                  {"GANTRY_STORE_TIMESTAMP", std::to_string(message.stored_ms)},
                                                  {"GANTRY_PROPERTIES", json::serialize(properties)}};
  // the environment cannot hold it, and a message that cannot be handled would come again for ever
  for (auto& [name, value] : variables) std::erase(value, '\0');
  return variables;
}

asio::awaitable<int> consume_one(ConsumeOneOptions options, std::shared_ptr<rocketmq::Cluster> cluster) {
  rocketmq::HeldMessage held(cluster, options.message);
  CommandAtWork work(cluster->io(), options.grace);
  net::Shutdown shutdown(
      cluster->io(),
      [&](int) {
        held.cancel();
        work.terminate();
      },
      options.grace + kSettle);
  int code = kDone;
  auto message = co_await held.take(options.wait);
  if (!message) {
    code = report(in_context(
        fmt::format("taking a message of topic {} as group {}", options.message.topic, options.message.group),
        message.error()));
  } else if (!*message) {
    if (shutdown.signal() == 0)
      print_error(fmt::format("no message of topic {} for group {} within {:g} s: nothing to do", options.message.topic,
                              options.message.group, static_cast<double>(options.wait.count()) / 1000));
  } else {
    const ReceivedMessage& taken = **message;
    const workload::Exit exit = co_await work.run(command_for(options, taken));
    if (exit.code == 0) {
      code = co_await acknowledge(options, held, taken);
    } else {
      code = co_await give_back(options, held, taken, exit);
    }
  }
  co_await held.leave();
  shutdown.finish();
  co_return code;
}

}  // namespace gantry::cli
