// gantry explain: asks a running `gantry up` why each scaled object has the replicas that it has, line by line.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdio>

#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/explanation.h"
#include "cli/output.h"
#include "http/client.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

struct ExplainOptions {
  Format format = Format::table;
  std::string url = "http://127.0.0.1:8088";
  std::string name;  // empty: all
};

asio::awaitable<int> run_explain(const ExplainOptions& options) {
  auto answer = co_await http::get(options.url + "/api/state");
  if (!answer) {
    co_return report(Error{Errc::unavailable, fmt::format("cannot reach {} ({}): is gantry up running? start it with: "
                                                          "gantry up -f FILE, or name its page with --http",
                                                          options.url, answer.error().message)});
  }
  boost::system::error_code error;
  const json::value state = json::parse(answer->body, error);
  if (answer->status != 200 || error || !state.is_object()) {
    co_return report(Error{Errc::corrupt, fmt::format("{} answered {}, which is not the state of a gantry up: another "
                                                      "program listens there, name the right one with --http",
                                                      options.url, answer->status)});
  }
  auto objects = scaled_objects(state.as_object(), options.name);
  if (!objects) co_return report(objects.error());
  if (options.format != Format::table) {
    print_list(*objects, {}, options.format);
  } else {
    print(explanation_text(*objects));
  }
  co_return kDone;
}

}  // namespace

void declare_explain(CLI::App& command, Invocation& invocation) {
  auto options = std::make_shared<ExplainOptions>();
  add_output_option(command, options->format);
  command.add_option("name", options->name, "scaled object (default: all)");
  command.add_option("--http", options->url, "page of the gantry up to ask, http://host:port");
  command.callback([options, &invocation] {
    invocation.run = [options] {
      if (!options->url.starts_with("http://")) options->url = "http://" + options->url;
      while (options->url.ends_with('/')) options->url.pop_back();
      asio::io_context io(1);
      int code = kFailed;
      asio::co_spawn(io, run_explain(*options), [&](std::exception_ptr failed, int result) {
        if (!failed) code = result;
      });
      io.run();
      return code;
    };
  });
}

}  // namespace gantry::cli
