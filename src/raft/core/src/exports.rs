//! The functions of `../core.h`: unpack the C arguments, call, contain panics. What they do is said there.

use crate::abi::*;
use crate::guard::{contain, on_node};
use crate::node::Node;
use crate::ready;
use raft::eraftpb::{Entry, EntryType};
use std::os::raw::c_void;

/// # Safety
/// See core.h; so for every function of this file: pointers are readable or writable as their types say, and a node is
/// used by one thread at a time.
#[no_mangle]
pub unsafe extern "C" fn raft_core_create(
    config: *const ConfigView,
    callbacks: *const Callbacks,
    error: *mut u8,
    error_size: usize,
) -> *mut Node {
    let text = match contain(|| Node::create(&*config, &*callbacks)) {
        Ok(Ok(node)) => return Box::into_raw(Box::new(node)),
        Ok(Err(text)) | Err(text) => text,
    };
    if error_size > 0 {
        let size = text.len().min(error_size - 1);
        std::ptr::copy_nonoverlapping(text.as_ptr(), error, size);
        *error.add(size) = 0;
    }
    std::ptr::null_mut()
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_destroy(node: *mut Node) {
    if !node.is_null() {
        let _ = contain(|| drop(Box::from_raw(node)));
    }
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_error(node: *const Node) -> Slice {
    node.as_ref().map_or(Slice::EMPTY, |node| Slice::of(node.error.as_bytes()))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_tick(node: *mut Node) -> Code {
    on_node(node, Node::tick)
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_campaign(node: *mut Node) -> Code {
    on_node(node, Node::campaign)
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_step(
    node: *mut Node,
    bytes: Slice,
    snapshot: *const SnapshotView,
    from: *mut u64,
) -> Code {
    on_node(node, |node| node.step(bytes.bytes(), snapshot.as_ref(), &mut *from))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_propose(node: *mut Node, data: Slice, proposal: *mut ProposalView) -> Code {
    on_node(node, |node| node.propose(data.bytes(), &mut *proposal))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_propose_member(
    node: *mut Node,
    kind: u32,
    id: u64,
    context: Slice,
    proposal: *mut ProposalView,
) -> Code {
    on_node(node, |node| node.propose_member(kind, id, context.bytes(), &mut *proposal))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_apply_member(node: *mut Node, data: Slice, change: *mut ChangeView) -> Code {
    on_node(node, |node| node.apply_member(data.bytes(), &mut *change))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_read_round(node: *mut Node, counter: *mut u64) -> Code {
    on_node(node, |node| node.read_round(&mut *counter))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_transfer(node: *mut Node, to: u64) -> Code {
    on_node(node, |node| node.transfer(to))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_report_unreachable(node: *mut Node, id: u64) -> Code {
    on_node(node, |node| node.report_unreachable(id))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_report_snapshot(node: *mut Node, id: u64, delivered: bool) -> Code {
    on_node(node, |node| node.report_snapshot(id, delivered))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_advance_applied(node: *mut Node, index: u64) -> Code {
    on_node(node, |node| node.advance_applied(index))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_term(node: *mut Node, index: u64, term: *mut u64) -> Code {
    on_node(node, |node| node.term(index, &mut *term))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_compact(node: *mut Node, index: u64) -> Code {
    on_node(node, |node| node.compact(index))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_status(node: *mut Node, status: *mut StatusView) -> Code {
    on_node(node, |node| node.status(&mut *status))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_matched(node: *mut Node, id: u64, matched: *mut u64) -> Code {
    on_node(node, |node| node.matched(id, &mut *matched))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_has_ready(node: *mut Node, has: *mut bool) -> Code {
    on_node(node, |node| {
        *has = node.raw.has_ready();
        Code::Ok
    })
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_ready(node: *mut Node, view: *mut ReadyView) -> Code {
    on_node(node, |node| ready::ready(node, &mut *view))
}

#[no_mangle]
pub unsafe extern "C" fn raft_core_advance(node: *mut Node, view: *mut AdvanceView) -> Code {
    on_node(node, |node| ready::advance(node, &mut *view))
}

/// Called from within the read_entries callback.
#[no_mangle]
pub unsafe extern "C" fn raft_core_push_entry(sink: *mut c_void, view: *const EntryView) {
    let (entries, view) = (&mut *(sink as *mut Vec<Entry>), &*view);
    let mut entry = Entry::default();
    entry.index = view.index;
    entry.term = view.term;
    entry.set_entry_type(match view.kind {
        ENTRY_NORMAL => EntryType::EntryNormal,
        _ => EntryType::EntryConfChange,
    });
    entry.data = view.data.bytes().to_vec().into();
    entries.push(entry);
}

/// For tests of what a panic does.
#[no_mangle]
pub unsafe extern "C" fn raft_core_panic(node: *mut Node) -> Code {
    on_node(node, |_| panic!("asked for by a test"))
}
