// Two versions of the library that reads schedules: 1.2.0, by which Kubeflow does (six fields), and 3, by which
// Argo and Kubernetes do (five). It reads pairs of them, JSON on a line, and prints the next times of each.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	old "github.com/robfig/cron"
	"github.com/robfig/cron/v3"
)

// pair is one schedule for both, the first time, and how many there shall be.
type pair struct {
	Six   string    `json:"six"`
	Five  string    `json:"five"`
	Start time.Time `json:"start"`
	Count int       `json:"count"`
}

type schedule interface{ Next(time.Time) time.Time }

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for in.More() {
		if err := answer(in, out); err != nil {
			fmt.Fprintln(os.Stderr, "cron:", err)
			os.Exit(1)
		}
	}
}

func answer(in *json.Decoder, out *json.Encoder) error {
	var asked pair
	if err := in.Decode(&asked); err != nil {
		return err
	}
	kubeflow, err := old.Parse(asked.Six)
	if err != nil {
		return err
	}
	argo, err := cron.ParseStandard(asked.Five)
	if err != nil {
		return err
	}
	return out.Encode([][]time.Time{times(kubeflow, asked), times(argo, asked)})
}

func times(found schedule, asked pair) []time.Time {
	next, all := asked.Start, []time.Time{}
	for len(all) < asked.Count {
		next = found.Next(next)
		if next.IsZero() {
			break
		}
		all = append(all, next)
	}
	return all
}
