package main

// A client of the histories: one request after the other on sets that it shares with the others, all at one node. Of the
// Java controllers only the leader answers: half of the clients look for it, the others stay with their node all the same,
// as brokers do until it refuses them.

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	clusterName    = "chaos"
	requestTimeout = 3 * time.Second // as Java's brokers
)

var ownerNumber atomic.Int64 // ports of brokers, each once

type view struct {
	master      int64
	masterEpoch int
	syncEpoch   int
	inSync      IDs
	members     IDs
	next        int64
}

// Client of one run.
type Client struct {
	cluster    *Cluster
	brokers    *Brokers
	history    *History
	began      time.Time
	number     int
	door       int  // the node it talks to
	stays      bool // there, whatever it answers; otherwise it looks for the leader
	connection *Connection
	random     *rand.Rand
	views      map[string]*view
}

func (c *Client) run(sets []string, stop <-chan struct{}) {
	defer func() {
		if c.connection != nil {
			c.connection.close()
		}
	}()
	for {
		select {
		case <-stop:
			return
		default:
		}
		set := sets[c.random.Intn(len(sets))]
		switch n := c.random.Intn(100); {
		case n < 40:
			c.do(Input{Set: set, Code: replicaInfo})
		case n < 50:
			c.do(Input{Set: set, Code: syncStateData})
		case n < 80:
			c.alter(set)
		case n < 92:
			c.elect(set)
		case n < 95:
			c.do(Input{Set: set, Code: nextBrokerID})
		default:
			c.join(set)
		}
		time.Sleep(time.Duration(2+c.random.Intn(8)) * time.Millisecond)
	}
}

func (c *Client) view(set string) *view {
	if c.views[set] == nil {
		c.views[set] = &view{}
	}
	return c.views[set]
}

func (c *Client) alter(set string) {
	if c.do(Input{Set: set, Code: replicaInfo}).Code != success {
		return
	}
	v := c.view(set)
	if v.master == 0 {
		return
	}
	var ids IDs = 1 << v.master
	for _, id := range v.members.list() {
		if c.random.Intn(2) == 0 {
			ids |= 1 << id
		}
	}
	c.do(Input{Set: set, Code: alterSyncStateSet, ID: v.master, MasterEpoch: v.masterEpoch, SyncEpoch: v.syncEpoch, InSync: ids})
}

func (c *Client) elect(set string) {
	candidates := c.view(set).inSync.list()
	if len(candidates) > 0 {
		c.do(Input{Set: set, Code: electMaster, ID: candidates[c.random.Intn(len(candidates))], Designate: true})
	}
}

// join is a new broker: 1012, 1013, 1003. True when it is a member.
func (c *Client) join(set string) bool {
	out := c.do(Input{Set: set, Code: nextBrokerID})
	if out.Code != success || out.Next > membersMax-1 {
		return false
	}
	owner := int(10_000 + ownerNumber.Add(1))
	for try := 0; try < 5; try++ { // it keeps its check code, and so may ask again
		applied := c.do(Input{Set: set, Code: applyBrokerID, ID: out.Next, Owner: owner})
		if applied.Code == success {
			break
		}
		if applied.Code == brokerIDInvalid || try == 4 {
			return false
		}
	}
	c.brokers.add(set, out.Next, owner)
	return c.do(Input{Set: set, Code: registerBroker, ID: out.Next, Owner: owner}).Code == success
}

// do makes the request, writes it into the history and learns from the answer.
func (c *Client) do(in Input) Output {
	if c.connection == nil || c.connection.err() != nil {
		if !c.connect() {
			return Output{Code: notLeader} // nothing was asked
		}
	}
	fields, body := encode(in)
	call := time.Since(c.began)
	frame, err := c.connection.call(in.Code, fields, body, requestTimeout)
	end := time.Since(c.began)
	out := Output{Code: noCode}
	if err == nil {
		out = decode(in, frame)
	}
	c.history.add(Operation{Client: c.number, Node: c.cluster.nodes[c.door].Host.Name, Call: int64(call), Return: int64(end), Input: in, Output: out})
	if out.Code == notLeader || err != nil {
		if c.stays {
			time.Sleep(5 * time.Millisecond)
		} else {
			c.leave()
		}
	}
	c.learn(in, out)
	return out
}

func (c *Client) leave() {
	if c.connection != nil {
		c.connection.close()
		c.connection = nil
	}
}

