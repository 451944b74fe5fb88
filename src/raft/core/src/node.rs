//! One node of a group: the core, and what it is asked for.

use crate::abi::*;
use crate::check::{check, parse_change, ReadContext, ReadRounds};
use crate::log::{Log, Position};
use crate::logging::logger;
use crate::ready::Turn;
use crate::timeout::election_timeout;
use protobuf::Message as _;
use raft::eraftpb::{ConfChange, ConfChangeType, ConfState, HardState, Message, MessageType};
use raft::{Config, Error, RawNode, ReadOnlyOption, SnapshotStatus, StateRole};

pub struct Node {
    pub(crate) raw: RawNode<Log>,
    pub(crate) turn: Turn,
    pub(crate) error: String,
    pub(crate) poisoned: bool,
    pub(crate) identity: (u64, u64), // id and incarnation: what begins the contexts of our read rounds
    read_counter: u64,
    rounds: ReadRounds,
    seed: u64,
    election_ticks: u64,
    votes_held_ticks: u64, // until this node takes part in elections of others
    entry_bytes_max: u64,
    change: Vec<u8>, // the context of the change applied last, lent to the owner
}

/// # Safety
/// The arrays of `view` are readable.
unsafe fn members_of(view: &MembersView) -> ConfState {
    let mut members = ConfState::default();
    members.set_voters(array(view.voters, view.voters_size).to_vec());
    members.set_learners(array(view.learners, view.learners_size).to_vec());
    members
}

fn core_config(view: &ConfigView) -> Config {
    Config {
        id: view.id,
        applied: view.applied,
        election_tick: view.election_ticks as usize,
        heartbeat_tick: view.heartbeat_ticks as usize,
        max_size_per_msg: view.message_bytes_max, // 0 would be one entry a message
        max_inflight_msgs: view.inflight_messages_max as usize,
        max_uncommitted_size: view.uncommitted_bytes_max,
        max_committed_size_per_ready: view.committed_bytes_max,
        check_quorum: true,
        pre_vote: true,
        read_only_option: ReadOnlyOption::Safe,
        // Never on: with it a leader takes an empty queued append for contiguous without looking at its previous index, and
        // counts entries that a follower does not have.
        batch_append: false,
        ..Config::default()
    }
}

impl Node {
    /// # Safety
    /// As of `members_of`; the callbacks may be called until the node is dropped.
    pub unsafe fn create(view: &ConfigView, callbacks: &Callbacks) -> Result<Node, String> {
        let mut hard_state = HardState::default();
        hard_state.term = view.hard_state.term;
        hard_state.vote = view.hard_state.vote;
        // the commit index is saved lazily: what is applied or cut off was committed whatever it says
        hard_state.commit = view.hard_state.commit.max(view.applied).max(view.truncated_index);
        let truncated = Position { index: view.truncated_index, term: view.truncated_term };
        let members = members_of(&view.members);
        let mut log = Log::new(*callbacks, hard_state, members, truncated, view.last_index, view.cached_bytes_max);
        log.warm().map_err(|e| e.to_string())?;
        let config = core_config(view);
        let raw = RawNode::new(&config, log, &logger(*callbacks)).map_err(|e| e.to_string())?;
        let mut node = Node {
            raw,
            turn: Turn::default(),
            error: String::new(),
            poisoned: false,
            identity: (view.id, view.incarnation),
            read_counter: 0,
            rounds: ReadRounds::default(),
            seed: view.seed,
            election_ticks: view.election_ticks,
            votes_held_ticks: if view.incarnation > 1 { view.election_ticks } else { 0 },
            entry_bytes_max: view.entry_bytes_max,
            change: Vec::new(),
        };
        node.set_election_timeout();
        Ok(node)
    }

    /// The core draws a new timeout at every change of role or term; it is set back to the function's after every call.
    pub fn set_election_timeout(&mut self) {
        let ticks = election_timeout(self.seed, self.raw.raft.id, self.raw.raft.term, self.election_ticks);
        self.raw.raft.set_randomized_election_timeout(ticks as usize);
    }

    fn fail(&mut self, code: Code, text: impl Into<String>) -> Code {
        self.error = text.into();
        code
    }

    fn outcome(&mut self, result: raft::Result<()>) -> Code {
        match result {
            Ok(()) => Code::Ok,
            Err(Error::ProposalDropped) => self.fail(Code::Overloaded, "too much is uncommitted"),
            Err(error) => self.fail(Code::Invalid, error.to_string()),
        }
    }

