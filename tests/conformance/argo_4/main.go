// The judge of Argo Workflows 4.x: only what differs from one major version to the next.
package main

import (
	"context"
	"encoding/json"
	"os"
	"time"

	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v4/util/expr/argoexpr"
	"github.com/argoproj/argo-workflows/v4/util/logging"
	"github.com/argoproj/argo-workflows/v4/workflow/common"
	"github.com/argoproj/argo-workflows/v4/workflow/validate"

	"automl.test/judge"
)

type argo struct{ ctx context.Context }

func main() {
	logger := logging.NewSlogLoggerCustom(logging.Error, logging.Text, os.Stderr)
	judge.Main(argo{logging.WithLogger(context.Background(), logger)})
}

func (a argo) Parse(body []byte) []judge.Object {
	var objects []judge.Object
	for _, result := range common.ParseObjects(a.ctx, body, true) {
		objects = append(objects, judge.NewObject(result.Object, result.Err))
	}
	return objects
}

func (a argo) Validate(object judge.Object, among []judge.Object) error {
	get, getCluster, options := getter{among, object.Namespace}, clusterGetter{among}, validate.ValidateOpts{}
	switch v := object.Value.(type) {
	case *wfv1.Workflow:
		return validate.ValidateWorkflow(a.ctx, get, getCluster, v, nil, options)
	case *wfv1.CronWorkflow:
		return validate.ValidateCronWorkflow(a.ctx, get, getCluster, v, nil)
	case *wfv1.WorkflowTemplate:
		return validate.ValidateWorkflowTemplate(a.ctx, get, getCluster, v, nil, options)
	case *wfv1.ClusterWorkflowTemplate:
		return validate.ValidateClusterWorkflowTemplate(a.ctx, get, getCluster, v, nil, options)
	}
	return nil
}

func (a argo) Depends(tasks []byte) ([]judge.Task, error) {
	var decoded dag
	if err := json.Unmarshal(tasks, &decoded); err != nil {
		return nil, err
	}
	var resolved []judge.Task
	for i := range decoded {
		dependencies, logic := common.GetTaskDependencies(a.ctx, &decoded[i], decoded)
		task := judge.Task{Name: decoded[i].Name, Logic: logic}
		for name := range dependencies {
			task.Dependencies = append(task.Dependencies, name)
		}
		resolved = append(resolved, task)
	}
	return resolved, nil
}

func (a argo) EvalBool(expression string, env any) (bool, error) {
	return argoexpr.EvalBool(expression, env)
}

type getter struct {
	among     []judge.Object
	namespace string
}

func (g getter) Get(_ context.Context, name string) (*wfv1.WorkflowTemplate, error) {
	return judge.Find[wfv1.WorkflowTemplate](g.among, g.namespace, name)
}

type clusterGetter struct{ among []judge.Object }

func (g clusterGetter) Get(_ context.Context, name string) (*wfv1.ClusterWorkflowTemplate, error) {
	return judge.Find[wfv1.ClusterWorkflowTemplate](g.among, "", name)
}

// dag is what Argo resolves a depends against. A task that is not there is the validator's to report.
type dag []wfv1.DAGTask

func (d dag) GetTask(_ context.Context, name string) *wfv1.DAGTask {
	for i := range d {
		if d[i].Name == name {
			return &d[i]
		}
	}
	return &wfv1.DAGTask{}
}

func (d dag) GetTaskDependencies(context.Context, string) []string { return nil }

func (d dag) GetTaskFinishedAtTime(context.Context, string) time.Time { return time.Time{} }
