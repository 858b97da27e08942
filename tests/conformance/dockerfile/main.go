// Reads Dockerfiles as BuildKit does, and prints what each of their stages is made of.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type stage struct {
	Name, Base   string
	Instructions []any
}

type run struct {
	Run   []string
	Shell bool
	Files int
	Mounts int
}

func main() {
	var stages []stage
	var warnings []string
	file, err := os.Open(os.Args[1])
	fail(err)
	parsed, err := parser.Parse(file)
	fail(err)
	for _, warning := range parsed.Warnings {
		warnings = append(warnings, warning.Short)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, description, url, message string, location []parser.Range) {
		warnings = append(warnings, rule+": "+message)
	}})
	read, _, err := instructions.Parse(parsed.AST, lint)
	fail(err)
	for _, one := range read {
		made := stage{Name: one.Name, Base: one.BaseName}
		for _, command := range one.Commands {
			if of, is := command.(*instructions.RunCommand); is {
				made.Instructions = append(made.Instructions, run{of.CmdLine, of.PrependShell, len(of.Files), len(instructions.GetMounts(of))})
			} else {
				made.Instructions = append(made.Instructions, fmt.Sprint(command))
			}
		}
		stages = append(stages, made)
	}
	fail(json.NewEncoder(os.Stdout).Encode(map[string]any{"stages": stages, "warnings": warnings}))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
