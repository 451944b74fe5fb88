package main

// One round: clients work on new replica sets, a fault begins and ends, everybody recovers, and the history is judged.

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"sync"
	"time"
)

// Times of a round.
type Times struct {
	Before, Hold, After, RecoverMax time.Duration
}

// Round is one fault and what it showed.
type Round struct {
	cluster *Cluster
	random  *rand.Rand
	times   Times
	leader  int
	hit     []int
	note    string
	flap    chan struct{}
	flapped chan struct{}

	Result Result
}

// Result is a row of the table. Times in ms; -1: not within the time.
type Result struct {
	Fault          string   `json:"fault"`
	Kind           string   `json:"kind"`
	Nodes          int      `json:"nodes"`
	What           string   `json:"what"`
	Operations     Counts   `json:"operations"`
	Verdict        string   `json:"verdict"`
	StaleReads     int      `json:"sets_violated_by_reads_alone,omitempty"`
	DuringFaultMs  float64  `json:"first_write_after_fault_begins_ms"`
	AfterHealMs    float64  `json:"first_write_after_it_ends_ms"`
	AllNodesMs     float64  `json:"all_nodes_after_it_ends_ms"`
	LongestPauseMs float64  `json:"longest_pause_of_writes_ms"`
	Problems       []string `json:"problems,omitempty"`
}

var roundNumber, probeNumber int64
var probeMutex sync.Mutex

