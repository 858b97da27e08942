package judge

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// Task is a task of a DAG with the expression that the controller makes of its depends or dependencies.
type Task struct {
	Name         string
	Dependencies []string
	Logic        string
}

// results has the fields that the controller offers for a finished task.
type results struct {
	Succeeded    bool
	Failed       bool
	Errored      bool
	Skipped      bool
	Omitted      bool
	Daemoned     bool
	AnySucceeded bool
	AllFailed    bool
}

// checkDepends evaluates the depends of every task as the controller does once its dependencies are
// done. The validators never compile the expression: a task called `in` or a fan-in of a thousand
// passes them and stops the workflow in the middle.
func checkDepends(engine Engine, template template) []error {
	if template.DAG.Tasks == nil {
		return nil
	}
	tasks, err := engine.Depends(template.DAG.Tasks)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, task := range tasks {
		if err := evaluate(engine, task); err != nil {
			errs = append(errs, fmt.Errorf("template %q, task %q: depends cannot be evaluated: %w",
				template.Name, task.Name, err))
		}
	}
	return errs
}

func evaluate(engine Engine, task Task) error {
	if task.Logic == "" {
		return nil
	}
	scope := map[string]results{}
	for _, name := range task.Dependencies {
		scope[strings.ReplaceAll(name, "-", "_")] = results{Succeeded: true}
	}
	_, err := engine.EvalBool(strings.ReplaceAll(task.Logic, "-", "_"), scope)
	return err
}

var placeholder = regexp.MustCompile(`\{\{.*?\}\}`)

// checkConditions parses the conditions of a resource template as the executor does, which is after
// the placeholders were filled in.
func checkConditions(template template) []error {
	conditions := []struct{ name, text string }{
		{"successCondition", template.Resource.SuccessCondition},
		{"failureCondition", template.Resource.FailureCondition},
	}
	var errs []error
	for _, condition := range conditions {
		if _, err := labels.Parse(placeholder.ReplaceAllString(condition.text, "1")); err != nil {
			errs = append(errs, fmt.Errorf("template %q: %s %q cannot be parsed: %w",
				template.Name, condition.name, condition.text, err))
		}
	}
	return errs
}
