// The judge of Kubeflow Pipelines: it reads packages strictly as the types of the API server, compiles
// them with the server's own compiler and asks Argo's validator about the Workflow, as the server does
// before it starts a run.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	wfapi "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/validate"
	"github.com/kubeflow/pipelines/api/v2alpha1/go/pipelinespec"
	"github.com/kubeflow/pipelines/backend/src/v2/compiler/argocompiler"
	"github.com/sirupsen/logrus"
	"google.golang.org/protobuf/types/known/structpb"
)

// report is the opinion about one file.
type report struct {
	Path   string   `json:"path"`
	Errors []string `json:"errors"`
}

// main answers with exit code 0 whatever there is to say of the files, so that a failure always means
// that the judge itself is broken.
func main() {
	logrus.SetLevel(logrus.ErrorLevel)
	if err := answer(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func answer(words []string, out io.Writer) error {
	reports, paths := []any{}, words
	if len(words) > 0 && words[0] == "size" {
		paths = words[1:]
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(paths) < len(words) {
			found := sizeOf(body)
			found.Path = path
			reports = append(reports, found)
			continue
		}
		reports = append(reports, report{path, judge(body)})
	}
	return json.NewEncoder(out).Encode(reports)
}

// judge gives what is wrong with a package; what cannot be read is not compiled.
func judge(body []byte) []string {
	found, errs := readPackage(body)
	if len(errs) > 0 {
		return errs
	}
	if err := compile(found); err != nil {
		return []string{err.Error()}
	}
	return []string{}
}

func compile(found pipelinePackage) error {
	made, err := workflow(found)
	if err != nil {
		return err
	}
	return validate.ValidateWorkflow(nil, nil, made, nil, validate.ValidateOpts{})
}

func workflow(found pipelinePackage) (*wfapi.Workflow, error) {
	spec := &structpb.Struct{}
	if err := convert(found.spec, spec); err != nil {
		return nil, err
	}
	deployment := &pipelinespec.PlatformDeploymentConfig{Executors: found.executors}
	made, err := argocompiler.Compile(
		&pipelinespec.PipelineJob{PipelineSpec: spec},
		&pipelinespec.SinglePlatformSpec{DeploymentSpec: deployment},
		nil,
	)
	if err == nil {
		asSince214(made)
	}
	return made, err
}
