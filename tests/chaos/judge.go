package main

// A history that was written to a file, judged again: which set is wrong, and what could not be put in any order.

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

func judge(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var operations []Operation
	if err := json.Unmarshal(text, &operations); err != nil {
		return err
	}
	for _, history := range controllerModel.Partition(forChecker(operations)) {
		result, information := porcupine.CheckOperationsVerbose(controllerModel, history, time.Minute)
		fmt.Printf("%s: %d operations: %s\n", history[0].Input.(Input).Set, len(history), result)
		if result != porcupine.Ok {
			stuck(history, information)
		}
	}
	return nil
}

// stuck prints what surrounds the end of the longest order that was found.
func stuck(history []porcupine.Operation, information porcupine.LinearizationInfo) {
	var longest []int
	for _, orders := range information.PartialLinearizations() {
		for _, order := range orders {
			if len(order) > len(longest) {
				longest = order
			}
		}
	}
	placed := map[int]bool{}
	current := controllerModel.Init()
	for _, i := range longest {
		placed[i] = true
		_, current = controllerModel.Step(current, history[i].Input, history[i].Output)
	}
	for _, i := range longest[max(0, len(longest)-8):] {
		fmt.Println("  placed ", line1(history[i]))
	}
	fmt.Println("  state  ", controllerModel.DescribeState(current))
	var rest []int
	for i := range history {
		if !placed[i] {
			rest = append(rest, i)
		}
	}
	sort.Slice(rest, func(a, b int) bool { return history[rest[a]].Call < history[rest[b]].Call })
	for _, i := range rest[:min(len(rest), 14)] {
		fmt.Println("  waiting", line1(history[i]))
	}
}

func line1(operation porcupine.Operation) string {
	end := "open"
	if operation.Return < 1<<62 {
		end = fmt.Sprintf("%.3f", float64(operation.Return)/1e6)
	}
	return fmt.Sprintf("%10.3f %10s ms client %d: %s", float64(operation.Call)/1e6, end, operation.ClientId, controllerModel.DescribeOperation(operation.Input, operation.Output))
}