    pub fn tick(&mut self) -> Code {
        self.raw.tick();
        self.votes_held_ticks = self.votes_held_ticks.saturating_sub(1);
        Code::Ok
    }

    pub fn campaign(&mut self) -> Code {
        let result = self.raw.campaign();
        self.outcome(result)
    }

    /// `snapshot`: what came along with the message, when it is one.
    ///
    /// # Safety
    /// As of `members_of`.
    pub unsafe fn step(&mut self, bytes: &[u8], snapshot: Option<&SnapshotView>, from: &mut u64) -> Code {
        let mut message = Message::default();
        if let Err(error) = message.merge_from_bytes(bytes) {
            return self.fail(Code::Invalid, error.to_string());
        }
        if (message.get_msg_type() == MessageType::MsgSnapshot) != snapshot.is_some() {
            return self.fail(Code::Invalid, "a snapshot without its members, or members without a snapshot");
        }
        if let Err((code, why)) = check(&self.raw.raft, &mut self.rounds, self.entry_bytes_max, &message) {
            return self.fail(code, why);
        }
        if let Some(snapshot) = snapshot {
            let at = message.mut_snapshot().mut_metadata();
            if (at.index, at.term) != (snapshot.index, snapshot.term) {
                return self.fail(Code::Invalid, "a message and a snapshot that do not belong together");
            }
            at.set_conf_state(members_of(&snapshot.members));
        }
        *from = message.from;
        if self.holds_vote(&message) {
            return Code::Ok;
        }
        match self.raw.step(message) {
            Ok(()) | Err(Error::StepPeerNotFound) => Code::Ok, // a late answer of a member that was removed
            Err(error) => self.fail(Code::Invalid, error.to_string()),
        }
    }

    /// In its former life it may have answered a leader that now reads by lease: it must not help to elect another one
    /// before that lease has ended, and no longer knows when that is.
    fn holds_vote(&self, message: &Message) -> bool {
        let asked = matches!(message.get_msg_type(), MessageType::MsgRequestVote | MessageType::MsgRequestPreVote);
        asked && self.votes_held_ticks > 0
    }

    fn check_proposable(&mut self) -> Result<(), Code> {
        if self.raw.raft.state != StateRole::Leader {
            return Err(self.fail(Code::NotLeader, "not the leader"));
        }
        if self.raw.raft.lead_transferee.is_some() {
            return Err(self.fail(Code::Transferring, "leadership is being transferred"));
        }
        Ok(())
    }

    fn last_proposal(&self) -> ProposalView {
        ProposalView { index: self.raw.raft.raft_log.last_index(), term: self.raw.raft.term }
    }

    /// A follower's core would forward it, and nobody here would know its index.
    pub fn propose(&mut self, data: &[u8], proposal: &mut ProposalView) -> Code {
        if let Err(code) = self.check_proposable() {
            return code;
        }
        let result = self.raw.propose(Vec::new(), data.to_vec());
        *proposal = self.last_proposal();
        self.outcome(result)
    }

    /// The core would silently put an empty entry in the place of a change while another one is pending.
    pub fn propose_member(&mut self, kind: u32, id: u64, context: &[u8], proposal: &mut ProposalView) -> Code {
        if let Err(code) = self.check_proposable() {
            return code;
        }
        if self.raw.raft.has_pending_conf() {
            return self.fail(Code::Pending, "another change of members is not finished");
        }
        let mut change = ConfChange::default();
        change.node_id = id;
        change.set_change_type(match kind {
            MEMBER_ADD => ConfChangeType::AddNode,
            MEMBER_REMOVE => ConfChangeType::RemoveNode,
            _ => ConfChangeType::AddLearnerNode,
        });
        change.context = context.to_vec().into();
        let result = self.raw.propose_conf_change(Vec::new(), change);
        *proposal = self.last_proposal();
        self.outcome(result)
    }

