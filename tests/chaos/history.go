package main

// The histories of clients, and what is judged about them.

import (
	"math"
	"os"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// Operation is a request with its times, nanoseconds since the run began.
type Operation struct {
	Client int    `json:"client"`
	Node   string `json:"node"`
	Call   int64  `json:"call"`
	Return int64  `json:"return"`
	Input  Input  `json:"input"`
	Output Output `json:"output"`
}

// History is appended to by all clients.
type History struct {
	mutex      sync.Mutex
	operations []Operation
}

func (h *History) add(operation Operation) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.operations = append(h.operations, operation)
}

// Counts of a history by what was answered.
type Counts struct {
	Answered int `json:"answered"`
	Refused  int `json:"refused"`
	Unknown  int `json:"unknown"`
	Reads    int `json:"reads"`
	Writes   int `json:"writes"`
}

func isRead(code int) bool {
	return code == replicaInfo || code == syncStateData || code == nextBrokerID
}

func (h *History) counts() Counts {
	var counts Counts
	for _, operation := range h.operations {
		if isRead(operation.Input.Code) {
			counts.Reads++
		} else {
			counts.Writes++
		}
		switch operation.Output.Code {
		case success, noSuchSet, masterStillExists:
			counts.Answered++
		case noCode:
			counts.Unknown++
		default:
			counts.Refused++
		}
	}
	return counts
}

// forChecker leaves out what tells nothing, and keeps open what nobody knows: such a write may still happen.
func forChecker(operations []Operation) []porcupine.Operation {
	var out []porcupine.Operation
	for _, operation := range operations {
		if operation.Output.Code == notLeader { // surely not carried out
			continue
		}
		if operation.Output.Code == noCode && (isRead(operation.Input.Code) || operation.Input.Code == registerBroker) {
			continue
		}
		end := operation.Return
		if operation.Output.Code == noCode {
			end = math.MaxInt64
		}
		out = append(out, porcupine.Operation{ClientId: operation.Client, Input: operation.Input, Output: operation.Output, Call: operation.Call, Return: end})
	}
	// porcupine wants a client to have one operation at a time: what stays open becomes a client of its own
	next := 1_000
	for i := range out {
		if out[i].Return == math.MaxInt64 {
			out[i].ClientId = next
			next++
		}
	}
	return out
}

// Verdict of the checker: "linearizable", "violated", or "undecided" when the time was over first.
func verdict(operations []Operation, timeout time.Duration, drawing string) string {
	history := forChecker(operations)
	result, information := porcupine.CheckOperationsVerbose(controllerModel, history, timeout)
	if result == porcupine.Illegal && drawing != "" {
		if file, err := os.Create(drawing); err == nil {
			_ = porcupine.Visualize(controllerModel, information, file)
			_ = file.Close()
		}
	}
	switch result {
	case porcupine.Ok:
		return "linearizable"
	case porcupine.Illegal:
		return "violated"
	}
	return "undecided"
}
