package main

// The brokers that the clients speak of, as far as a controller sees them: heartbeats to every node, for as long as the
// run lasts. They never fail, so that only clients change who is master.

import (
	"strconv"
	"sync"
	"time"
)

const heartbeatInterval = 400 * time.Millisecond

type broker struct {
	set   string
	id    int64
	owner int
}

// Brokers send their heartbeats until stop is closed.
type Brokers struct {
	mutex sync.Mutex
	list  []broker
	wake  []chan broker
}

func newBrokers(c *Cluster, stop <-chan struct{}) *Brokers {
	b := &Brokers{}
	for _, node := range c.nodes {
		wake := make(chan broker, 1024)
		b.wake = append(b.wake, wake)
		node := node
		c.clients.Go(func() { b.beat(node.Address, wake, stop) })
	}
	return b
}

func (b *Brokers) add(set string, id int64, owner int) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.list = append(b.list, broker{set, id, owner})
	for _, wake := range b.wake {
		wake <- broker{set, id, owner}
	}
}

// keepOnly: the sets of earlier rounds are history.
func (b *Brokers) keepOnly(sets map[string]bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var kept []broker
	for _, broker := range b.list {
		if sets[broker.set] {
			kept = append(kept, broker)
		}
	}
	b.list = kept
}

func (b *Brokers) beat(address string, wake <-chan broker, stop <-chan struct{}) {
	var connection *Connection
	due := time.NewTimer(0)
	tell := func(one broker) bool {
		return connection != nil && connection.tell(brokerHeartbeat, map[string]string{
			"clusterName": clusterName, "brokerName": one.set, "brokerAddr": addressOf(one.owner), "brokerId": strconv.FormatInt(one.id, 10),
			"epoch": "1", "maxOffset": "100", "confirmOffset": "100", "heartbeatTimeoutMills": "3600000", "electionPriority": "100",
		}, time.Second) == nil
	}
	for {
		select {
		case <-stop:
			if connection != nil {
				connection.close()
			}
			return
		case one := <-wake:
			tell(one)
		case <-due.C:
			wait := heartbeatInterval
			if connection == nil || connection.err() != nil {
				connection, _ = dial(address, dialTimeout/2)
				wait = 50 * time.Millisecond
			}
			if connection != nil {
				b.mutex.Lock()
				all := append([]broker(nil), b.list...)
				b.mutex.Unlock()
				for _, one := range all {
					if !tell(one) {
						break
					}
				}
				wait = heartbeatInterval
			}
			due.Reset(wait)
		}
	}
}
