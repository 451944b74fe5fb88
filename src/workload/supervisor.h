// The process that stands between gantry and one replica, as the init process of a container does: it starts the
// replica, adopts whatever the replica leaves behind, and takes all of it along when the replica ends or gantry dies.
//
// Why a process: when gantry is killed with -9 it can clean up nothing, PR_SET_PDEATHSIG reaches only direct children,
// and a process group only those who stay in it. A child subreaper that sees the end of its connection to gantry
// reaches all descendants, whatever sessions they made. Why by executing our own binary again: gantry has threads, and
// a forked copy of it that stays would run on half-copied locks and keep gantry's (and the embedded broker's) old pages
// alive. posix_spawn copies nothing. The supervisor takes over in a constructor, before main and before gantry's own
// objects exist, so it is small, has one thread, and needs no word in any main function, those of test programs
// included.
#pragma once

#include <cstdint>

namespace gantry::workload {

// argv[0] of a supervisor. Not "gantry", so that `killall -9 gantry` leaves the supervisors to do their work.
// argv: kSupervisorName, working directory (or ""), file to execute, the replica's argv.
inline constexpr const char* kSupervisorName = "replica-init";
// The supervisor's end of a SOCK_SEQPACKET pair. Its environment, standard output and standard error are the replica's.
inline constexpr int kControlFd = 3;

// Gantry to supervisor: one byte. The end of the connection means: kill everything.
enum class Order : char { terminate = 'T', kill = 'K' };

// Supervisor to gantry.
struct Report {
  enum class Kind : std::int32_t {
    started = 1,   // value: the replica's pid
    no_directory,  // value: errno; the working directory cannot be entered
    no_program,    // value: errno; the file cannot be executed
    no_process,    // value: errno; fork failed
    exited,        // value: wait status; no descendant is left
  };
  Kind kind;
  std::int32_t value;
};

// Keeps the constructor in programs that link this library.
void link_supervisor();

}  // namespace gantry::workload
