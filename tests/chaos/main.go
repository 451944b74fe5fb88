// Command chaos runs controllers as real processes on a network of its own making, does to them what machines, disks,
// clocks and networks do, and judges what clients saw meanwhile. See README.md.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func writeFile(path string, data []byte) error { return os.WriteFile(path, data, 0o644) }

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

var (
	kind       = flag.String("kind", "gantry", "gantry, dledger or jraft")
	executable = flag.String("executable", "", "the gantry binary, or the script of the Java peer")
	shim       = flag.String("shim", "", "the preloaded library made of shim/shim.c")
	size       = flag.Int("nodes", 3, "controllers of the group")
	faults     = flag.String("faults", "all", "names, comma separated, in this order; all: every one, in random order")
	seed       = flag.Int64("seed", 0, "of faults, their targets and the clients; 0: a new one")
	duration   = flag.Duration("duration", 0, "again and again until then; 0: each fault once")
	hold       = flag.Duration("hold", 3*time.Second, "how long a fault lasts")
	clients    = flag.Int("clients", 6, "clients of the histories")
	output     = flag.String("out", "", "directory of logs, histories and results; empty: a temporary one, removed unless something failed")
	again      = flag.String("judge", "", "judge this history again, print what is wrong with it, and end")
	list       = flag.Bool("list", false, "print the names of the faults")
)

func main() {
	flag.Parse()
	all := allFaults()
	if *list {
		for _, fault := range all {
			fmt.Println(fault.name)
		}
		return
	}
	if *again != "" {
		must(judge(*again))
		return
	}
	if *seed == 0 {
		*seed = time.Now().UnixNano() % 1_000_000
	}
	temporary := *output == ""
	if temporary {
		directory, err := os.MkdirTemp("", "gantry-chaos-")
		must(err)
		*output = directory
	}
	must(os.MkdirAll(*output, 0o755))
	dir, err := filepath.Abs(*output)
	must(err)
	random := rand.New(rand.NewSource(*seed))
	plan := chosen(all, random)
	fmt.Printf("chaos: %s, %d nodes, seed %d, results in %s\n", *kind, *size, *seed, dir)

	cluster, err := newCluster(*kind, *size, *executable, *shim, dir)
	must(err)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	stop := make(chan struct{})
	brokers := newBrokers(cluster, stop)
	times := Times{Before: 700 * time.Millisecond, Hold: *hold, After: 500 * time.Millisecond, RecoverMax: 20 * time.Second}
	if *kind != "gantry" {
		times.RecoverMax = 90 * time.Second
	}
	if _, err := cluster.leader(times.RecoverMax); err != nil {
		for _, node := range cluster.nodes {
			fmt.Println(node.tail(10))
		}
		cluster.close()
		must(err)
	}

	if *kind != "gantry" {
		time.Sleep(3 * time.Second) // a leader of theirs is not ready when it says that it leads
	}

	var results []Result
	deadline := time.Now().Add(*duration)
	failed := 0
	for i := 0; i < len(plan) || time.Now().Before(deadline); i++ {
		if *duration > 0 && time.Now().After(deadline) {
			break
		}
		if i > 0 && i%len(plan) == 0 {
			plan = chosen(all, random)
		}
		round := &Round{cluster: cluster, random: random, times: times}
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			round.run(plan[i%len(plan)], *clients, brokers, dir)
		}()
		select {
		case <-finished:
		case <-interrupted:
			cluster.close()
			if temporary {
				_ = os.RemoveAll(dir)
			}
			os.Exit(130)
		}
		result := round.Result
		results = append(results, result)
		fmt.Println(row(result))
		for _, problem := range result.Problems {
			fmt.Println("  " + problem)
		}
		if len(result.Problems) > 0 {
			failed++
		}
	}
	for _, problem := range logged(cluster) {
		fmt.Println("logs: " + problem)
		failed++
	}
	close(stop)
	cluster.close()
	text, _ := json.MarshalIndent(results, "", " ")
	must(writeFile(filepath.Join(dir, "results.json"), text))
	must(writeFile(filepath.Join(dir, "results.md"), []byte(table(results))))
	fmt.Printf("chaos: %d rounds, %d with problems, seed %d\n", len(results), failed, *seed)
	if failed > 0 {
		fmt.Printf("chaos: logs and histories are in %s\n", dir)
		os.Exit(1)
	}
	if temporary {
		_ = os.RemoveAll(dir)
	}
}

// chosen are the faults of one pass.
func chosen(all []Fault, random *rand.Rand) []Fault {
	byName := map[string]Fault{}
	var plan []Fault
	for _, fault := range all {
		byName[fault.name] = fault
		if fault.nodesMin <= *size && (*kind == "gantry" || !fault.ours) {
			plan = append(plan, fault)
		}
	}
	if *faults == "all" {
		random.Shuffle(len(plan), func(i, j int) { plan[i], plan[j] = plan[j], plan[i] })
		return plan
	}
	plan = nil
	for _, name := range strings.Split(*faults, ",") {
		fault, known := byName[name]
		if !known {
			must(fmt.Errorf("no fault %q; -list tells them", name))
		}
		plan = append(plan, fault)
	}
	return plan
}

var (
	electionLine = regexp.MustCompile(`controller: (\S+) of \S+: (master \d+|no master) \(epoch (\d+)\)`)
	leadsLine    = regexp.MustCompile(`controller: leads in term (\d+)`)
)

// logged are contradictions between the nodes' logs: two leaders of a term, two masters of a set in an epoch. A leader
// may tell an election again that it had told before it was killed.
func logged(c *Cluster) (problems []string) {
	leaders, masters := map[string]string{}, map[string]string{}
	once := func(known map[string]string, key, value string) {
		if before, ok := known[key]; ok && before != value {
			problems = append(problems, fmt.Sprintf("%s: %s and %s", key, before, value))
		}
		known[key] = value
	}
	for _, node := range c.nodes {
		text := node.output()
		for _, found := range leadsLine.FindAllStringSubmatch(text, -1) {
			once(leaders, "leader of term "+found[1], node.Host.Name)
		}
		for _, found := range electionLine.FindAllStringSubmatch(text, -1) {
			once(masters, found[1]+" epoch "+found[3], found[2])
		}
	}
	return problems
}

func number(value float64) string {
	if value < 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", value)
}

func row(r Result) string {
	return fmt.Sprintf("| %s | %d |%s | %s | %s | %s | %s | %d / %d / %d | %s |", r.Fault, r.Nodes, r.What, number(r.DuringFaultMs), number(r.AfterHealMs),
		number(r.AllNodesMs), number(r.LongestPauseMs), r.Operations.Answered, r.Operations.Refused, r.Operations.Unknown, r.Verdict)
}

func table(results []Result) string {
	text := "| fault | nodes | what | first write after it begins, ms | after it ends | through every node | longest pause | answered / refused / unknown | history |\n|---|---|---|---|---|---|---|---|---|\n"
	for _, result := range results {
		text += row(result) + "\n"
	}
	return text
}
