// A verb of a noun ("topic list"): a subcommand that runs a coroutine on a cluster, with the options of its noun.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <utility>

#include "cli/command.h"
#include "cli/connection.h"
#include "cli/output.h"

namespace gantry::cli {

// Options has members `connection` and `format`; one object serves all verbs of the noun. Further options are added to
// the command that is returned.
template <class Options>
CLI::App& declare_verb(CLI::App& noun, const char* verb, const char* summary, std::shared_ptr<Options> options,
                       Invocation& invocation,
                       boost::asio::awaitable<int> (*run)(const Options&, std::shared_ptr<rocketmq::Cluster>)) {
  CLI::App& command = *noun.add_subcommand(verb, summary);
  add_connection_options(command, options->connection);
  add_output_option(command, options->format);
  command.callback([options, run, &invocation] {
    invocation.run = [options, run] {
      return run_with_cluster(options->connection, [options, run](std::shared_ptr<rocketmq::Cluster> cluster) {
        return run(*options, std::move(cluster));
      });
    };
  });
  return command;
}

}  // namespace gantry::cli
