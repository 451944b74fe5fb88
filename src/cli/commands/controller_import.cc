// gantry controller import. The old and the new controllers must never answer at the same time, or one set gets two
// masters: what the old ones know is read again and again until they are silent, and only then written to the new ones.
#include "cli/commands/controller_import.h"

#include <spdlog/spdlog.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <set>

#include "base/exit_code.h"
#include "cli/commands/controller_requests.h"
#include "cli/commands/declarations.h"
#include "cli/connection.h"
#include "cli/output.h"
#include "cli/values.h"
#include "rocketmq/admin.h"
#include "rocketmq/controller_export.h"
#include "wire/codes.h"
#include "wire/gantry_codes.h"

namespace gantry::cli {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using namespace std::chrono_literals;
using rocketmq::ControllerClient;
using rocketmq::ControllerExport;
using rocketmq::ExportedSet;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kSetsAtOnce = 200;
// Ids may have been given while the last look was taken.
constexpr std::int64_t kIdMargin = 100;

struct ImportOptions {
  std::string from;
  std::string endpoints = "127.0.0.1:9878";
  ConnectionOptions connection;
  std::chrono::microseconds timeout = 10min;
  Format format = Format::table;
};

class Import {
 public:
  Import(const ImportOptions& options, std::shared_ptr<rocketmq::Cluster> cluster,
         std::shared_ptr<ControllerClient> old_ones, std::shared_ptr<ControllerClient> new_ones)
      : options_(options),
        cluster_(std::move(cluster)),
        old_(std::move(old_ones)),
        new_(std::move(new_ones)),
        deadline_(Clock::now() + options.timeout) {}

  asio::awaitable<int> run() {
    if (auto read = co_await read_old(); !read) co_return report(read.error());
    print_error(fmt::format(
        "{} sets read of {}. Now stop all of those controllers: nothing is written before none of them answers",
        export_.sets.size(), options_.from));
    if (auto silent = co_await until_silent(); !silent) co_return report(silent.error());
    co_await ask_brokers();
    print_error(fmt::format("they are silent; writing to {}, which may be started now", options_.endpoints));
    co_await write_new();
    co_return show();
  }

 private:
  // What the name servers and the old controllers say now.
  asio::awaitable<Result<void>> read_old() {
    rocketmq::AdminQueries queries(cluster_);
    auto info = co_await queries.cluster_info();
    if (!info) co_return std::unexpected(info.error());
    std::map<std::string, std::string> names;
    for (const auto& [name, broker] : info->broker_addr_table) names.emplace(name, broker.cluster);
    if (names.empty()) co_return fail(Errc::not_found, "the name server knows no broker: is it the right one?");
    auto read = co_await rocketmq::export_sets(old_, std::move(names));
    if (!read) co_return std::unexpected(read.error().error);
    export_ = std::move(*read);
    co_return Result<void>{};
  }

  // Whether one of the new controllers has already taken this place.
  asio::awaitable<bool> is_new(std::string address) {
    const auto& endpoints = new_->endpoints();
    if (std::ranges::find(endpoints, address) == endpoints.end()) co_return false;
    auto said = co_await ask_old(std::move(address), wire::request_code::kGantryControllerStatus);
    co_return said && said->code != wire::response_code::kRequestCodeNotSupported;
  }

  // Whether something at the address may act as an old controller.
  asio::awaitable<bool> answers(std::string address) {
    auto said = co_await ask_old(address, wire::request_code::kControllerGetMetadataInfo);
    if (!said) co_return said.error().code == Errc::timeout;  // a process that hangs may go on
    const bool replaced = co_await is_new(std::move(address));
    co_return !replaced;
  }

  asio::awaitable<Result<wire::Command>> ask_old(std::string address, std::int32_t code) {
    co_return co_await old_->remoting().call(std::move(address), wire::make_request(code), 2s);
  }

  asio::awaitable<Result<void>> until_silent() {
    while (true) {
      std::string answering;
      for (const std::string& address : old_->endpoints()) {
        const bool does = co_await answers(address);
        if (does) answering = address;
      }
      if (answering.empty()) co_return Result<void>{};
      if (Clock::now() > deadline_) {
        co_return fail(Errc::timeout, "controller {} still answers: nothing was imported, all is as before", answering);
      }
      co_await wait_for(300ms);
      co_await look_again();
    }
  }

