#include "cli/completion.h"

#include <fmt/format.h>

#include <functional>
#include <vector>

namespace gantry::cli {
namespace {

// A command with its path ("topic create"), its words (verbs) and its options.
struct Node {
  std::string path;
  std::vector<const CLI::App*> commands;
  std::vector<const CLI::Option*> options;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
  Node node;
  node.path = path;
  auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  node.commands.assign(commands.begin(), commands.end());
  auto options = app.get_options([](const CLI::Option*) { return true; });
  node.options.assign(options.begin(), options.end());
  nodes.push_back(node);
  for (const CLI::App* command : node.commands) {
    collect(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), nodes);
  }
}

std::string words_of(const Node& node) {
  std::string words;
  for (const CLI::App* command : node.commands) words += command->get_name() + " ";
  for (const CLI::Option* option : node.options) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  if (node.path == "completion") words += "bash zsh fish ";
  if (!words.empty()) words.pop_back();
  return words;
}

// The words before the cursor that are commands select the node; zsh runs the same script by bashcompinit.
std::string bash_script(const std::vector<Node>& nodes) {
  std::string cases;
  std::string paths;
  for (const Node& node : nodes) {
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", node.path, words_of(node));
    if (!node.path.empty()) paths += fmt::format("\"{}\"|", node.path);
  }
  if (!paths.empty()) paths.pop_back();
  return fmt::format(R"(_gantry() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" path="" next words="" i
  case "$previous" in
    -o|--output) COMPREPLY=($(compgen -W "table json yaml" -- "$current")); return ;;
    --mode) COMPREPLY=($(compgen -W "push pull pop" -- "$current")); return ;;
    -f|--report|--data|--tls-ca) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${{path:+$path }}${{COMP_WORDS[i]}}"
    case "$next" in
      {}) path="$next" ;;
    esac
  done
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _gantry gantry
)",
                     paths, cases);
}

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_script(const std::vector<Node>& nodes) {
  std::string out = "complete -c gantry -f\n";
  for (const Node& node : nodes) {
    std::string condition = "__fish_use_subcommand";
    if (!node.path.empty()) {
      condition.clear();
      std::size_t at = 0;
      while (at <= node.path.size()) {
        const auto space = std::min(node.path.find(' ', at), node.path.size());
        if (!condition.empty()) condition += "; and ";
        condition += "__fish_seen_subcommand_from " + node.path.substr(at, space - at);
        at = space + 1;
      }
    }
    for (const CLI::App* command : node.commands) {
      out += fmt::format("complete -c gantry -n '{}' -a {} -d {}\n", condition, command->get_name(),
                         fish_quoted(command->get_description()));
    }
    for (const CLI::Option* option : node.options) {
      for (const std::string& name : option->get_lnames()) {
        out += fmt::format("complete -c gantry -n '{}' -l {}{} -d {}\n", condition, name,
                           option->get_type_size() > 0 ? " -r" : "", fish_quoted(option->get_description()));
      }
    }
  }
  out += "complete -c gantry -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n";
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell, const CLI::App& root) {
  std::vector<Node> nodes;
  collect(root, "", nodes);
  if (shell == "fish") return fish_script(nodes);
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash_script(nodes);
  return bash_script(nodes);
}

}  // namespace gantry::cli
