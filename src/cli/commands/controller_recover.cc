#include "cli/commands/controller_recover.h"

#include <boost/asio/co_spawn.hpp>
#include <filesystem>

#include "base/exit_code.h"
#include "cli/commands/controller_requests.h"
#include "cli/controller_group.h"
#include "controller/directory_lock.h"
#include "controller/recovery.h"
#include "net/endpoint.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

struct RecoverOptions {
  std::string from, to, group, address;
  ConnectionOptions connection;
  bool force = false;
};

constexpr std::string_view kRecoverRisk =
    "recover --force makes a new group out of the directory of one controller. Lost is what was acknowledged without "
    "it: "
    "masters that were elected since, with messages that went to them alone, and brokers that came. If the other "
    "directories "
    "can be brought back, bring them back instead: then nothing is lost. Use it only when a majority of them is gone "
    "for good, "
    "with the directory that goes furthest (it says up to which entry of which term), and never start the others again";

// One that answers could still vote, or elect masters of its own.
Result<void> nobody_answers(const raft::Members& members, const ConnectionOptions& connection) {
  std::string addresses;
  for (const raft::Member& member : members.list) addresses += (addresses.empty() ? "" : ";") + member.address;
  asio::io_context io(1);
  auto client = controller_client(io, addresses, connection);
  if (!client) return std::unexpected(client.error());
  Result<void> result;
  const auto look = [&]() -> asio::awaitable<void> {
    const auto answers = co_await ask_nodes((*client)->remoting(), (*client)->endpoints(), kStatusWithin);
    for (const NodeAnswer& one : answers) {
      if (one.status) {
        result = fail(Errc::already_exists,
                      "a controller still runs at {}: stop all of the old group first, the survivor too", one.address);
      }
    }
    (*client)->stop();
  };
  asio::co_spawn(io, look(), [&](std::exception_ptr escaped) {
    if (escaped) result = fail(Errc::internal, "asking the old members threw");
    (*client)->stop();
  });
  io.run();
  return result;
}

int recover(RecoverOptions options) {
  while (options.to.size() > 1 && options.to.ends_with('/')) options.to.pop_back();  // others are made beside it
  if (!options.force) {
    print_error(kRecoverRisk);
    return kUsage;
  }
  std::error_code error;
  if (fs::exists(options.to, error) && !fs::is_empty(options.to, error))
    return report({Errc::invalid_argument, fmt::format("--to: {} is not empty", options.to)});
  const auto stopped = controller::DirectoryLock::take(options.from);
  if (!stopped) return report(in_context("--from", stopped.error()));
  // reading a log counts its openings, and repairs its end: not in the only copy that there is
  const std::string copy = options.to + ".copy";
  fs::remove_all(copy, error);
  fs::copy(options.from, copy, fs::copy_options::recursive, error);
  if (error) return report({Errc::invalid_argument, fmt::format("--from: {}: {}", options.from, error.message())});
  auto survivor = controller::read_survivor(copy);
  fs::remove_all(copy, error);
  if (!survivor) return report(survivor.error());
  if (auto alone = nobody_answers(survivor->members, options.connection); !alone) return report(alone.error());

  controller::NewGroup group{options.to, options.group, survivor->identity.name, options.address};
  for (const raft::Member& member : survivor->members.list) {
    if (group.address.empty() && member.name == group.self) group.address = member.address;
  }
  if (!net::parse_endpoint(group.address))
    return report({Errc::invalid_argument, "expected --address HOST:PORT, where its peers will find it"});
  if (auto founded = controller::found_anew(*survivor, group); !founded) return report(founded.error());

  print(fmt::format("group {} begins with {}, node {}: {} replica sets, all that {} had up to entry {} of term {}\n",
                    group.group, group.self, survivor->free_id, survivor->state.sets().size(), options.from,
                    survivor->last.index, survivor->last.term));
  if (survivor->not_known_committed > 0) {
    print(fmt::format("the last {} entries are in it although this node did not note that a majority had them\n",
                      survivor->not_known_committed));
  }
  print(fmt::format(
      "start it:         gantry controller --group {0} --self {1} --peers '{1}-{2}' --data {3}\n"
      "then each other:  gantry controller --join --group {0} --self NAME --peers '{1}-{2};NAME-HOST:PORT' --data "
      "EMPTY\n"
      "                  gantry controller members add NAME-HOST:PORT --endpoints {2}\n"
      "then look:        a broker with a higher epoch than its set (page, gantry controller explain SET) obeyed a "
      "controller\n"
      "                  that is lost; hold elections until the set's epoch is higher: gantry controller elect SET\n",
      group.group, group.self, group.address, options.to));
  return kDone;
}

}  // namespace

void declare_controller_recover(CLI::App& controller, Invocation& invocation) {
  auto options = std::make_shared<RecoverOptions>();
  CLI::App& command =
      *controller.add_subcommand("recover", "a new group from one directory, when a majority of them is lost for good");
  command.add_option("--from", options->from, "directory of the controller that is left; it stays as it is")
      ->required();
  command.add_option("--to", options->to, "directory to be made, of the first member of the new group")->required();
  command.add_option("--group", options->group, "name of the new group, another one than that of the old group")
      ->required();
  command.add_option("--address", options->address, "HOST:PORT of the first member (default: as in the old group)");
  command.add_flag("--force", options->force, "you know what may be lost; without it the risk is told");
  add_security_options(command, options->connection);
  command.callback([options, &invocation] { invocation.run = [options] { return recover(*options); }; });
}

}  // namespace gantry::cli
