package main

// The network between the hosts: a switch in this process. Each host's packets come out of its TUN device, and the rules
// of the link say what becomes of them. So no fault needs a kernel module (netem), and all links can change in one instant.

import (
	"math/rand"
	"sync"
	"syscall"
	"time"
)

// Link is one direction between two hosts. The zero value is a good one.
type Link struct {
	Cut    bool
	Loss   float64 // 0 to 1
	Delay  time.Duration
	Jitter time.Duration // added, uniformly; packets may overtake each other
}

// Network forwards between hosts; hosts[i] and rules[i][j] belong together.
type Network struct {
	hosts []*Host
	index map[byte]int // by the last byte of the address
	mutex sync.RWMutex
	rules [][]Link
}

func newNetwork(hosts []*Host) *Network {
	n := &Network{hosts: hosts, index: map[byte]int{}, rules: make([][]Link, len(hosts))}
	for i, host := range hosts {
		n.rules[i] = make([]Link, len(hosts))
		n.index[lastByte(host.IP)] = i
	}
	for i := range hosts {
		go n.forward(i)
	}
	return n
}

// Set changes many links at once: change is asked for each pair of different hosts.
func (n *Network) Set(change func(from, to int, link *Link)) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for i := range n.rules {
		for j := range n.rules[i] {
			if i != j {
				change(i, j, &n.rules[i][j])
			}
		}
	}
}

// Heal makes all links good.
func (n *Network) Heal() {
	n.Set(func(_, _ int, link *Link) { *link = Link{} })
}

func (n *Network) forward(from int) {
	random := rand.New(rand.NewSource(int64(from)))
	buffer := make([]byte, 65536)
	for {
		size, err := syscall.Read(n.hosts[from].tun, buffer)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			return
		}
		if size < 20 || buffer[0]>>4 != 4 {
			continue
		}
		to, known := n.index[buffer[19]]
		if !known || to == from {
			continue
		}
		n.mutex.RLock()
		link := n.rules[from][to]
		n.mutex.RUnlock()
		if link.Cut || (link.Loss > 0 && random.Float64() < link.Loss) {
			continue
		}
		if link.Delay == 0 && link.Jitter == 0 {
			_, _ = syscall.Write(n.hosts[to].tun, buffer[:size])
			continue
		}
		packet := append([]byte(nil), buffer[:size]...)
		delay := link.Delay
		if link.Jitter > 0 {
			delay += time.Duration(random.Int63n(int64(link.Jitter)))
		}
		time.AfterFunc(delay, func() { _, _ = syscall.Write(n.hosts[to].tun, packet) })
	}
}

func lastByte(ip string) byte {
	value := 0
	for _, c := range ip {
		if c == '.' {
			value = 0
		} else {
			value = value*10 + int(c-'0')
		}
	}
	return byte(value)
}
