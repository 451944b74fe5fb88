#include "workload/pod_command.h"

#include <array>
#include <cstdlib>

#include "kube/environment.h"

namespace gantry::workload {
namespace {

// What a process needs to find programs, its home and its words; everything else of gantry's environment is gantry's.
constexpr std::array<const char*, 5> kInherited = {"PATH", "HOME", "LANG", "TZ", "TMPDIR"};

// A script finds `gantry` as a command does, last of all: whoever has another one installed keeps that.
void add_to_path(const std::string& program, std::string& path) {
  const std::size_t slash = program.rfind('/');
  if (slash == std::string::npos || slash == 0 || program.starts_with("/proc/")) return;
  path += (path.empty() ? "" : ":") + program.substr(0, slash);
}

}  // namespace

Result<Command> pod_command(const kube::Manifest& manifest, const kube::PodTemplate& pod, const PodIdentity& identity,
                            const std::map<std::string, std::string>& environment, const std::string& gantry_file) {
  const kube::Container& container = pod.main_container();
  kube::PodFields fields{.name = identity.name,
                         .namespace_ = identity.namespace_,
                         .uid = identity.name,
                         .labels = pod.metadata.labels,
                         .annotations = pod.metadata.annotations};
  fields.labels.insert(identity.labels.begin(), identity.labels.end());
  auto variables = kube::resolve_environment(manifest, container, fields);
  if (!variables) return std::unexpected(variables.error());

  for (const auto& [name, value] : environment) variables->try_emplace(name, value);
  Command command;
  if (pod.local_command) {
    command.argv = kube::resolve_command(*pod.local_command, *variables);
  } else {
    command.argv = kube::resolve_command(container.command, *variables);
    const auto args = kube::resolve_command(container.args, *variables);
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    command.working_dir = container.working_dir;  // one of an image has no meaning for a local command
  }
  if (command.argv.empty() || command.argv[0].empty())
    return fail(Errc::invalid_argument, "container {} has no command", container.name);
  command.file = command.argv[0] == "gantry" ? gantry_file : command.argv[0];

  const bool sets_path = variables->contains("PATH");
  for (const char* name : kInherited) {
    if (const char* value = std::getenv(name)) variables->try_emplace(name, value);
  }
  if (!sets_path) add_to_path(gantry_file, (*variables)["PATH"]);
  variables->try_emplace("HOSTNAME", identity.name);
  variables->try_emplace("POD_NAME", identity.name);
  for (const auto& [name, value] : *variables) command.environment.push_back(fmt::format("{}={}", name, value));
  return command;
}

}  // namespace gantry::workload
