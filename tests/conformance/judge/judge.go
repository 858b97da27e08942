// Package judge is the part of the Argo judges that does not depend on the Argo version: it reads
// the files, asks an Engine about the objects in them and reports what it said as JSON.
package judge

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Engine is what one version of Argo knows.
type Engine interface {
	// Parse decodes every object in a file, as `argo lint --strict` does.
	Parse(body []byte) []Object
	// Validate runs the controller's own validators over an object; `among` are the objects of the
	// same file, which is all that a templateRef can find.
	Validate(object Object, among []Object) error
	// Depends resolves the depends or dependencies of the tasks of a DAG, given as JSON.
	Depends(tasks []byte) ([]Task, error)
	// EvalBool is the evaluation of expressions in the controller.
	EvalBool(expression string, env any) (bool, error)
}

// Report is the opinion about one file.
type Report struct {
	Path    string         `json:"path"`
	Objects map[string]int `json:"objects"`
	Errors  []string       `json:"errors"`
}

// Main runs the command in the arguments. It answers with exit code 0 whatever the engine says of the
// files, so that a failure always means that the judge itself is broken.
func Main(engine Engine) {
	if err := run(engine, os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(engine Engine, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("expected a command: lint FILE..., yaml2json FILE... or cron")
	}
	var answer any
	var err error
	switch command, paths := args[0], args[1:]; command {
	case "lint":
		answer, err = lintAll(engine, paths)
	case "yaml2json":
		answer, err = convertAll(paths)
	case "cron":
		answer, err = parseSchedules(in)
	default:
		err = fmt.Errorf("unknown command %q", command)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(answer)
}

func lintAll(engine Engine, paths []string) ([]Report, error) {
	reports := []Report{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		reports = append(reports, lint(engine, path, body))
	}
	return reports, nil
}

func lint(engine Engine, path string, body []byte) Report {
	counts, errs := countObjects(body)
	objects := engine.Parse(body)
	errs = append(errs, compareCounts(counts, objects)...)
	for _, object := range objects {
		for _, err := range check(engine, object, objects) {
			errs = append(errs, fmt.Sprintf("%s %q: %s", object.Kind, object.Name, err))
		}
	}
	return Report{Path: path, Objects: counts, Errors: errs}
}

// check gives what is wrong with one object. What is not Argo's was read strictly already, and only
// its metadata was decoded, strictly enough to complain about everything else.
func check(engine Engine, object Object, among []Object) []error {
	if !object.isArgo() {
		return nil
	}
	if object.Err != nil {
		return []error{object.Err}
	}
	var errs []error
	if err := engine.Validate(object, among); err != nil {
		errs = append(errs, err)
	}
	templates, err := object.templates()
	if err != nil {
		errs = append(errs, err)
	}
	for _, template := range templates {
		errs = append(errs, checkDepends(engine, template)...)
		errs = append(errs, checkConditions(template)...)
	}
	return errs
}
