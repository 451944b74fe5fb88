#include "up/plan.h"

#include <array>
#include <filesystem>
#include <fstream>

#include "autoscaler/scaled_job_spec.h"
#include "autoscaler/scaled_object_spec.h"
#include "kube/environment.h"
#include "up/example.h"

namespace gantry::up {
namespace {

constexpr std::string_view kSupportedTriggers =
    "a trigger that gantry up reads: type external or external-push with a scalerAddress of gantry-scaler";

Result<std::string> read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file)
    return fail(Errc::invalid_argument, "{}: cannot be opened: {}", name, std::generic_category().message(errno));
  std::string text;
  std::array<char, 64 * 1024> chunk;
  // read() takes what the buffer throws for a directory or a broken disk; stream iterators would let it out
  while (file.read(chunk.data(), chunk.size()), file.gcount() > 0)
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return fail(Errc::invalid_argument, "{}: cannot be read", name);
  return text;
}

std::string joined(const std::vector<std::string>& words, char separator) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : std::string(1, separator)) + word;
  return all;
}

std::string names(const std::vector<kube::Source>& sources) {
  std::vector<std::string> files;
  for (const kube::Source& source : sources) files.push_back(source.file);
  return joined(files, ' ');
}

// The cluster that the triggers name, when there is one for all of them.
Result<std::string> name_servers_of(const kube::Manifest& manifest) {
  std::string found;
  std::string differs;
  const auto look = [&](const auto& object) {
    for (const kube::Trigger& trigger : object.triggers) {
      if (!trigger.rocketmq || !differs.empty()) continue;
      const std::string servers = joined(trigger.rocketmq->name_servers, ';');
      if (!found.empty() && servers != found) {
        differs = fmt::format(
            "{}:{}: this trigger's nameServers are {}, others' are {}: gantry up works on one cluster; "
            "name it with --namesrv",
            object.file, trigger.line, servers, found);
      }
      found = servers;
    }
  };
  std::ranges::for_each(manifest.scaled_objects, look);
  std::ranges::for_each(manifest.scaled_jobs, look);
  if (!differs.empty()) return fail(Errc::invalid_argument, "{}", differs);
  return found;
}

// Triggers that are not read here would be unknown for ever, and an unknown never scales down.
template <class Object>
std::string unsupported_triggers(const Object& object) {
  std::string problems;
  for (std::size_t i = 0; i < object.triggers.size(); ++i) {
    const kube::Trigger& trigger = object.triggers[i];
    if (trigger.rocketmq) continue;
    const auto address = trigger.metadata.find("scalerAddress");
    const std::string got = address == trigger.metadata.end()
                                ? fmt::format("type {}", trigger.type)
                                : fmt::format("type {} of the scaler at {}", trigger.type, address->second);
    problems += fmt::format("{}{}:{}: spec.triggers[{}]: expected {}, got {}", problems.empty() ? "" : "\n",
                            object.file, trigger.line, i, kSupportedTriggers, got);
  }
  return problems;
}

// Options of our scaler's triggers that change nothing on one machine: said, not passed over.
template <class Object>
void add_unused_options(std::string_view kind, const Object& object, std::vector<std::string>& unused) {
  constexpr std::pair<const char*, const char*> kUnused[] = {
      {"tls", ": say --tls to gantry up"},
      {"authMode", ": say --access-key and --secret-key to gantry up"},
      {"credentials", ": say --access-key and --secret-key to gantry up"},
  };
  for (std::size_t i = 0; i < object.triggers.size(); ++i) {
    const auto& metadata = object.triggers[i].metadata;
    for (const auto& [option, instead] : kUnused) {
      const auto given = metadata.find(option);
      if (given == metadata.end() || given->second == "false" || given->second == "disable" || given->second == "none")
        continue;
      unused.push_back(fmt::format("{} spec.triggers[{}].metadata.{}{}", kind, i, option, instead));
    }
  }
}

}  // namespace

