//! The core's log lines, handed to the owner as text.

use crate::abi::Callbacks;
use slog::{Drain, Key, Level, Logger, Never, OwnedKVList, Record, Serializer, KV};
use std::fmt::{Arguments, Write};
use std::os::raw::c_char;

struct ToOwner(Callbacks);

/// "message key=value key=value"
struct Line(String);

impl Serializer for Line {
    fn emit_arguments(&mut self, key: Key, value: &Arguments) -> slog::Result {
        let _ = write!(self.0, " {key}={value}"); // writing to a String does not fail
        Ok(())
    }
}

fn severity(level: Level) -> i32 {
    match level {
        Level::Critical => 0,
        Level::Error => 1,
        Level::Warning => 2,
        Level::Info => 3,
        _ => 4,
    }
}

impl Drain for ToOwner {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record, values: &OwnedKVList) -> Result<(), Never> {
        if let Some(write) = self.0.log {
            let mut line = Line(record.msg().to_string());
            let _ = record.kv().serialize(record, &mut line);
            let _ = values.serialize(record, &mut line);
            unsafe { write(self.0.owner, severity(record.level()), line.0.as_ptr() as *const c_char, line.0.len()) }
        }
        Ok(())
    }
}

pub fn logger(callbacks: Callbacks) -> Logger {
    match callbacks.log {
        Some(_) => Logger::root(ToOwner(callbacks), slog::o!()),
        None => Logger::root(slog::Discard, slog::o!()),
    }
}
