// The options by which every command that talks to a cluster finds it, and the running of such a command: an
// io_context, a Cluster, a coroutine, its exit code.
#pragma once

#include <CLI/App.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "cli/command.h"
#include "net/tls.h"
#include "rocketmq/cluster.h"
#include "wire/signature.h"

namespace gantry::cli {

struct ConnectionOptions {
  std::string name_servers = "127.0.0.1:9876";
  std::string access_key;
  std::string secret_key;
  bool tls = false;
  std::string ca_file;
  std::string certificate_file;  // of the client, with its key
  std::string key_file;
  bool insecure = false;
};

// --access-key, --secret-key (GANTRY_ACCESS_KEY, GANTRY_SECRET_KEY), --tls (GANTRY_TLS=true), --tls-ca (GANTRY_TLS_CA),
// --tls-cert and --tls-key (GANTRY_TLS_CERT, GANTRY_TLS_KEY), --tls-insecure (GANTRY_TLS_INSECURE=true). Options that name a
// file mean --tls.
void add_security_options(CLI::App& command, ConnectionOptions& options);
// --namesrv (NAMESRV_ADDR), and those.
void add_connection_options(CLI::App& command, ConnectionOptions& options);
// The variables that say the same to another gantry, name servers apart; files by their absolute path.
std::map<std::string, std::string> environment_of(const ConnectionOptions& options);

// "ACCESS_KEY:SECRET_KEY" of an option of that name. Fails with invalid_argument, and repeats nothing of the text.
Result<wire::Credentials> parse_keys(std::string_view option, const std::string& text);

// What the options say of keys and of TLS; nothing and null when they say nothing. Both fail with invalid_argument when
// one of two parts is missing or a file cannot be read.
Result<std::optional<wire::Credentials>> credentials_of(const ConnectionOptions& options);
Result<std::shared_ptr<net::TlsContext>> tls_of(const ConnectionOptions& options);
// Of both.
Result<rocketmq::ClusterConfig> cluster_config(const ConnectionOptions& options);

using Body = std::function<boost::asio::awaitable<int>(std::shared_ptr<rocketmq::Cluster>)>;

// Runs `body` to its end on an io_context of its own and returns its exit code.
int run_with_cluster(const ConnectionOptions& options, Body body);

// What the command runs once its options are parsed: `body` with them, on a cluster of theirs.
template <class Options>
void run_on_cluster(CLI::App& command, Invocation& invocation, std::shared_ptr<Options> options,
                    boost::asio::awaitable<int> (*body)(const Options&, std::shared_ptr<rocketmq::Cluster>)) {
  command.callback([options, body, &invocation] {
    invocation.run = [options, body] {
      return run_with_cluster(options->connection, [options, body](std::shared_ptr<rocketmq::Cluster> cluster) {
        return body(*options, std::move(cluster));
      });
    };
  });
}

// "gantry: <message>" on standard error; returns kFailed, or kUsage for invalid_argument.
int report(const Error& error);

}  // namespace gantry::cli
