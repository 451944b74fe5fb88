//! Messages of peers, before the core sees them. The core trusts its peers: a number out of range ends in a panic or, worse,
//! in a state that is wrong. What cannot come from a correct peer in a correct group is refused here and changes nothing.
//!
//! The rules follow what version 0.7.0 of the core does with each field.

use crate::abi::Code;
use crate::log::Log;
use protobuf::Message as _;
use raft::eraftpb::{ConfChange, Entry, EntryType, Message, MessageType};
use raft::{Raft, StateRole};
use std::collections::BTreeMap;

/// Of indexes and terms: far beyond any log, and sums of two do not overflow.
const NUMBER_MAX: u64 = 1 << 62;
/// The core's own contexts are short words, ours are READ_CONTEXT_BYTES.
const CONTEXT_BYTES_MAX: usize = 64;
pub const READ_CONTEXT_BYTES: usize = 24;

pub type Refusal = (Code, String);

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err((Code::Invalid, why.into()))
}

fn lost_log<T>(why: String) -> Result<T, Refusal> {
    Err((Code::LostLog, why))
}

/// Names a read round in the whole group and for all time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ReadContext {
    pub node: u64,
    pub incarnation: u64, // of the node
    pub counter: u64,     // of the incarnation
}

impl ReadContext {
    pub fn bytes(&self) -> Vec<u8> {
        [self.node, self.incarnation, self.counter].iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    pub fn parse(bytes: &[u8]) -> Option<ReadContext> {
        if bytes.len() != READ_CONTEXT_BYTES {
            return None;
        }
        let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
        Some(ReadContext { node: number(0), incarnation: number(8), counter: number(16) })
    }
}

/// The newest round that each follower has asked this node for.
///
/// A round must not be taken twice. The core answers all rounds queued before the one whose acknowledgements arrive; a
/// repeated old round would be queued behind newer ones, and acknowledgements of its first life, older than those, would
/// answer them: a stale read.
#[derive(Default)]
pub struct ReadRounds {
    newest: BTreeMap<u64, ReadContext>,
}

impl ReadRounds {
    fn take(&mut self, context: ReadContext) -> Result<(), Refusal> {
        match self.newest.get(&context.node) {
            Some(newest) if context <= *newest => refuse("a read round that was seen before"),
            _ => {
                self.newest.insert(context.node, context);
                Ok(())
            }
        }
    }
}

pub fn check(raft: &Raft<Log>, rounds: &mut ReadRounds, entry_bytes_max: u64, message: &Message) -> Result<(), Refusal> {
    check_envelope(raft, message)?;
    check_numbers(message)?;
    match message.get_msg_type() {
        MessageType::MsgAppend => check_append(raft, entry_bytes_max, message),
        MessageType::MsgHeartbeat => check_heartbeat(raft, message),
        MessageType::MsgAppendResponse => check_append_response(raft, message),
        MessageType::MsgReadIndex => check_read(raft, rounds, message),
        MessageType::MsgReadIndexResp => check_read_answer(message),
        MessageType::MsgSnapshot => check_snapshot(message),
        MessageType::MsgHeartbeatResponse
        | MessageType::MsgRequestVote
        | MessageType::MsgRequestVoteResponse
        | MessageType::MsgRequestPreVote
        | MessageType::MsgRequestPreVoteResponse
        | MessageType::MsgTimeoutNow => Ok(()),
        // local ones, and proposals and transfers, which followers could forward: the owner asks the leader itself
        other => refuse(format!("a message of type {other:?} is not for peers")),
    }
}

fn check_envelope(raft: &Raft<Log>, message: &Message) -> Result<(), Refusal> {
    if message.to != raft.id {
        return refuse(format!("for node {}, this is node {}", message.to, raft.id));
    }
    if message.from == 0 || message.from == raft.id {
        return refuse(format!("from node {}", message.from));
    }
    // an enum value that this version does not know is kept there by the codec, and the field would read as 0
    if message.get_unknown_fields().fields.is_some() {
        return refuse("unknown fields");
    }
    let may_have_entries =
        matches!(message.get_msg_type(), MessageType::MsgAppend | MessageType::MsgReadIndex | MessageType::MsgReadIndexResp);
    if !may_have_entries && !message.get_entries().is_empty() {
        return refuse("entries in a message that has none");
    }
    if message.get_msg_type() != MessageType::MsgSnapshot && message.has_snapshot() {
        return refuse("a snapshot in a message that has none");
    }
    if message.context.len() > CONTEXT_BYTES_MAX {
        return refuse("context too long");
    }
    Ok(())
}

fn check_numbers(message: &Message) -> Result<(), Refusal> {
    let numbers = [message.term, message.log_term, message.index, message.commit, message.commit_term, message.reject_hint];
    if numbers.iter().any(|n| *n >= NUMBER_MAX) {
        return refuse("a number out of range");
    }
    // only a forwarded read round has no term; with term 0 the core would take any other message for its own
    if (message.term == 0) != (message.get_msg_type() == MessageType::MsgReadIndex) {
        return refuse(format!("term {}", message.term));
    }
    // we set no priorities, and we never ask for a snapshot
    if message.request_snapshot != 0 || message.priority != 0 || message.deprecated_priority != 0 {
        return refuse("a field that is not used");
    }
    Ok(())
}

/// True for messages that the core drops or answers by its term alone.
fn is_stale(raft: &Raft<Log>, message: &Message) -> bool {
    message.term < raft.term
}

fn check_append(raft: &Raft<Log>, entry_bytes_max: u64, message: &Message) -> Result<(), Refusal> {
    if message.log_term > message.term || (message.index == 0) != (message.log_term == 0) {
        return refuse(format!("previous entry {} of term {}", message.index, message.log_term));
    }
    let mut previous_term = message.log_term;
    for (entry, index) in message.get_entries().iter().zip(message.index + 1..) {
        if entry.index != index || entry.term < previous_term || entry.term > message.term || entry.term == 0 {
            return refuse(format!("entry {} of term {} where {} is due", entry.index, entry.term, index));
        }
        previous_term = entry.term;
        check_entry(entry, entry_bytes_max)?;
        check_conflict(raft, message, entry)?;
    }
    Ok(())
}

fn check_entry(entry: &Entry, entry_bytes_max: u64) -> Result<(), Refusal> {
    if entry.get_unknown_fields().fields.is_some() || !entry.context.is_empty() || entry.sync_log {
        return refuse("an entry with fields that are not used");
    }
    if entry.data.len() as u64 > entry_bytes_max {
        return refuse(format!("an entry of {} bytes", entry.data.len()));
    }
    match entry.get_entry_type() {
        EntryType::EntryNormal => Ok(()),
        EntryType::EntryConfChange => parse_change(&entry.data).map(|_| ()),
        EntryType::EntryConfChangeV2 => refuse("a joint change of members"), // one change at a time
    }
}

pub fn parse_change(data: &[u8]) -> Result<ConfChange, Refusal> {
    let mut change = ConfChange::default();
    match change.merge_from_bytes(data) {
        Ok(()) if change.node_id != 0 && change.get_unknown_fields().fields.is_none() => Ok(change),
        _ => refuse("a change of members that cannot be read"),
    }
}

/// What is committed here cannot be another entry at a leader of the same group.
fn check_conflict(raft: &Raft<Log>, message: &Message, entry: &Entry) -> Result<(), Refusal> {
    // from the previous entry on it is the core's own comparison, and only up to the commit index a difference is fatal
    if is_stale(raft, message) || message.index < raft.raft_log.committed || entry.index > raft.raft_log.committed {
        return Ok(()); // a message from before the commit index is answered without looking at its entries
    }
    match raft.raft_log.term(entry.index) {
        Ok(term) if term != entry.term => {
            refuse(format!("entry {} of term {} is committed here with term {}", entry.index, entry.term, term))
        }
        _ => Ok(()),
    }
}

/// The leader only tells a follower of commits up to what that follower has acknowledged.
fn check_heartbeat(raft: &Raft<Log>, message: &Message) -> Result<(), Refusal> {
    let last = raft.raft_log.last_index();
    if !is_stale(raft, message) && message.commit > last {
        return lost_log(format!(
            "the leader, node {}, counts on entries up to {} of this node, which has only {}: its disk was replaced or rolled back",
            message.from, message.commit, last
        ));
    }
    Ok(())
}

fn check_append_response(raft: &Raft<Log>, message: &Message) -> Result<(), Refusal> {
    let last = raft.raft_log.last_index();
    if raft.state == StateRole::Leader && message.term == raft.term && !message.reject && message.index > last {
        return refuse(format!("acknowledges entry {}, the last one is {}", message.index, last));
    }
    Ok(())
}

fn check_read(raft: &Raft<Log>, rounds: &mut ReadRounds, message: &Message) -> Result<(), Refusal> {
    let context = match message.get_entries() {
        [entry] => ReadContext::parse(&entry.data),
        _ => None,
    };
    let Some(context) = context else { return refuse("a read round without a context") };
    if context.node != message.from {
        return refuse(format!("a read round of node {} from node {}", context.node, message.from));
    }
    if raft.state != StateRole::Leader || raft.prs().get(message.from).is_none() {
        return refuse("a read round for a leader from a member"); // it is given up there after a while
    }
    rounds.take(context)
}

fn check_read_answer(message: &Message) -> Result<(), Refusal> {
    match message.get_entries() {
        [entry] if entry.data.len() == READ_CONTEXT_BYTES => Ok(()),
        _ => refuse("a read answer without a context"),
    }
}

/// The members come beside the message and were checked by the owner.
fn check_snapshot(message: &Message) -> Result<(), Refusal> {
    let at = message.get_snapshot().get_metadata();
    if at.index == 0 || at.index >= NUMBER_MAX || at.term == 0 || at.term > message.term {
        return refuse(format!("a snapshot at entry {} of term {}", at.index, at.term));
    }
    Ok(())
}
