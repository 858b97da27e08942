package judge

import (
	"encoding/json"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Object is one decoded object, or the error that decoding it gave.
type Object struct {
	Kind      string
	Namespace string
	Name      string
	Value     metav1.Object
	Err       error
}

// NewObject describes what Argo's parser returned. The parser forgets the kind when decoding fails,
// but the Go type has the same name.
func NewObject(value metav1.Object, err error) Object {
	if value == nil {
		return Object{Err: err}
	}
	return Object{
		Kind:      reflect.TypeOf(value).Elem().Name(),
		Namespace: value.GetNamespace(),
		Name:      value.GetName(),
		Value:     value,
		Err:       err,
	}
}

// isArgo is false for what the parser took for a foreign kind, of which it decodes the metadata only.
// What it could not decode at all is for Argo to explain.
func (o Object) isArgo() bool {
	_, foreign := o.Value.(*metav1.ObjectMeta)
	return !foreign
}

// Find is the answer of the API server to a templateRef when only these objects were applied.
func Find[T any](among []Object, namespace, name string) (*T, error) {
	for _, object := range among {
		if found, ok := object.Value.(any).(*T); ok && object.Namespace == namespace && object.Name == name {
			return found, nil
		}
	}
	return nil, fmt.Errorf("the file has no %T %q in namespace %q", *new(T), name, namespace)
}

// compareCounts reports objects that Argo's parser, which splits a file by another rule than kubectl,
// did not see or saw twice.
func compareCounts(counts map[string]int, objects []Object) []string {
	var errs []string
	seen := map[string]int{}
	for _, object := range objects {
		seen[object.Kind]++
	}
	for kind, number := range seen {
		if kind != "" && kind != "ObjectMeta" && counts[kind] != number {
			errs = append(errs, fmt.Sprintf("Argo reads %d objects of kind %q, kubectl %d", number, kind, counts[kind]))
		}
	}
	return errs
}

// template is what the checks beyond the validators need to know of a template.
type template struct {
	Name     string `json:"name"`
	Resource struct {
		SuccessCondition string `json:"successCondition"`
		FailureCondition string `json:"failureCondition"`
	} `json:"resource"`
	DAG struct {
		Tasks json.RawMessage `json:"tasks"`
	} `json:"dag"`
}

// templates reads the templates of an object of any Argo kind.
func (o Object) templates() ([]template, error) {
	var shape struct {
		Spec struct {
			Templates    []template `json:"templates"`
			WorkflowSpec struct {
				Templates []template `json:"templates"`
			} `json:"workflowSpec"`
		} `json:"spec"`
	}
	text, err := json.Marshal(o.Value)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &shape)
	return append(shape.Spec.Templates, shape.Spec.WorkflowSpec.Templates...), err
}
