package main

// A group of controllers on a network of its own, and who leads it. kind: "gantry", or the Java ones, "dledger" and
// "jraft", with the same faults but those of the disk.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	clientIP    = "198.18.77.100"
	nodePort    = 9878
	raftPort    = 9888 // jraft's own
	dialTimeout = time.Second
)

// Cluster is the controllers and the machine of the clients.
type Cluster struct {
	kind    string
	nodes   []*Node
	clients *Host
	network *Network
	dir     string
}

func newCluster(kind string, size int, executable, shim, dir string) (*Cluster, error) {
	c := &Cluster{kind: kind, dir: dir}
	var err error
	if c.clients, err = newHost("clients", clientIP, "", 0); err != nil {
		return nil, err
	}
	var peers, raftPeers, clientPeers []string
	for i := 0; i < size; i++ {
		peers = append(peers, fmt.Sprintf("n%d-198.18.77.%d:%d", i, 10+i, nodePort))
		clientPeers = append(clientPeers, fmt.Sprintf("198.18.77.%d:%d", 10+i, nodePort))
		raftPeers = append(raftPeers, fmt.Sprintf("198.18.77.%d:%d", 10+i, raftPort))
	}
	for i := 0; i < size; i++ {
		data := filepath.Join(dir, fmt.Sprintf("n%d", i))
		if err := os.MkdirAll(data, 0o755); err != nil {
			return nil, err
		}
		mib := 192
		if kind != "gantry" {
			mib = 1024
		}
		ip := fmt.Sprintf("198.18.77.%d", 10+i)
		host, err := newHost(fmt.Sprintf("n%d", i), ip, data, mib)
		if err != nil {
			return nil, err
		}
		node := &Node{Host: host, Address: fmt.Sprintf("%s:%d", ip, nodePort), index: i, dir: data,
			log: filepath.Join(dir, fmt.Sprintf("n%d.log", i)), ballast: filepath.Join(data, "ballast")}
		switch kind {
		case "gantry":
			control := filepath.Join(dir, fmt.Sprintf("n%d.shim", i))
			if node.shim, err = mapShim(control); err != nil {
				return nil, err
			}
			node.env = []string{"LD_PRELOAD=" + shim, "CHAOS_SHIM=" + control}
			node.command = func(n *Node) []string {
				return []string{executable, "controller", "--peers", strings.Join(peers, ";"), "--self", n.Host.Name, "--data", n.data()}
			}
		case "dledger", "jraft":
			// the peer's script writes 127.0.0.1; what comes later in a properties file counts
			extra := []string{"controllerDLegerPeers=" + strings.Join(peers, ";")}
			if kind == "jraft" {
				extra = []string{"jRaftServerId=" + raftPeers[i], "jRaftInitConf=" + strings.Join(raftPeers, ","), "jRaftControllerRPCAddr=" + strings.Join(clientPeers, ",")}
			}
			node.command = func(n *Node) []string {
				return append([]string{executable, "controller", n.data(), fmt.Sprint(n.index), fmt.Sprint(size), fmt.Sprint(nodePort), kind}, append(extra, "listenPort="+fmt.Sprint(nodePort))...)
			}
		default:
			return nil, errors.New("kind is gantry, dledger or jraft")
		}
		c.nodes = append(c.nodes, node)
	}
	hosts := []*Host{}
	for _, node := range c.nodes {
		hosts = append(hosts, node.Host)
	}
	c.network = newNetwork(append(hosts, c.clients))
	for _, node := range c.nodes {
		_ = os.Remove(node.log) // of an earlier run
		if err := node.start(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Cluster) close() {
	for _, node := range c.nodes {
		node.kill()
	}
}

// onClients runs a job on a goroutine of the clients' host and waits for it.
func (c *Cluster) onClients(job func()) {
	done := make(chan struct{})
	c.clients.Go(func() {
		defer close(done)
		job()
	})
	<-done
}

// ask makes one request on a connection of its own.
func (c *Cluster) ask(node int, code int, fields map[string]string, body []byte, timeout time.Duration) (frame *Frame, err error) {
	c.onClients(func() {
		var connection *Connection
		if connection, err = dial(c.nodes[node].Address, timeout); err != nil {
			return
		}
		defer connection.close()
		frame, err = connection.call(code, fields, body, timeout)
	})
	return frame, err
}

// leaders are the nodes that call themselves that.
func (c *Cluster) leaders() []int {
	said := make([]bool, len(c.nodes))
	var wait sync.WaitGroup
	for i := range c.nodes {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			if frame, err := c.ask(i, controllerInfo, nil, nil, 500*time.Millisecond); err == nil {
				said[i] = frame.Fields["isLeader"] == "true"
			}
		}(i)
	}
	wait.Wait()
	var found []int
	for i, leads := range said {
		if leads {
			found = append(found, i)
		}
	}
	return found
}

// leader waits for exactly one that says so.
func (c *Cluster) leader(timeout time.Duration) (int, error) {
	deadline := time.Now().Add(timeout)
	for {
		if found := c.leaders(); len(found) == 1 {
			return found[0], nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("no leader within %v", timeout)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Seen is what 1006 says of a set, without what heartbeats change.
type Seen struct {
	Master      int64   `json:"master"`
	Address     string  `json:"address"`
	MasterEpoch int     `json:"master_epoch"`
	SyncEpoch   int     `json:"sync_epoch"`
	InSync      []int64 `json:"in_sync"`
	Members     []int64 `json:"members"`
}

type identity struct {
	BrokerID int64 `json:"brokerId"`
}

type replicasTable struct {
	Table map[string]struct {
		MasterBrokerID    *int64     `json:"masterBrokerId"`
		MasterAddress     string     `json:"masterAddress"`
		MasterEpoch       int        `json:"masterEpoch"`
		SyncStateSetEpoch int        `json:"syncStateSetEpoch"`
		InSyncReplicas    []identity `json:"inSyncReplicas"`
		NotInSyncReplicas []identity `json:"notInSyncReplicas"`
	} `json:"replicasInfoTable"`
}

// readTable reads the body of 1006.
func readTable(body []byte) (map[string]Seen, error) {
	var table replicasTable
	if len(body) > 0 {
		if err := json.Unmarshal(body, &table); err != nil {
			return nil, err
		}
	}
	out := map[string]Seen{}
	for name, set := range table.Table {
		seen := Seen{Address: set.MasterAddress, MasterEpoch: set.MasterEpoch, SyncEpoch: set.SyncStateSetEpoch}
		if set.MasterBrokerID != nil {
			seen.Master = *set.MasterBrokerID
		}
		for _, replica := range set.InSyncReplicas {
			seen.InSync = append(seen.InSync, replica.BrokerID)
		}
		seen.Members = append(seen.Members, seen.InSync...)
		for _, replica := range set.NotInSyncReplicas {
			seen.Members = append(seen.Members, replica.BrokerID)
		}
		out[name] = seen
	}
	return out, nil
}
