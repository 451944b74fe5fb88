//! What a turn brings, in C's words. A turn is `ready` (what to save), then the owner's write, then `advance`.
//!
//! The memory behind the views is the turn's, until the next `ready`.

use crate::abi::*;
use crate::check::ReadContext;
use crate::node::Node;
use protobuf::Message as _;
use raft::eraftpb::{Entry, EntryType, Message, MessageType};
use raft::Ready;

#[derive(Default)]
pub struct Turn {
    ready: Option<Ready>,
    committed: Vec<Entry>,
    early: Outbox,
    late: Outbox,
    entry_views: Vec<EntryView>,
    committed_views: Vec<EntryView>,
    read_views: Vec<ReadView>,
}

#[derive(Default)]
struct Outbox {
    bytes: Vec<Vec<u8>>,
    views: Vec<MessageView>,
}

impl Outbox {
    fn clear(&mut self) {
        self.bytes.clear();
        self.views.clear();
    }

    fn push(&mut self, messages: &[Message]) -> Result<(), String> {
        for message in messages {
            let bytes = message.write_to_bytes().map_err(|e| e.to_string())?;
            let is_snapshot = message.get_msg_type() == MessageType::MsgSnapshot;
            // the view points to the vector's heap, which stays where it is when the vector is moved
            self.views.push(MessageView { to: message.to, is_snapshot, bytes: Slice::of(&bytes) });
            self.bytes.push(bytes);
        }
        Ok(())
    }
}

fn view_entries(entries: &[Entry], views: &mut Vec<EntryView>) {
    views.clear();
    views.extend(entries.iter().map(|entry| EntryView {
        index: entry.index,
        term: entry.term,
        kind: match entry.get_entry_type() {
            EntryType::EntryNormal => ENTRY_NORMAL,
            _ => ENTRY_MEMBERSHIP,
        },
        data: Slice::of(&entry.data),
    }));
}

pub fn ready(node: &mut Node, view: &mut ReadyView) -> Code {
    if node.turn.ready.is_some() {
        node.error = "ready again before advance".into();
        return Code::Invalid;
    }
    let mut ready = node.raw.ready();
    let turn = &mut node.turn;
    turn.early.clear();
    turn.late.clear();
    turn.committed = ready.take_committed_entries();
    let outcome =
        turn.early.push(&ready.take_messages()).and_then(|()| turn.late.push(&ready.take_persisted_messages()));
    if let Err(text) = outcome {
        panic!("a message cannot be written: {text}");
    }
    turn.read_views.clear();
    for answer in ready.take_read_states() {
        // of another life of this node: nobody waits for it
        match ReadContext::parse(&answer.request_ctx) {
            Some(context) if (context.node, context.incarnation) == node.identity => {
                turn.read_views.push(ReadView { counter: context.counter, index: answer.index })
            }
            _ => {}
        }
    }
    view_entries(ready.entries(), &mut turn.entry_views);
    view_entries(&turn.committed, &mut turn.committed_views);
    let hard_state = ready.hs().map(|hs| HardStateView { term: hs.term, vote: hs.vote, commit: hs.commit });
    let snapshot = ready.snapshot().get_metadata();
    *view = ReadyView {
        hard_state: hard_state.unwrap_or_default(),
        must_sync: ready.must_sync(),
        has_hard_state: hard_state.is_some(),
        has_snapshot: snapshot.index != 0,
        snapshot_index: snapshot.index,
        snapshot_term: snapshot.term,
        entries: turn.entry_views.as_ptr(),
        entries_size: turn.entry_views.len(),
        committed: turn.committed_views.as_ptr(),
        committed_size: turn.committed_views.len(),
        reads: turn.read_views.as_ptr(),
        reads_size: turn.read_views.len(),
        early_messages: turn.early.views.as_ptr(),
        early_messages_size: turn.early.views.len(),
    };
    turn.ready = Some(ready);
    Code::Ok
}

/// The ready is durable: the log has it, and what it released may go out.
pub fn advance(node: &mut Node, view: &mut AdvanceView) -> Code {
    let Some(mut ready) = node.turn.ready.take() else {
        node.error = "advance without ready".into();
        return Code::Invalid;
    };
    let hard_state = ready.hs().cloned();
    let snapshot = ready.snapshot().get_metadata().clone();
    let entries = ready.take_entries();
    let log = node.raw.mut_store();
    if let Some(hard_state) = hard_state {
        log.set_hard_state(hard_state);
    }
    if snapshot.index != 0 {
        let at = crate::log::Position { index: snapshot.index, term: snapshot.term };
        log.install(at, snapshot.get_conf_state().clone());
    }
    log.append(entries);

    let mut light = node.raw.advance_append(ready);
    if let Err(text) = node.turn.late.push(&light.take_messages()) {
        panic!("a message cannot be written: {text}");
    }
    node.turn.committed = light.take_committed_entries();
    view_entries(&node.turn.committed, &mut node.turn.committed_views);
    *view = AdvanceView {
        commit: node.raw.raft.raft_log.committed,
        committed: node.turn.committed_views.as_ptr(),
        committed_size: node.turn.committed_views.len(),
        messages: node.turn.late.views.as_ptr(),
        messages_size: node.turn.late.views.len(),
    };
    Code::Ok
}