  // Until the last moment; when they are going down the last whole look counts. One that a new controller may have
  // answered, which is empty, does not: where an old one is still in place after the look, it was there in it.
  asio::awaitable<void> look_again() {
    ControllerExport before = export_;
    auto read = co_await read_old();
    if (!read) spdlog::debug("import: {}", read.error().message);
    bool replaced = !read;
    for (const std::string& address : old_->endpoints()) {
      const bool is = co_await is_new(address);
      replaced |= is;
    }
    if (replaced) export_ = std::move(before);
  }

  // A master elected after the last look is known to its brokers: their newest epoch is then another one.
  asio::awaitable<void> ask_brokers() {
    std::vector<ExportedSet> sure;
    for (ExportedSet& set : export_.sets) {
      std::int64_t newest = -1;
      for (const auto& [id, address] : set.replicas) newest = std::max(newest, co_await epoch_of(address));
      if (newest > set.master_epoch) {
        export_.not_learned.emplace(
            set.broker_name,
            fmt::format("its brokers have epoch {}, the controllers said {}: the master changed after the last look",
                        newest, set.master_epoch));
        continue;
      }
      if (newest < 0) not_checked_.insert(set.broker_name);
      sure.push_back(std::move(set));
    }
    export_.sets = std::move(sure);
  }

  asio::awaitable<std::int64_t> epoch_of(std::string address) {
    auto answer = co_await cluster_->call(address, wire::make_request(wire::request_code::kGetBrokerEpochCache), 2s);
    if (!answer || answer->code != wire::response_code::kSuccess) co_return -1;
    boost::system::error_code error;
    const json::value value = json::parse(answer->body, error);
    const json::object* cache = error ? nullptr : value.if_object();
    const json::value* list = cache ? cache->if_contains("epochList") : nullptr;
    if (!list || !list->is_array()) co_return -1;
    std::int64_t newest = -1;
    for (const json::value& entry : list->get_array()) {
      const json::object* object = entry.if_object();
      const json::value* epoch = object ? object->if_contains("epoch") : nullptr;
      if (epoch && epoch->is_int64()) newest = std::max(newest, epoch->get_int64());
    }
    co_return newest;
  }

  asio::awaitable<void> write_new() {
    for (std::size_t from = 0; from < export_.sets.size(); from += kSetsAtOnce) {
      std::vector<const ExportedSet*> sets;
      for (std::size_t n = from; n < std::min(from + kSetsAtOnce, export_.sets.size()); ++n)
        sets.push_back(&export_.sets[n]);
      co_await write(std::move(sets));
    }
  }

  // What may have been written already is written again, which changes nothing, until it is known to be there.
  asio::awaitable<void> write(std::vector<const ExportedSet*> sets) {
    std::string why = "the time was up before it was its turn";
    while (!sets.empty() && !not_written_ && Clock::now() < deadline_) {
      json::array list;
      for (const ExportedSet* set : sets) list.push_back(to_json(*set));
      std::string body = json::serialize(json::object{{"sets", std::move(list)}});
      auto answer = co_await ask_new(std::move(body));
      if (!answer) {
        not_written_ = answer.error().message;
        break;
      }
      std::vector<const ExportedSet*> again;
      for (std::size_t n = 0; n < sets.size(); ++n) {
        const json::object& result = answer->at(n).as_object();
        if (result.at("imported").as_bool()) continue;
        if (result.at("retry").as_bool()) {
          again.push_back(sets[n]);
          why = result.at("remark").as_string();
        } else {
          refused_.emplace(sets[n]->broker_name, result.at("remark").as_string());
        }
      }
      sets = std::move(again);
      if (!sets.empty()) {
        print_error(fmt::format("{} sets are not sure to be written yet ({}); trying again", sets.size(), why));
        co_await wait_for(500ms);
      }
    }
    for (const ExportedSet* set : sets) unsure_.emplace(set->broker_name, not_written_.value_or(why));
  }

  static json::object to_json(const ExportedSet& set) {
    json::array replicas;
    for (const auto& [id, address] : set.replicas) replicas.push_back(json::object{{"id", id}, {"address", address}});
    return {{"cluster", set.cluster_name},
            {"set", set.broker_name},
            {"next_broker_id", set.next_broker_id + kIdMargin},
            {"master_id", set.master_id ? json::value(*set.master_id) : json::value(nullptr)},
            {"master_epoch", set.master_epoch},
            {"sync_state_set_epoch", set.sync_state_set_epoch},
            {"in_sync", json::array(set.sync_state_set.begin(), set.sync_state_set.end())},
            {"replicas", std::move(replicas)}};
  }

