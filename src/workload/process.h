// One run of a replica's command as a local process, with everything that it starts. See supervisor.h for how nothing
// is left behind.
#pragma once

#include <sys/types.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace gantry::workload {

struct Command {
  std::string file;                      // a path, or a name that is looked up in the PATH of `environment`
  std::vector<std::string> argv;         // argv[0] included
  std::vector<std::string> environment;  // NAME=value, all that the process gets
  std::string working_dir;               // empty: that of gantry
  std::optional<std::string> input;      // what it reads from standard input; without: nothing
  bool shares_output = false;            // writes to gantry's own standard output and error, on_output hears nothing
};

// How a run ended. Exactly one of the three is set.
struct Exit {
  std::optional<int> code;
  std::optional<int> signal;
  std::string start_error;  // it never ran: why
  bool not_found = false;   // ... there is no such program
};

// "exited with code 3", "was killed by signal 9 (Killed)", or the start error.
std::string to_string(const Exit& exit);

// All calls and handlers on the thread of the io_context, which must outlive it. Every handler but on_exit may be
// called several times or never; on_exit once, last, when no descendant is left; none is called from within start().
class Process : public std::enable_shared_from_this<Process> {
 public:
  struct Handlers {
    std::function<void(pid_t)> on_started;
    std::function<void(std::string_view)> on_output;  // standard output and error, in the order written
    std::function<void(const Exit&)> on_exit;
  };

  // Errors: invalid_argument (a NUL in an argument), resource_exhausted (descriptors, processes, size of arguments).
  // That the file does not exist is learned later: Exit::start_error.
  static Result<std::shared_ptr<Process>> start(boost::asio::io_context& io, const Command& command, Handlers handlers);

  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void terminate();  // SIGTERM to the first process
  void kill();       // SIGKILL to all of them
  // Kills all of them, waits for it (milliseconds; at most 2 s) and calls no handler any more.
  void abandon();

 private:
  Process(boost::asio::io_context& io, Handlers handlers);

  Result<void> spawn(const Command& command);
  void order(char what);
  void read_reports();
  void read_output();
  void wait_for_end();
  ssize_t read_report();
  ssize_t read_some_output();
  void drain();
  void take_report(const void* bytes, std::size_t size);
  void close();

  Handlers handlers_;
  pid_t supervisor_ = -1;
  bool done_ = false;
  Exit exit_;
  bool exit_known_ = false;
  boost::asio::posix::stream_descriptor control_;
  boost::asio::posix::stream_descriptor output_;
  boost::asio::posix::stream_descriptor end_;  // pidfd of the supervisor
  std::array<char, 64> report_buffer_;
  std::array<char, 16384> output_buffer_;
};

}  // namespace gantry::workload
