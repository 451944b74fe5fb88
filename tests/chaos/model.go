package main

// What the controller's requests mean, one replica set at a time: the model against which porcupine judges histories. The
// rules are those of docs/controller-semantics.md and of the Java controller; the brokers of these sets never stop their
// heartbeats, so nobody but the clients changes a master.
//
// A refusal is judged as well: a write that is refused for a stale epoch says what the state is, like a read. Only that a
// broker is not alive, which a controller may believe while its heartbeats have not arrived yet, is always allowed.

import (
	"fmt"
	"sort"
	"strings"

	"github.com/anishathalye/porcupine"
)

// Request codes, and response codes as documented.
const (
	alterSyncStateSet = 1001
	electMaster       = 1002
	registerBroker    = 1003
	replicaInfo       = 1004
	controllerInfo    = 1005
	syncStateData     = 1006
	nextBrokerID      = 1012
	applyBrokerID     = 1013
	brokerHeartbeat   = 904

	success            = 0
	fencedMasterEpoch  = 2000
	fencedSyncEpoch    = 2001
	invalidMaster      = 2002
	invalidReplicas    = 2003
	brokerNotAlive     = 2006
	notLeader          = 2007
	noSuchSet          = 2008
	needToBeRegistered = 2010
	masterStillExists  = 2011
	electionFailed     = 2012
	alterFailed        = 2013
	brokerIDInvalid    = 2014
	outcomeUnknown     = 2015
	membersMax         = 8
	noCode             = -1 // no answer, or one that says that the outcome is unknown
)

// IDs is a set of broker ids, bit N for id N.
type IDs uint16

func idsOf(list []int64) IDs {
	var ids IDs
	for _, id := range list {
		if id >= 0 && id < 16 {
			ids |= 1 << id
		}
	}
	return ids
}

func (ids IDs) has(id int64) bool { return id >= 0 && id < 16 && ids&(1<<id) != 0 }

func (ids IDs) list() []int64 {
	var list []int64
	for id := int64(0); id < 16; id++ {
		if ids.has(id) {
			list = append(list, id)
		}
	}
	return list
}

// Input is one request. Which fields count depends on the code.
type Input struct {
	Set         string `json:"set"`
	Code        int    `json:"code"`
	ID          int64  `json:"id,omitempty"` // 1001: the master that asks; 1002: the candidate; 1003, 1013: the broker
	Designate   bool   `json:"designate,omitempty"`
	MasterEpoch int    `json:"master_epoch,omitempty"`
	SyncEpoch   int    `json:"sync_epoch,omitempty"`
	InSync      IDs    `json:"in_sync,omitempty"`
	Owner       int    `json:"owner,omitempty"` // who the broker is: its port, and its check code
}

// Output is the answer. Known: the parts of the state that it tells.
type Output struct {
	Code        int    `json:"code"`
	HasMaster   bool   `json:"has_master,omitempty"`
	Master      int64  `json:"master,omitempty"`
	Address     string `json:"address,omitempty"`
	MasterEpoch int    `json:"master_epoch,omitempty"`
	SyncEpoch   int    `json:"sync_epoch,omitempty"`
	InSync      IDs    `json:"in_sync,omitempty"`
	Members     IDs    `json:"members,omitempty"`
	Next        int64  `json:"next,omitempty"`
}

type state struct {
	exists      bool
	master      int64
	masterEpoch int
	syncEpoch   int
	inSync      IDs
	next        int64
	owners      [membersMax + 1]int
}

func (s state) members() IDs {
	var ids IDs
	for id, owner := range s.owners {
		if owner != 0 {
			ids |= 1 << id
		}
	}
	return ids
}

// addressOf is the same for an owner wherever it is used.
func addressOf(owner int) string { return fmt.Sprintf("%s:%d", clientIP, owner) }

func (s state) tells(out Output) bool {
	return out.HasMaster == (s.master != 0) && (s.master == 0 || (out.Master == s.master && out.Address == addressOf(s.owners[s.master])))
}

func (s state) elected(master int64) state {
	s.master = master
	s.masterEpoch++
	s.syncEpoch++
	s.inSync = idsOf([]int64{master})
	return s
}

// step is the specification: whether the answer is right in this state, and the state after it. An unknown outcome is
// taken as "carried out where that is possible"; that it was not carried out is the same as "after all the others".
func step(s state, in Input, out Output) (bool, state) {
	unknown := out.Code == noCode
	switch in.Code {
	case replicaInfo:
		if out.Code == noSuchSet {
			return !s.exists, s
		}
		return out.Code == success && s.exists && s.tells(out) && out.MasterEpoch == s.masterEpoch && out.SyncEpoch == s.syncEpoch && out.InSync == s.inSync, s
	case syncStateData:
		if out.Code == noSuchSet {
			return !s.exists, s
		}
		return out.Code == success && s.exists && s.tells(out) && out.MasterEpoch == s.masterEpoch && out.SyncEpoch == s.syncEpoch &&
			out.InSync == s.inSync && out.Members == s.members(), s
	case nextBrokerID:
		return out.Code == success && out.Next == s.next, s
	case applyBrokerID:
		return stepApply(s, in, out, unknown)
	case registerBroker:
		member := s.members().has(in.ID)
		if unknown {
			return true, s // it changes nothing here: a broker registers where it applied
		}
		if out.Code == needToBeRegistered {
			return !member, s
		}
		return out.Code == success && member && out.InSync == s.inSync && (!out.HasMaster || (s.tells(out) && out.MasterEpoch == s.masterEpoch)), s
	case alterSyncStateSet:
		return stepAlter(s, in, out, unknown)
	case electMaster:
		return stepElect(s, in, out, unknown)
	}
	return false, s
}

