package main

// The faults, by OpenChaos' names where it has one. Each has a beginning and an end; what it did is told in a line.

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Fault: begin and heal run on the orchestrator's goroutine.
type Fault struct {
	name     string
	nodesMin int
	ours     bool // needs the shim or our data directory, so not for the Java controllers
	begin    func(r *Round) string
	heal     func(r *Round)
}

func (r *Round) size() int { return len(r.cluster.nodes) }

// shuffled are all nodes in a random order, those named first at the front.
func (r *Round) shuffled(first ...int) []int {
	order := append([]int(nil), first...)
	for _, i := range r.random.Perm(r.size()) {
		named := false
		for _, f := range first {
			named = named || f == i
		}
		if !named {
			order = append(order, i)
		}
	}
	return order
}

func (r *Round) pick(which string) []int {
	switch which {
	case "leader":
		return []int{r.leader}
	case "follower":
		return r.shuffled(r.leader)[1:2]
	case "minor":
		return r.shuffled()[:(r.size()-1)/2]
	case "major":
		return r.shuffled(r.leader)[:r.size()/2+1]
	case "all":
		return r.shuffled()
	}
	return r.shuffled()[:1]
}

func names(nodes []int) string {
	text := ""
	for _, i := range nodes {
		text += fmt.Sprintf(" n%d", i)
	}
	return text
}

func (r *Round) each(nodes []int, do func(n *Node)) string {
	var wait sync.WaitGroup
	for _, i := range nodes {
		wait.Add(1)
		go func(n *Node) {
			defer wait.Done()
			do(n)
		}(r.cluster.nodes[i])
	}
	wait.Wait()
	r.hit = nodes
	return names(nodes)
}

func processFault(verb, which string, nodesMin int) Fault {
	fault := Fault{name: verb + "-" + which, nodesMin: nodesMin}
	fault.begin = func(r *Round) string {
		return r.each(r.pick(which), func(n *Node) {
			if verb == "kill" {
				n.kill()
			} else {
				n.signal(syscall.SIGSTOP)
			}
		})
	}
	fault.heal = func(r *Round) {
		r.each(r.hit, func(n *Node) {
			if verb == "suspend" {
				n.signal(syscall.SIGCONT)
			}
		})
	}
	return fault
}

// connected tells for two nodes whether they still hear each other; one way where it is not symmetric.
func partition(name string, nodesMin int, split func(r *Round) (what string, hears func(from, to int) bool)) Fault {
	return Fault{name: name, nodesMin: nodesMin,
		begin: func(r *Round) string {
			what, hears := split(r)
			r.cluster.network.Set(func(from, to int, link *Link) {
				link.Cut = from < r.size() && to < r.size() && !hears(from, to)
			})
			return what
		},
		heal: func(r *Round) { r.cluster.network.Heal() }}
}

func place(order []int) map[int]int {
	at := map[int]int{}
	for i, node := range order {
		at[node] = i
	}
	return at
}

func allLinks(name string, link Link) Fault {
	return Fault{name: name,
		begin: func(r *Round) string {
			r.cluster.network.Set(func(from, to int, l *Link) {
				if from < r.size() && to < r.size() {
					*l = link
				}
			})
			return " between all nodes"
		},
		heal: func(r *Round) { r.cluster.network.Heal() }}
}

func switchFault(name, which string, number int, value func(r *Round) int64) Fault {
	return Fault{name: name, ours: true,
		begin: func(r *Round) string {
			v := value(r)
			return fmt.Sprintf("%s: %d", r.each(r.pick(which), func(n *Node) { n.set(number, v) }), v)
		},
		heal: func(r *Round) { r.each(r.hit, func(n *Node) { n.set(number, 0) }) }}
}

func always(value int64) func(*Round) int64 { return func(*Round) int64 { return value } }