    /// A change that the core refuses is one that every node refuses alike: nothing happened.
    pub fn apply_member(&mut self, data: &[u8], view: &mut ChangeView) -> Code {
        let change = match parse_change(data) {
            Ok(change) => change,
            Err((code, why)) => return self.fail(code, why),
        };
        let applied = match self.raw.apply_conf_change(&change) {
            Ok(members) => {
                self.step_down_if_removed(&members);
                self.raw.mut_store().set_members(members);
                true
            }
            Err(_) => false,
        };
        self.change = change.context.to_vec();
        *view = ChangeView {
            applied,
            kind: match change.get_change_type() {
                ConfChangeType::AddNode => MEMBER_ADD,
                ConfChangeType::RemoveNode => MEMBER_REMOVE,
                ConfChangeType::AddLearnerNode => MEMBER_ADD_LEARNER,
            },
            id: change.node_id,
            context: Slice::of(&self.change),
        };
        Code::Ok
    }

    /// The core lets a leader that is no voter any more lead on, and panics at the next acknowledgement. It happens although
    /// nobody may remove the leader: the one to be removed can be elected between proposal and commit.
    fn step_down_if_removed(&mut self, members: &ConfState) {
        let raft = &mut self.raw.raft;
        if raft.state == StateRole::Leader && !members.get_voters().contains(&raft.id) {
            let term = raft.term;
            raft.become_follower(term, raft::INVALID_ID);
        }
    }

    fn may_read(&self) -> bool {
        match self.raw.raft.state {
            StateRole::Leader => self.raw.raft.commit_to_current_term(),
            StateRole::Follower => self.raw.raft.leader_id != 0,
            _ => false,
        }
    }

    /// Where it may not read the core would drop the round without a word.
    pub fn read_round(&mut self, counter: &mut u64) -> Code {
        if !self.may_read() {
            return self.fail(Code::NotReady, "no leader is known, or it has not committed in its term");
        }
        self.read_counter += 1;
        *counter = self.read_counter;
        let (node, incarnation) = self.identity;
        let context = ReadContext { node, incarnation, counter: self.read_counter };
        self.raw.read_index(context.bytes());
        Code::Ok
    }

    pub fn transfer(&mut self, to: u64) -> Code {
        if let Err(code) = self.check_proposable() {
            return code;
        }
        self.raw.transfer_leader(to);
        Code::Ok
    }

    pub fn report_unreachable(&mut self, id: u64) -> Code {
        self.raw.report_unreachable(id);
        Code::Ok
    }

    pub fn report_snapshot(&mut self, id: u64, delivered: bool) -> Code {
        self.raw.report_snapshot(id, if delivered { SnapshotStatus::Finish } else { SnapshotStatus::Failure });
        Code::Ok
    }

    pub fn advance_applied(&mut self, index: u64) -> Code {
        if index > self.raw.raft.raft_log.applied {
            self.raw.advance_apply_to(index);
        }
        Code::Ok
    }

    pub fn term(&mut self, index: u64, term: &mut u64) -> Code {
        match self.raw.raft.raft_log.term(index) {
            Ok(found) => {
                *term = found;
                Code::Ok
            }
            Err(error) => self.fail(Code::Invalid, error.to_string()),
        }
    }

    pub fn compact(&mut self, index: u64) -> Code {
        if index <= self.raw.store().truncated().index {
            return Code::Ok;
        }
        if index > self.raw.raft.raft_log.applied {
            return self.fail(Code::Invalid, "entries that are not applied are needed");
        }
        let mut term = 0;
        let code = self.term(index, &mut term);
        if code == Code::Ok {
            self.raw.mut_store().compact(Position { index, term });
        }
        code
    }

    pub fn status(&mut self, view: &mut StatusView) -> Code {
        let raft = &self.raw.raft;
        let snapshot = raft.raft_log.unstable_snapshot().as_ref().map(|s| s.get_metadata());
        *view = StatusView {
            term: raft.term,
            leader: raft.leader_id,
            commit: raft.raft_log.committed,
            last: raft.raft_log.last_index(),
            role: raft.state as u32,
            may_read: self.may_read(),
            pending_snapshot: snapshot.is_some(),
            pending_snapshot_index: snapshot.map_or(0, |s| s.index),
            pending_snapshot_term: snapshot.map_or(0, |s| s.term),
        };
        Code::Ok
    }

    pub fn matched(&mut self, id: u64, matched: &mut u64) -> Code {
        if self.raw.raft.state != StateRole::Leader {
            return Code::NotLeader;
        }
        match self.raw.raft.prs().get(id) {
            Some(progress) => {
                *matched = progress.matched;
                Code::Ok
            }
            None => Code::Invalid,
        }
    }
}
