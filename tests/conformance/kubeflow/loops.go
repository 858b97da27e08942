package main

import (
	"strings"

	wfapi "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
)

// asSince214 puts a DAG with the name of the task around each loop, as the compiler does since 2.14 (dag.go in 2.14.0,
// iteratorTask and iterationItemTask): only so can a task come after a loop, and only so is its parallelism limited.
func asSince214(wf *wfapi.Workflow) {
	around := []wfapi.Template{}
	for _, template := range wf.Spec.Templates {
		if template.DAG == nil {
			continue
		}
		tasks := []wfapi.DAGTask{}
		for _, task := range template.DAG.Tasks {
			if task.WithSequence == nil {
				tasks = append(tasks, task)
				continue
			}
			name, driver := strings.TrimSuffix(task.Name, "-iterations"), tasks[len(tasks)-1]
			loop := wfapi.Template{Name: task.Template + "-iterator", Inputs: template.Inputs}
			if limit := int64(taskOf(driver.Arguments).IteratorPolicy.ParallelismLimit); limit > 0 {
				loop.Parallelism = &limit
			}
			parent := parameter("parent-dag-id", driver.Arguments.GetParameterByName("parent-dag-id").GetValue())
			tasks[len(tasks)-1] = wfapi.DAGTask{
				Name: name, Template: loop.Name, Depends: driver.Depends,
				Arguments: wfapi.Arguments{Parameters: []wfapi.Parameter{parent}},
			}
			driver.Name, driver.Depends = "iteration-driver", ""
			task.Name, task.Depends = "iteration-iterations", "iteration-driver.Succeeded"
			task = renamed(task, name+"-driver")
			loop.DAG = &wfapi.DAGTemplate{Tasks: []wfapi.DAGTask{driver, task}}
			around = append(around, loop)
		}
		template.DAG.Tasks = tasks
	}
	wf.Spec.Templates = append(wf.Spec.Templates, around...)
}

// renamed is the task of a loop, which takes of its driver how often it runs and where.
func renamed(task wfapi.DAGTask, driver string) wfapi.DAGTask {
	old, name := "{{tasks."+driver+".", "{{tasks.iteration-driver."
	for i, each := range task.Arguments.Parameters {
		task.Arguments.Parameters[i] = parameter(each.Name, strings.ReplaceAll(each.GetValue(), old, name))
	}
	count := *task.WithSequence.Count
	count.StrVal = strings.ReplaceAll(count.StrVal, old, name)
	task.WithSequence = &wfapi.Sequence{Count: &count}
	return task
}