func allFaults() []Fault {
	return []Fault{
		processFault("kill", "leader", 3),
		processFault("kill", "minor", 3),
		processFault("kill", "major", 3),
		processFault("kill", "random", 3),
		processFault("kill", "all", 3),
		processFault("suspend", "leader", 3),
		processFault("suspend", "minor", 3),
		processFault("suspend", "major", 3),
		processFault("suspend", "random", 3),
		partition("partition-split", 3, func(r *Round) (string, func(int, int) bool) {
			order := r.shuffled(r.leader)
			at, minority := place(order), (r.size()-1)/2
			return " the leader among" + names(order[:minority]), func(a, b int) bool { return (at[a] < minority) == (at[b] < minority) }
		}),
		partition("partition-deaf-leader", 3, func(r *Round) (string, func(int, int) bool) {
			return fmt.Sprintf(" n%d hears nobody", r.leader), func(from, to int) bool { return to != r.leader }
		}),
		partition("partition-mute-leader", 3, func(r *Round) (string, func(int, int) bool) {
			return fmt.Sprintf(" nobody hears n%d", r.leader), func(from, to int) bool { return from != r.leader }
		}),
		partition("partition-one-way", 3, func(r *Round) (string, func(int, int) bool) {
			order := r.shuffled(r.leader)
			return fmt.Sprintf(" n%d does not hear n%d", order[1], order[0]), func(from, to int) bool { return from != order[0] || to != order[1] }
		}),
		partition("partition-bridge", 3, func(r *Round) (string, func(int, int) bool) {
			order := r.shuffled(r.leader) // the leader on one side, the bridge in the middle
			at, middle := place(order), r.size()/2
			return fmt.Sprintf(" only n%d hears all", order[middle]), func(a, b int) bool {
				return at[a] == middle || at[b] == middle || (at[a] < middle) == (at[b] < middle)
			}
		}),
		partition("partition-majorities-ring", 5, func(r *Round) (string, func(int, int) bool) {
			order := r.shuffled(r.leader)
			at := place(order)
			return " each hears its two neighbours of" + names(order), func(a, b int) bool {
				distance := (at[a] - at[b] + r.size()) % r.size()
				return distance == 1 || distance == r.size()-1
			}
		}),
		allLinks("loss", Link{Loss: 0.2}),
		allLinks("delay", Link{Delay: 30 * time.Millisecond, Jitter: 60 * time.Millisecond}),
		{name: "flapping",
			begin: func(r *Round) string {
				leader := r.leader
				r.flap = make(chan struct{})
				r.flapped = make(chan struct{})
				go func() {
					defer close(r.flapped)
					for cut := true; ; cut = !cut {
						r.cluster.network.Set(func(from, to int, link *Link) {
							link.Cut = cut && from < r.size() && to < r.size() && (from == leader || to == leader)
						})
						select {
						case <-r.flap:
							return
						case <-time.After(300 * time.Millisecond):
						}
					}
				}()
				return fmt.Sprintf(" n%d cut off and back each 300 ms", leader)
			},
			heal: func(r *Round) {
				close(r.flap)
				<-r.flapped
				r.cluster.network.Heal()
			}},
		switchFault("clock-forward", "leader", wallOffsetMs, always(3_600_000)),
		switchFault("clock-back", "leader", wallOffsetMs, always(-3_600_000)),
		switchFault("clock-random", "random", wallOffsetMs, func(r *Round) int64 { return r.random.Int63n(1_000_000_000) - 500_000_000 }),
		{name: "clock-reboot", ours: true, // after a crash of the machine the monotonic clock begins anew
			begin: func(r *Round) string {
				return r.each(r.pick("leader"), func(n *Node) {
					n.kill()
					_ = n.start("unshare", "--time", "--monotonic", "100000000")
				})
			},
			heal: func(r *Round) { r.each(r.hit, (*Node).kill) }},
		switchFault("failing-disk", "leader", syncErrno, always(int64(syscall.EIO))),
		switchFault("failing-writes", "leader", writeErrno, always(int64(syscall.EIO))),
		switchFault("hung-disk", "leader", syncDelayMs, always(60_000)),
		switchFault("slow-disk", "leader", syncDelayMs, always(100)),
		{name: "full-disk", ours: true,
			begin: func(r *Round) string {
				return r.each(r.pick("leader"), func(n *Node) {
					n.fill()
					n.set(writeErrno, int64(syscall.ENOSPC)) // at once, not when what the log has reserved is used up
				})
			},
			heal: func(r *Round) {
				r.each(r.hit, func(n *Node) {
					n.free()
					n.set(writeErrno, 0)
				})
			}},
		{name: "full-disk-at-start", ours: true,
			begin: func(r *Round) string {
				return r.each(r.pick("leader"), func(n *Node) {
					n.fill()
					n.kill()
					_ = n.start()
				})
			},
			heal: func(r *Round) { r.each(r.hit, (*Node).free) }},
		{name: "torn-log-tail", ours: true,
			begin: func(r *Round) string { return r.each(r.pick("leader"), (*Node).kill) },
			heal: func(r *Round) {
				r.each(r.hit, func(n *Node) { r.note = ": " + n.tear(r.random) })
			}},
		// What was synced is gone, and with it what the node promised. It may come back only if nobody counts on that, and
		// says so otherwise; then it is given back what it had.
		{name: "lost-log-tail", ours: true,
			begin: func(r *Round) string {
				return r.each(r.pick("follower"), func(n *Node) {
					n.kill()
					r.note = ": " + n.shorten(r.random, 2_000)
					_ = n.start()
				})
			},
			heal: func(r *Round) {
				r.each(r.hit, func(n *Node) {
					if n.running() {
						r.note += ": it came back"
						n.throwAway()
						return
					}
					r.note += ": it ended"
					if !strings.Contains(n.tail(3), "rolled back") {
						r.problem("%s ended for another reason: %s", n.Host.Name, n.tail(3))
					}
					n.giveBack()
				})
			}},
	}
}