func stepApply(s state, in Input, out Output, unknown bool) (bool, state) {
	same := s.members().has(in.ID) && s.owners[in.ID] == in.Owner
	free := in.ID == s.next && in.ID <= membersMax
	switch {
	case (unknown || out.Code == success) && same:
		return true, s
	case (unknown || out.Code == success) && free:
		s.exists = true
		s.next++
		s.owners[in.ID] = in.Owner
		return true, s
	case unknown:
		return true, s
	}
	return out.Code == brokerIDInvalid && !same && !free, s
}

func stepAlter(s state, in Input, out Output, unknown bool) (bool, state) {
	expected := success
	switch {
	case !s.exists || in.InSync == s.inSync:
		expected = alterFailed
	case s.master == 0 || s.master != in.ID:
		expected = invalidMaster
	case in.MasterEpoch != s.masterEpoch:
		expected = fencedMasterEpoch
	case in.SyncEpoch != s.syncEpoch:
		expected = fencedSyncEpoch
	case in.InSync&^s.members() != 0:
		expected = invalidReplicas
	case !in.InSync.has(s.master):
		expected = alterFailed
	}
	if expected != success {
		// which of several members is looked at first, absent or not alive, is not said
		return unknown || out.Code == expected || (out.Code == brokerNotAlive && expected == invalidReplicas), s
	}
	if out.Code == brokerNotAlive {
		return true, s
	}
	s.inSync = in.InSync
	s.syncEpoch++
	return unknown || (out.Code == success && out.SyncEpoch == s.syncEpoch), s
}

func stepElect(s state, in Input, out Output, unknown bool) (bool, state) {
	switch {
	case !s.members().has(in.ID):
		return unknown || out.Code == needToBeRegistered || (in.Designate && out.Code == electionFailed), s
	case s.inSync == 0: // the first one
		if out.Code == electionFailed && in.Designate {
			return true, s
		}
	case !in.Designate:
		return unknown || (out.Code == masterStillExists && s.tells(out) && out.MasterEpoch == s.masterEpoch), s
	case s.master == in.ID:
		return unknown || out.Code == electionFailed || (out.Code == masterStillExists && s.tells(out) && out.MasterEpoch == s.masterEpoch), s
	case !s.inSync.has(in.ID):
		return unknown || out.Code == electionFailed, s
	case out.Code == electionFailed: // not alive, as this controller sees it
		return true, s
	}
	s = s.elected(in.ID)
	return unknown || (out.Code == success && s.tells(out) && out.MasterEpoch == s.masterEpoch && out.SyncEpoch == s.syncEpoch), s
}

var controllerModel = porcupine.Model{
	Init: func() interface{} { return state{next: 1} },
	Step: func(s, in, out interface{}) (bool, interface{}) {
		legal, next := step(s.(state), in.(Input), out.(Output))
		return legal, next
	},
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		sets := map[string][]porcupine.Operation{}
		for _, operation := range history {
			set := operation.Input.(Input).Set
			sets[set] = append(sets[set], operation)
		}
		names := make([]string, 0, len(sets))
		for name := range sets {
			names = append(names, name)
		}
		sort.Strings(names)
		var out [][]porcupine.Operation
		for _, name := range names {
			out = append(out, sets[name])
		}
		return out
	},
	DescribeOperation: func(in, out interface{}) string { return describe(in.(Input), out.(Output)) },
	DescribeState: func(s interface{}) string {
		v := s.(state)
		return fmt.Sprintf("master %d epoch %d in sync %v epoch %d next %d", v.master, v.masterEpoch, v.inSync.list(), v.syncEpoch, v.next)
	},
}

func describe(in Input, out Output) string {
	var text strings.Builder
	switch in.Code {
	case alterSyncStateSet:
		fmt.Fprintf(&text, "alter by %d epoch %d to %v over %d", in.ID, in.MasterEpoch, in.InSync.list(), in.SyncEpoch)
	case electMaster:
		fmt.Fprintf(&text, "elect %d", in.ID)
	case registerBroker:
		fmt.Fprintf(&text, "register %d", in.ID)
	case applyBrokerID:
		fmt.Fprintf(&text, "apply for %d", in.ID)
	default:
		fmt.Fprintf(&text, "%d", in.Code)
	}
	if out.Code == noCode {
		return text.String() + " -> unknown"
	}
	fmt.Fprintf(&text, " -> %d", out.Code)
	if out.HasMaster {
		fmt.Fprintf(&text, " master %d epoch %d", out.Master, out.MasterEpoch)
	}
	if out.InSync != 0 {
		fmt.Fprintf(&text, " in sync %v epoch %d", out.InSync.list(), out.SyncEpoch)
	}
	return text.String()
}