Result<Plan> make_plan(const Options& options) {
  std::vector<kube::Source> sources;
  for (const std::string& file : options.files) {
    auto text = read_file(file);
    if (!text) return std::unexpected(text.error());
    sources.push_back({file, std::move(*text)});
  }
  if (sources.empty()) sources.push_back({std::string(kExampleName), std::string(example_yaml())});
  auto manifest = kube::parse_manifests(sources);
  if (!manifest) return std::unexpected(kube::to_error(manifest.error()));

  Plan plan;
  plan.manifest = std::make_shared<kube::Manifest>(std::move(*manifest));
  std::string problems;
  std::string generator_file;
  const auto add_problem = [&problems](const std::string& problem) {
    if (!problem.empty()) problems += (problems.empty() ? "" : "\n") + problem;
  };
  // what ScaledObjects and ScaledJobs have in common; the spec goes to `specs`, what is there at rest is returned
  const auto add_object = [&](std::string_view kind, const auto& object, auto& specs, auto at_rest) {
    add_problem(unsupported_triggers(object));
    add_unused_options(kind, object, plan.manifest->ignored);
    auto spec = autoscaler::spec_of(object);
    if (!spec) return add_problem(spec.error().message);
    plan.replicas_at_rest += at_rest(*spec);
    specs.push_back(std::move(*spec));
    if (object.gantry.generator && !plan.generator) {
      plan.generator = object.gantry.generator;
      generator_file = object.file;
    }
    plan.embedded |= object.gantry.embedded_broker;
  };
  for (const kube::ScaledObject& object : plan.manifest->scaled_objects) {
    add_object("ScaledObject", object, plan.specs, [](const scaling::ScaledObjectSpec& spec) {
      return spec.idle_replica_count.value_or(spec.min_replica_count);
    });
  }
  for (const kube::ScaledJob& object : plan.manifest->scaled_jobs) {
    add_object("ScaledJob", object, plan.job_specs,
               [](const scaling::ScaledJobSpec& spec) { return static_cast<std::int32_t>(spec.jobs_min()); });
  }
  // what a container's environment refers to is there
  const auto check_environment = [&](std::string_view kind, const auto& object, const kube::PodTemplate& pod) {
    auto environment = kube::resolve_environment(*plan.manifest, pod.main_container(),
                                                 {.name = object.metadata.name,
                                                  .namespace_ = object.metadata.namespace_,
                                                  .uid = object.metadata.name,
                                                  .labels = pod.metadata.labels,
                                                  .annotations = pod.metadata.annotations});
    if (environment) return;
    add_problem(fmt::format("{}:{}: {} {}: {}", object.file, object.line, kind, object.metadata.name,
                            environment.error().message));
  };
  for (const kube::Deployment& object : plan.manifest->deployments) {
    check_environment("Deployment", object, object.pod);
  }
  for (const kube::ScaledJob& object : plan.manifest->scaled_jobs) {
    check_environment("ScaledJob", object, object.job.pod);
  }
  if (!problems.empty()) return fail(Errc::invalid_argument, "{}", problems);
  if (plan.manifest->scaled_objects.empty() && plan.manifest->scaled_jobs.empty()) {
    return fail(Errc::invalid_argument, "{}: no ScaledObject or ScaledJob in it: there is nothing to scale",
                names(sources));
  }
  if (options.name_servers) {
    plan.embedded = false;
    plan.name_servers = *options.name_servers;
  } else if (!plan.embedded) {
    auto named = name_servers_of(*plan.manifest);
    if (!named) return std::unexpected(named.error());
    if (named->empty()) {
      return fail(
          Errc::invalid_argument,
          "{}: no trigger names a RocketMQ cluster; use --namesrv, or the annotation gantry/embedded-broker: \"true\"",
          names(sources));
    }
    plan.name_servers = *named;
  }
  plan.new_broker = plan.embedded && options.data_dir.empty();
  if (!plan.embedded && !options.embedded_only.empty()) {
    return fail(Errc::invalid_argument, "{}: without effect, as no broker is embedded: the cluster at {} is used",
                joined(options.embedded_only, ' '), plan.name_servers);
  }
  if (options.generate && !plan.generator) {
    return fail(Errc::invalid_argument, "--generate: there is no annotation gantry/generator in {}", names(sources));
  }
  // invented messages are for a broker that is ours; another's consumers would take them for real
  if (plan.generator && !plan.embedded && !options.generate) {
    plan.generator.reset();
    plan.generator_off =
        fmt::format("the generator of {} is off on a cluster that is not embedded; --generate turns it on",
                    std::filesystem::path(generator_file).filename().string());
  }
  return plan;
}

}  // namespace gantry::up