// probe writes through every node every 20 ms, without waiting for answers, until the first success of each or until it
// is told to stop. The times are those of the answers, from now on.
func (c *Cluster) probe(stop <-chan struct{}, allWanted int) map[int]float64 {
	var mutex sync.Mutex
	found := map[int]float64{}
	began := time.Now()
	enough := make(chan struct{})
	var once sync.Once
	var wait sync.WaitGroup
	for i := range c.nodes {
		i := i
		wait.Add(1)
		c.clients.Go(func() {
			defer wait.Done()
			var connection *Connection
			defer func() {
				if connection != nil {
					connection.close()
				}
			}()
			for {
				if connection == nil || connection.err() != nil {
					connection, _ = dial(c.nodes[i].Address, 300*time.Millisecond)
				}
				if connection != nil {
					probeMutex.Lock()
					probeNumber++
					in := Input{Set: fmt.Sprintf("probe-%d", probeNumber), Code: applyBrokerID, ID: 1, Owner: 1}
					probeMutex.Unlock()
					fields, _ := encode(in)
					used := connection
					go func() {
						frame, err := used.call(in.Code, fields, nil, requestTimeout)
						if err != nil || frame.Code != success {
							return
						}
						mutex.Lock()
						defer mutex.Unlock()
						if _, known := found[i]; !known {
							found[i] = ms(time.Since(began))
						}
						if len(found) >= allWanted {
							once.Do(func() { close(enough) })
						}
					}()
				}
				mutex.Lock()
				_, done := found[i]
				mutex.Unlock()
				if done {
					return
				}
				select {
				case <-stop:
					return
				case <-enough:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		})
	}
	wait.Wait()
	mutex.Lock()
	defer mutex.Unlock()
	copied := map[int]float64{}
	for i, at := range found {
		copied[i] = at
	}
	return copied
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func first(found map[int]float64) float64 {
	best := -1.0
	for _, at := range found {
		if best < 0 || at < best {
			best = at
		}
	}
	return best
}

func last(found map[int]float64, wanted int) float64 {
	if len(found) < wanted {
		return -1
	}
	worst := 0.0
	for _, at := range found {
		if at > worst {
			worst = at
		}
	}
	return worst
}

func after(d time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(d, func() { close(done) })
	return done
}

func (r *Round) problem(format string, arguments ...interface{}) {
	r.Result.Problems = append(r.Result.Problems, fmt.Sprintf(format, arguments...))
}

func (r *Round) run(fault Fault, clients int, brokers *Brokers, dir string) {
	c := r.cluster
	roundNumber++
	r.Result.Fault, r.Result.Kind, r.Result.Nodes = fault.name, c.kind, len(c.nodes)
	began, history := time.Now(), &History{}
	newClient := func(number int) *Client {
		stays := c.kind == "gantry" || number%2 == 1
		return &Client{stays: stays, cluster: c, brokers: brokers, history: history, began: began, number: number, random: rand.New(rand.NewSource(r.random.Int63())), views: map[string]*view{}}
	}
	var sets []string
	kept := map[string]bool{}
	for i := 0; i < 3; i++ {
		sets = append(sets, fmt.Sprintf("set-%d-%d", roundNumber, i))
		kept[sets[i]] = true
	}
	brokers.keepOnly(kept)
	c.onClients(func() {
		founder := newClient(0)
		defer founder.leave()
		for _, set := range sets {
			for i := 0; i < 3; i++ {
				if !founder.join(set) {
					r.problem("%s could not be founded", set)
				}
			}
			founder.do(Input{Set: set, Code: electMaster, ID: 1})
		}
	})
	stop := make(chan struct{})
	var working sync.WaitGroup
	for i := 1; i <= clients; i++ {
		client := newClient(i)
		working.Add(1)
		c.clients.Go(func() {
			defer working.Done()
			client.run(sets, stop)
		})
	}
	time.Sleep(r.times.Before)
	leader, err := c.leader(r.times.RecoverMax)
	if err != nil {
		r.problem("before the fault: %v", err)
	}
	r.leader = leader

	faultAt := time.Since(began)
	r.Result.What = fault.begin(r)
	r.Result.DuringFaultMs = first(c.probe(after(r.times.Hold), 1))
	if left := r.times.Hold - (time.Since(began) - faultAt); left > 0 {
		time.Sleep(left)
	}
	fault.heal(r)
	for _, node := range c.nodes {
		_ = node.start()
	}
	r.Result.What += r.note
	wanted := 1
	if c.kind == "gantry" {
		wanted = len(c.nodes)
	}
	found := c.probe(after(r.times.RecoverMax), wanted)
	r.Result.AfterHealMs, r.Result.AllNodesMs = first(found), last(found, wanted)
	if r.Result.AllNodesMs < 0 {
		r.problem("only %d of %d nodes write %v after the fault", len(found), wanted, r.times.RecoverMax)
	}
	time.Sleep(r.times.After)
	close(stop)
	working.Wait()
	r.Result.LongestPauseMs = longestPause(history.operations, faultAt)
	r.Result.Operations = history.counts()
	r.sameEverywhere(sets)
	r.invariants(history.operations)
	drawing := filepath.Join(dir, fmt.Sprintf("round-%d-%s.html", roundNumber, fault.name))
	r.Result.Verdict = verdict(history.operations, 60*time.Second, drawing)
	if r.Result.Verdict != "linearizable" {
		r.problem("the history is %s: %s", r.Result.Verdict, drawing)
		text, _ := json.Marshal(history.operations)
		_ = writeFile(filepath.Join(dir, fmt.Sprintf("round-%d-%s.json", roundNumber, fault.name)), text)
	}
}

// longestPause between successful writes since the fault began.
func longestPause(operations []Operation, from time.Duration) float64 {
	at := []int64{int64(from)}
	for _, operation := range operations {
		if !isRead(operation.Input.Code) && operation.Output.Code == success && operation.Return > int64(from) {
			at = append(at, operation.Return)
		}
	}
	sort.Slice(at, func(i, j int) bool { return at[i] < at[j] })
	var longest int64
	for i := 1; i < len(at); i++ {
		if at[i]-at[i-1] > longest {
			longest = at[i] - at[i-1]
		}
	}
	return ms(time.Duration(longest))
}

// sameEverywhere: when all is quiet, every node tells the same of the round's sets.
func (r *Round) sameEverywhere(sets []string) {
	body, _ := json.Marshal(sets)
	var reference map[string]Seen
	for i := range r.cluster.nodes {
		if r.cluster.kind != "gantry" {
			return // only the leader answers there
		}
		var table map[string]Seen
		deadline := time.Now().Add(5 * time.Second)
		for {
			frame, err := r.cluster.ask(i, syncStateData, nil, body, 2*time.Second)
			if err == nil && frame.Code == success {
				if table, err = readTable(frame.Body); err == nil {
					break
				}
			}
			if time.Now().After(deadline) {
				r.problem("n%d does not tell its sets in the end", i)
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		if len(table) != len(sets) {
			r.problem("n%d knows %d of %d sets", i, len(table), len(sets))
		}
		if reference == nil {
			reference = table
		} else if !reflect.DeepEqual(reference, table) {
			r.problem("n%d ends with other sets: %v, not %v", i, table, reference)
		}
	}
}

// invariants that need no order: one master of a set in an epoch, each id given to one broker.
func (r *Round) invariants(operations []Operation) {
	masters, owners := map[string]int64{}, map[string]int{}
	for _, operation := range operations {
		in, out := operation.Input, operation.Output
		if out.HasMaster {
			key := in.Set + " epoch " + strconv.Itoa(out.MasterEpoch)
			if known, ok := masters[key]; ok && known != out.Master {
				r.problem("%s: masters %d and %d", key, known, out.Master)
			}
			masters[key] = out.Master
		}
		if in.Code == applyBrokerID && out.Code == success {
			key := fmt.Sprintf("%s id %d", in.Set, in.ID)
			if known, ok := owners[key]; ok && known != in.Owner {
				r.problem("%s: given to %d and %d", key, known, in.Owner)
			}
			owners[key] = in.Owner
		}
	}
}