  // For now: no leader, an outcome that is not known, or busy.
  static bool passes(std::int32_t code) {
    namespace rc = wire::response_code;
    return code == rc::kControllerNotLeader || code == rc::kControllerJraftInternalError || code == rc::kSystemBusy;
  }

  // Of a new controller that leads; they may be started only now. The request may be made again.
  asio::awaitable<Result<json::value>> ask_new(std::string body) {
    Error last{Errc::unavailable, "no controller leads"};
    while (Clock::now() < deadline_) {
      auto leader = co_await new_->find_leader();
      if (leader) {
        wire::Command request = wire::make_request(wire::request_code::kGantryControllerImport);
        request.body = body;
        auto answer = co_await new_->remoting().call(*leader, std::move(request), 10s);
        if (answer && answer->code == wire::response_code::kSuccess) co_return json::parse(answer->body);
        last = answer ? rocketmq::error_of_response(*answer, "controller " + *leader) : answer.error();
        if (answer && !passes(answer->code)) co_return std::unexpected(last);
      } else {
        last = leader.error().error;
      }
      co_await wait_for(500ms);
    }
    co_return std::unexpected(last);
  }

  int show() const {
    json::array rows;
    const auto add = [&](const std::string& set, const char* result, const std::string& remark) {
      rows.push_back(json::object{{"set", set}, {"result", result}, {"remark", remark}});
    };
    for (const ExportedSet& set : export_.sets) {
      if (const auto refused = refused_.find(set.broker_name); refused != refused_.end()) {
        add(set.broker_name, "refused", refused->second);
      } else if (const auto unsure = unsure_.find(set.broker_name); unsure != unsure_.end()) {
        add(set.broker_name, "unknown", unsure->second);
      } else {
        add(set.broker_name, "imported",
            not_checked_.contains(set.broker_name) ? "no broker of it could be asked for its epoch" : "");
      }
    }
    for (const auto& [set, why] : export_.not_learned) add(set, "not imported", why);
    print_list(rows, {"set", "result", "remark"}, options_.format);
    if (!unsure_.empty()) {
      print_error(
          "sets that are unknown may or may not be there: start the old controllers again before brokers come to the "
          "new ones, and import anew; what is there already stays");
    }
    return export_.not_learned.empty() && refused_.empty() && unsure_.empty() ? kDone : kFailed;
  }

  const ImportOptions& options_;
  std::shared_ptr<rocketmq::Cluster> cluster_;
  std::shared_ptr<ControllerClient> old_, new_;
  Clock::time_point deadline_;
  ControllerExport export_;
  std::set<std::string> not_checked_;
  std::map<std::string, std::string> refused_, unsure_;  // by set, why
  std::optional<std::string> not_written_;               // why no set is written any more
};

asio::awaitable<int> import(const ImportOptions& options, std::shared_ptr<rocketmq::Cluster> cluster) {
  ConnectionOptions plain;  // the Java controller's
  auto old_ones = controller_client(cluster->io(), options.from, plain);
  if (!old_ones) co_return report(old_ones.error());
  auto new_ones = controller_client(cluster->io(), options.endpoints, options.connection);
  if (!new_ones) co_return report(new_ones.error());
  int code = kFailed;
  {
    Import takeover(options, cluster, *old_ones, *new_ones);
    code = co_await takeover.run();
  }
  (*old_ones)->stop();
  (*new_ones)->stop();
  co_return code;
}

}  // namespace

void declare_controller_import(CLI::App& controller, Invocation& invocation) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App& command = *controller.add_subcommand(
      "import", "take over from running controllers: read them, wait until they are stopped, write to ours");
  command.add_option("--from", options->from, "all controllers that run now: host:port;host:port")->required();
  command.add_option("--endpoints", options->endpoints, "controllers of ours: host:port;host:port")
      ->envname("ROCKETMQ_CONTROLLER_ADDR")
      ->capture_default_str();
  add_connection_options(command, options->connection);
  add_duration(command, "--timeout", options->timeout, "in all, also for stopping and starting (default: 10m)");
  add_output_option(command, options->format);
  run_on_cluster(command, invocation, options, &import);
}

}  // namespace gantry::cli
