package main

// The checker must be able to fail: histories that are right pass, the same with one planted lie do not.

import (
	"testing"
	"time"
)

type line struct {
	call, end int64
	in        Input
	out       Output
}

func told(master int64, masterEpoch, syncEpoch int, inSync ...int64) Output {
	return Output{HasMaster: true, Master: master, Address: addressOf(int(master)), MasterEpoch: masterEpoch, SyncEpoch: syncEpoch, InSync: idsOf(inSync)}
}

func refusedWith(code int) Output { return Output{Code: code} }

var unknownOutcome = Output{Code: noCode}

// A set of brokers 1 and 2 with master 1 in epoch 1, in sync {1} in epoch 1; the next line begins at time 100.
func founded(more ...line) []Operation {
	lines := append([]line{
		{0, 9, Input{Code: applyBrokerID, ID: 1, Owner: 1}, Output{}},
		{10, 19, Input{Code: applyBrokerID, ID: 2, Owner: 2}, Output{}},
		{20, 29, Input{Code: registerBroker, ID: 1, Owner: 1}, Output{}},
		{30, 39, Input{Code: electMaster, ID: 1}, told(1, 1, 1, 1)},
	}, more...)
	var history []Operation
	for client, l := range lines {
		l.in.Set = "a"
		history = append(history, Operation{Client: client, Call: l.call, Return: l.end, Input: l.in, Output: l.out})
	}
	return history
}

func alter(master int64, masterEpoch, syncEpoch int, inSync ...int64) Input {
	return Input{Code: alterSyncStateSet, ID: master, MasterEpoch: masterEpoch, SyncEpoch: syncEpoch, InSync: idsOf(inSync)}
}

var (
	read      = Input{Code: replicaInfo}
	designate = Input{Code: electMaster, ID: 2, Designate: true}
)

func TestGivenHistoriesThenTheCheckerAcceptsTheTrueAndRefusesTheFalse(t *testing.T) {
	altered := Output{SyncEpoch: 2}
	cases := []struct {
		name    string
		history []Operation
		want    string
	}{
		{"an acknowledged write is read", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, read, told(1, 1, 2, 1, 2)}), "linearizable"},
		{"a read at the same time may see either", founded(line{100, 120, alter(1, 1, 1, 1, 2), altered}, line{105, 110, read, told(1, 1, 1, 1)}), "linearizable"},
		{"a stale read", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, read, told(1, 1, 1, 1)}), "violated"},
		{"reads that go back", founded(line{100, 200, alter(1, 1, 1, 1, 2), altered}, line{110, 119, read, told(1, 1, 2, 1, 2)}, line{120, 129, read, told(1, 1, 1, 1)}), "violated"},
		{"an acknowledged write is lost", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, alter(1, 1, 1, 1, 2), altered}), "violated"},
		{"an acknowledged write is lost, and a refusal tells", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, alter(1, 1, 2, 1), refusedWith(fencedSyncEpoch)}), "violated"},
		{"a refusal for a stale epoch", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, alter(1, 1, 1, 1), refusedWith(fencedSyncEpoch)}), "linearizable"},
		{"an unknown write that happened", founded(line{100, 109, alter(1, 1, 1, 1, 2), unknownOutcome}, line{200, 209, read, told(1, 1, 2, 1, 2)}), "linearizable"},
		{"an unknown write that did not happen", founded(line{100, 109, alter(1, 1, 1, 1, 2), unknownOutcome}, line{200, 209, read, told(1, 1, 1, 1)}), "linearizable"},
		{"an unknown write that happened twice over", founded(line{100, 109, alter(1, 1, 1, 1, 2), unknownOutcome}, line{200, 209, read, told(1, 1, 2, 1, 2)}, line{210, 219, read, told(1, 1, 1, 1)}), "violated"},
		{"a refused write that happened", founded(line{100, 109, alter(1, 1, 1, 1, 2), refusedWith(brokerNotAlive)}, line{110, 119, read, told(1, 1, 2, 1, 2)}), "violated"},
		{"an election", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, designate, told(2, 2, 3, 2)}, line{120, 129, read, told(2, 2, 3, 2)}), "linearizable"},
		{"an election of who is not in sync", founded(line{100, 109, designate, told(2, 2, 2, 2)}), "violated"},
		{"two masters in one epoch", founded(line{100, 109, alter(1, 1, 1, 1, 2), altered}, line{110, 119, designate, told(2, 2, 3, 2)}, line{120, 129, read, told(1, 2, 3, 2)}), "violated"},
		{"an id given twice", founded(line{100, 109, Input{Code: applyBrokerID, ID: 3, Owner: 3}, Output{}}, line{110, 119, Input{Code: applyBrokerID, ID: 3, Owner: 4}, Output{}}), "violated"},
		{"an id applied for again by its owner", founded(line{100, 109, Input{Code: applyBrokerID, ID: 2, Owner: 2}, Output{}}), "linearizable"},
		{"the next id is a used one", founded(line{100, 109, Input{Code: nextBrokerID}, Output{Next: 2}}), "violated"},
		{"a set that is forgotten", founded(line{100, 109, read, refusedWith(noSuchSet)}), "violated"},
		{"not the leader tells nothing", founded(line{100, 109, alter(1, 1, 1, 1, 2), refusedWith(notLeader)}, line{110, 119, read, told(1, 1, 1, 1)}), "linearizable"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := verdict(c.history, time.Minute, ""); got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
		})
	}
}
