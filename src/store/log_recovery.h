// What a start does with what it finds. The log's files are the truth about messages; index and keys are made to agree
// with them:
//
// - The log reaches further than the index (RocksDB's last writes were lost with the power, or the process died between
//   the two): whole groups are indexed from the log (log_replay.h). A group that also changed settings or timers is left
//   out when it is the last of the log, because nobody was told that it was done; the log is cut there.
// - The last entry is not whole: it is cut off. One that is not whole with others behind it is damage: it is said, and
//   what is behind stays.
// - The index has rows of messages that the log has not (Flush::async, and the power was lost): they go, at the end so
//   that offsets are given again, else as a hole that readers pass over. So also when somebody removed or
//   cut the newest files, which had been synced.
//
// A row or a setting of the log that is malformed refuses the start (corrupt): it is not one that is not there, and
// offsets would be given a second time.
#pragma once

#include "base/error.h"
#include "store/database.h"
#include "store/log_state.h"
#include "store/log_writer.h"
#include "store/options.h"

namespace gantry::store {

struct Recovered {
  bool lost_messages = false;  // the log did not have all that the index had
};

// Fills the state, which is empty, from the disk, and says to the writer where it goes on.
Result<Recovered> recover_log(LogState& state, Database& database, LogWriter& writer, Flush flush);

}  // namespace gantry::store