// connect: to its node, or to one that says that it leads, its own first.
func (c *Client) connect() bool {
	c.connection = nil
	for i := range c.cluster.nodes {
		door := (c.number + i) % len(c.cluster.nodes)
		connection, err := dial(c.cluster.nodes[door].Address, dialTimeout/2)
		if err == nil && !c.stays {
			frame, failed := connection.call(controllerInfo, nil, nil, dialTimeout/2)
			if failed != nil || frame.Fields["isLeader"] != "true" {
				connection.close()
				err = errTimeout
			}
		}
		if err == nil {
			c.door, c.connection = door, connection
			return true
		}
		if c.stays {
			break
		}
	}
	time.Sleep(20 * time.Millisecond)
	return false
}

func (c *Client) learn(in Input, out Output) {
	v := c.view(in.Set)
	switch {
	case out.Code != success:
	case in.Code == replicaInfo || in.Code == syncStateData:
		v.master, v.masterEpoch, v.syncEpoch, v.inSync = out.Master, out.MasterEpoch, out.SyncEpoch, out.InSync
		if in.Code == syncStateData {
			v.members = out.Members
		} else {
			v.members |= out.InSync
		}
	case in.Code == nextBrokerID:
		for id := int64(1); id < out.Next; id++ {
			v.members |= 1 << id
		}
	}
}

func encode(in Input) (map[string]string, []byte) {
	fields := map[string]string{"brokerName": in.Set, "invokeTime": strconv.FormatInt(time.Now().UnixMilli(), 10)}
	var body []byte
	switch in.Code {
	case alterSyncStateSet:
		fields["masterBrokerId"] = strconv.FormatInt(in.ID, 10)
		fields["masterEpoch"] = strconv.Itoa(in.MasterEpoch)
		body, _ = json.Marshal(map[string]interface{}{"syncStateSet": in.InSync.list(), "syncStateSetEpoch": in.SyncEpoch})
	case electMaster:
		fields["clusterName"] = clusterName
		fields["brokerId"] = strconv.FormatInt(in.ID, 10)
		fields["designateElect"] = strconv.FormatBool(in.Designate)
	case registerBroker:
		fields["clusterName"] = clusterName
		fields["brokerId"] = strconv.FormatInt(in.ID, 10)
		fields["brokerAddress"] = addressOf(in.Owner)
	case applyBrokerID:
		fields["clusterName"] = clusterName
		fields["appliedBrokerId"] = strconv.FormatInt(in.ID, 10)
		fields["registerCheckCode"] = fmt.Sprintf("%s;%d", addressOf(in.Owner), in.Owner)
	case nextBrokerID:
		fields["clusterName"] = clusterName
	case syncStateData:
		body, _ = json.Marshal([]string{in.Set})
	}
	return fields, body
}

func decode(in Input, frame *Frame) Output {
	out := Output{Code: frame.Code}
	if frame.Code == outcomeUnknown || (frame.Code != success && frame.Code < 2000 && frame.Code != 2) {
		return Output{Code: noCode}
	}
	if frame.Code == 2 { // too busy: not even begun
		return Output{Code: notLeader}
	}
	if frame.Code != success && frame.Code != masterStillExists {
		return out
	}
	number := func(name string) int {
		value, _ := strconv.Atoi(frame.Fields[name])
		return value
	}
	if id := number("masterBrokerId"); id > 0 {
		out.HasMaster, out.Master, out.Address = true, int64(id), frame.Fields["masterAddress"]
	}
	out.MasterEpoch, out.SyncEpoch = number("masterEpoch"), number("syncStateSetEpoch")
	switch in.Code {
	case alterSyncStateSet:
		out.SyncEpoch = number("newSyncStateSetEpoch")
	case nextBrokerID:
		out.Next = int64(number("nextBrokerId"))
	case replicaInfo, registerBroker:
		var set struct {
			IDs   []int64 `json:"syncStateSet"`
			Epoch int     `json:"syncStateSetEpoch"`
		}
		if len(frame.Body) > 0 && json.Unmarshal(frame.Body, &set) == nil {
			out.InSync, out.SyncEpoch = idsOf(set.IDs), set.Epoch
		}
	case syncStateData:
		table, err := readTable(frame.Body)
		if err != nil {
			return Output{Code: noCode}
		}
		seen, known := table[in.Set]
		if !known {
			return Output{Code: noSuchSet}
		}
		out = Output{HasMaster: seen.Master != 0, Master: seen.Master, Address: seen.Address, MasterEpoch: seen.MasterEpoch, SyncEpoch: seen.SyncEpoch, InSync: idsOf(seen.InSync), Members: idsOf(seen.Members)}
	}
	return out
}
