//! The log as the core sees it: the newest entries in memory, older ones read through the owner's callback.
//!
//! Everything in here is durable already: the owner saves a ready before it calls advance, and only advance appends. So
//! entries may be dropped from memory at any time.

use crate::abi::Callbacks;
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot};
use raft::{Error, GetEntriesContext, RaftState, Storage, StorageError};
use std::collections::VecDeque;
use std::os::raw::c_void;

/// What an entry costs in memory beside its data, about.
const ENTRY_OVERHEAD_BYTES: u64 = 96;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    pub index: u64,
    pub term: u64,
}

pub struct Log {
    callbacks: Callbacks,
    hard_state: HardState,
    members: ConfState,
    truncated: Position,
    cache: VecDeque<Entry>,
    cache_first: u64, // index of the cache's front; last index + 1 when it is empty
    cached_bytes: u64,
    cached_bytes_max: u64,
}

fn cost(entry: &Entry) -> u64 {
    entry.data.len() as u64 + ENTRY_OVERHEAD_BYTES
}

impl Log {
    pub fn new(
        callbacks: Callbacks,
        hard_state: HardState,
        members: ConfState,
        truncated: Position,
        last_index: u64,
        cached_bytes_max: u64,
    ) -> Log {
        let cache_first = last_index.max(truncated.index) + 1;
        Log { callbacks, hard_state, members, truncated, cache: VecDeque::new(), cache_first, cached_bytes: 0, cached_bytes_max }
    }

    fn last(&self) -> u64 {
        self.cache_first + self.cache.len() as u64 - 1
    }

    pub fn truncated(&self) -> Position {
        self.truncated
    }

    pub fn set_hard_state(&mut self, hard_state: HardState) {
        self.hard_state = hard_state;
    }

    pub fn set_members(&mut self, members: ConfState) {
        self.members = members;
    }

    /// Appends what the owner has saved; entries from the first one's index on lost against another leader's.
    pub fn append(&mut self, entries: Vec<Entry>) {
        let Some(first) = entries.first().map(|e| e.index) else { return };
        if first < self.cache_first {
            self.cache.clear();
            self.cached_bytes = 0;
            self.cache_first = first;
        } else {
            while self.last() >= first {
                let Some(cut) = self.cache.pop_back() else { break };
                self.cached_bytes -= cost(&cut);
            }
        }
        self.cached_bytes += entries.iter().map(cost).sum::<u64>();
        self.cache.extend(entries);
        self.shrink();
    }

    fn pop_front(&mut self) {
        if let Some(dropped) = self.cache.pop_front() {
            self.cached_bytes -= cost(&dropped);
            self.cache_first += 1;
        }
    }

    /// The last entry stays whatever it costs: the core asks for its term all the time.
    fn shrink(&mut self) {
        while self.cached_bytes > self.cached_bytes_max && self.cache.len() > 1 {
            self.pop_front();
        }
    }

    /// A snapshot of the leader replaces the log.
    pub fn install(&mut self, at: Position, members: ConfState) {
        self.truncated = at;
        self.members = members;
        self.cache.clear();
        self.cached_bytes = 0;
        self.cache_first = at.index + 1;
    }

    /// Entries up to `at` may not be asked for any more.
    pub fn compact(&mut self, at: Position) {
        if at.index <= self.truncated.index {
            return;
        }
        while self.cache_first <= at.index && !self.cache.is_empty() {
            self.pop_front();
        }
        self.truncated = at;
    }

    fn fetch(&self, from: u64, to: u64, bytes_max: u64) -> raft::Result<Vec<Entry>> {
        let unavailable = Error::Store(StorageError::Unavailable);
        let Some(read) = self.callbacks.read_entries else { return Err(unavailable) };
        let mut entries: Vec<Entry> = Vec::new();
        let sink = &mut entries as *mut Vec<Entry> as *mut c_void;
        let code = unsafe { read(self.callbacks.owner, from, to, bytes_max, sink) };
        let contiguous = entries.iter().zip(from..).all(|(entry, index)| entry.index == index);
        if code != 0 || entries.is_empty() || !contiguous {
            return Err(unavailable);
        }
        Ok(entries)
    }

    /// Reads the last entry, so that the first questions about it after a restart do not go to the disk.
    pub fn warm(&mut self) -> raft::Result<()> {
        let last = self.last();
        if self.cache.is_empty() && last > self.truncated.index {
            let entries = self.fetch(last, last + 1, u64::MAX)?;
            self.append(entries);
        }
        Ok(())
    }
}

impl Storage for Log {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(RaftState { hard_state: self.hard_state.clone(), conf_state: self.members.clone() })
    }

    fn entries(&self, low: u64, high: u64, max: impl Into<Option<u64>>, _: GetEntriesContext) -> raft::Result<Vec<Entry>> {
        let bytes_max = max.into().unwrap_or(u64::MAX);
        if low <= self.truncated.index {
            return Err(Error::Store(StorageError::Compacted));
        }
        if high > self.last() + 1 {
            return Err(Error::Store(StorageError::Unavailable));
        }
        if low < self.cache_first {
            return self.fetch(low, high.min(self.cache_first), bytes_max); // less than asked for is allowed
        }
        let range = (low - self.cache_first) as usize..(high - self.cache_first) as usize;
        let mut entries = Vec::with_capacity(range.len());
        let mut bytes = 0u64;
        for entry in self.cache.range(range) {
            bytes += cost(entry);
            if !entries.is_empty() && bytes > bytes_max {
                break;
            }
            entries.push(entry.clone()); // shares the data
        }
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == self.truncated.index {
            return Ok(self.truncated.term);
        }
        if index < self.truncated.index {
            return Err(Error::Store(StorageError::Compacted));
        }
        if index > self.last() {
            return Err(Error::Store(StorageError::Unavailable));
        }
        if index < self.cache_first {
            return Ok(self.fetch(index, index + 1, u64::MAX)?[0].term);
        }
        Ok(self.cache[(index - self.cache_first) as usize].term)
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.truncated.index + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.last())
    }

    /// Only where the snapshot stands: its members and bytes travel beside the core's message.
    fn snapshot(&self, request_index: u64, to: u64) -> raft::Result<Snapshot> {
        let not_now = Error::Store(StorageError::SnapshotTemporarilyUnavailable);
        let Some(describe) = self.callbacks.describe_snapshot else { return Err(not_now) };
        let (mut index, mut term) = (0, 0);
        let code = unsafe { describe(self.callbacks.owner, to, &mut index, &mut term) };
        if code != 0 || index == 0 || index < request_index {
            return Err(not_now);
        }
        let mut snapshot = Snapshot::default();
        snapshot.mut_metadata().index = index;
        snapshot.mut_metadata().term = term;
        Ok(snapshot)
    }
}
