//! TiKV's `raft` crate behind a C interface (`../core.h`): one consensus node that knows no clock, thread, socket or disk.
//! The owner saves what a ready says, then calls advance; entries that are no longer in memory are read through a callback.
//!
//! `exports` is the interface, everything else serves it:
//! `abi` the C types, `guard` panics as errors, `node` the node, `ready` what a turn brings, `log` the log as the core sees it,
//! `check` messages of peers before the core sees them, `timeout` the election timeout, `logging` the core's log lines.

mod abi;
mod check;
mod exports;
mod guard;
mod log;
mod logging;
mod node;
mod ready;
mod timeout;
