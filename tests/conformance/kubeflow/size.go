package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	wfapi "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/packer"
	k8score "k8s.io/api/core/v1"
	k8smeta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// size says how long the Workflow of a package is as JSON: before it starts, and when every step has run, as
// Argo's packer leaves it.
type size struct {
	Path  string `json:"path"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Error string `json:"error"`
}

func sizeOf(body []byte) size {
	found, errs := readPackage(body)
	if len(errs) > 0 {
		return size{Error: strings.Join(errs, "; ")}
	}
	wf, err := workflow(found)
	if err != nil {
		return size{Error: err.Error()}
	}
	asSince215(wf, found)
	wf.Name, wf.Namespace = wf.GenerateName+"x7k2p", "kubeflow"
	// backend/src/apiserver/template/v2_template.go, RunWorkflow
	wf.Labels = map[string]string{"pipeline/runid": runID, "workflows.argoproj.io/phase": "Running"}
	wf.Annotations = map[string]string{"pipelines.kubeflow.org/run_name": wf.Name}
	result := size{Start: length(wf)}
	wf.Status.Nodes = wfapi.Nodes{}
	wf.Status.TaskResultsCompletionStatus = map[string]bool{}
	r := &run{wf: wf, found: found, templates: map[string]wfapi.Template{}}
	for _, template := range wf.Spec.Templates {
		r.templates[template.Name] = template
	}
	r.visit(wf.Name, wf.Spec.Entrypoint, nil, "")
	if err := packer.CompressWorkflowIfNeeded(wf); err != nil {
		// "… compressed size 1049974 > maxSize 1048576": it has put the nodes back.
		_, _ = fmt.Sscanf(err.Error()[strings.Index(err.Error(), "compressed size"):], "compressed size %d", &result.End)
		return result
	}
	result.End = length(wf)
	return result
}

func length(value any) int {
	return len(text(value))
}

func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(written)
}

const runID = "a3c1ba0e-4a4c-4c11-9d3f-000000000000"

// asSince215 adds what the compiler has put into a Workflow since 2.15 (container.go in 2.15.0): all that is
// written for Kubernetes, the name of the task for its driver, labels and annotations of the pod as parameters of what runs it
// (getPodMetadataParameters), and the retries (getTaskRetryParametersWithValues).
func asSince215(wf *wfapi.Workflow, found pipelinePackage) {
	for i, each := range wf.Spec.Arguments.Parameters {
		if component, is := strings.CutPrefix(each.Name, "kubernetes-"); is {
			config := text(found.written[found.spec.Components[component].GetExecutorLabel()])
			wf.Spec.Arguments.Parameters[i].Value = wfapi.AnyStringPtr(config)
		}
	}
	made := map[string]bool{}
	templates := map[string]wfapi.Template{}
	for _, template := range wf.Spec.Templates {
		templates[template.Name] = template
	}
	for _, template := range wf.Spec.Templates {
		if template.DAG == nil {
			continue
		}
		for i := range template.DAG.Tasks {
			driver := &template.DAG.Tasks[i]
			if driver.Template != "system-container-driver" {
				continue
			}
			executor := &template.DAG.Tasks[i+1]
			driver.Arguments.Parameters = append(driver.Arguments.Parameters, parameter("task-name", executor.Name))
			extras := extrasOf(driver, found)
			executor.Arguments.Parameters = append(executor.Arguments.Parameters, extras...)
			kind := fmt.Sprintf("metadata-%d-%t-", len(extras), taskOf(driver.Arguments).RetryPolicy != nil)
			if !made[kind] {
				made[kind] = true
				wf.Spec.Templates = append(wf.Spec.Templates,
					with(templates["system-container-executor"], kind, extras), with(templates["system-container-impl"], kind, extras))
			}
			executor.Template = kind + executor.Template
		}
	}
}

func parameter(name, value string) wfapi.Parameter {
	return wfapi.Parameter{Name: name, Value: wfapi.AnyStringPtr(value)}
}

// task is what matters here of a task of the pipeline.
type task struct {
	ComponentRef      struct{ Name string }
	RetryPolicy       map[string]any
	IteratorPolicy    struct{ ParallelismLimit int }
	ParameterIterator struct{ Items struct{ Raw string } }
}

func taskOf(arguments wfapi.Arguments) task {
	var found task
	if err := json.Unmarshal([]byte(arguments.GetParameterByName("task").GetValue()), &found); err != nil {
		panic(err)
	}
	return found
}

func extrasOf(driver *wfapi.DAGTask, found pipelinePackage) []wfapi.Parameter {
	extras, task := []wfapi.Parameter{}, taskOf(driver.Arguments)
	label := found.spec.Components[task.ComponentRef.Name].GetExecutorLabel()
	metadata := found.executors[label].GetFields()["podMetadata"].GetStructValue().GetFields()
	for _, kind := range []string{"annotation", "label"} {
		pairs := metadata[kind+"s"].GetStructValue().AsMap()
		for i, key := range slices.Sorted(maps.Keys(pairs)) {
			extras = append(extras, parameter(fmt.Sprintf("pod-metadata-%s-key-%d", kind, i+1), key),
				parameter(fmt.Sprintf("pod-metadata-%s-val-%d", kind, i+1), pairs[key].(string)))
		}
	}
	if task.RetryPolicy != nil {
		for _, name := range []string{"max-count", "backoff-duration", "backoff-factor", "backoff-max-duration"} {
			extras = append(extras, parameter("retry-"+name, "2"))
		}
	}
	return extras
}

// with is a template that takes more parameters and hands them on.
func with(template wfapi.Template, kind string, extras []wfapi.Parameter) wfapi.Template {
	found := *template.DeepCopy()
	found.Name = kind + found.Name
	for _, extra := range extras {
		found.Inputs.Parameters = append(found.Inputs.Parameters, wfapi.Parameter{Name: extra.Name})
		reference := "{{inputs.parameters." + extra.Name + "}}"
		if found.DAG != nil {
			arguments := &found.DAG.Tasks[0].Arguments
			arguments.Parameters = append(arguments.Parameters, parameter(extra.Name, reference))
		} else if strings.HasPrefix(extra.Name, "retry-") {
			found.RetryStrategy = &wfapi.RetryStrategy{Backoff: &wfapi.Backoff{Duration: reference, MaxDuration: reference}}
		} else {
			if found.Metadata.Labels == nil {
				found.Metadata.Labels = map[string]string{}
			}
			found.Metadata.Labels[reference] = reference
		}
	}
	if found.DAG != nil {
		found.DAG.Tasks[0].Template = kind + found.DAG.Tasks[0].Template
	}
	return found
}

// run makes the nodes of a run in which everything succeeds at once.
type run struct {
	wf        *wfapi.Workflow
	found     pipelinePackage
	templates map[string]wfapi.Template
	seconds   int
}

var tag = regexp.MustCompile(`\{\{[^{}]+\}\}`)

// visit makes the node of a template and those below it, and gives its outputs and the ids of its last nodes
// (argo-workflows 3.7, workflow/controller: dag.go executeDAG, operator.go executeTemplate and
// initializeExecutableNode, where a node gets a copy of the inputs).
func (r *run) visit(name, templateName string, arguments []wfapi.Parameter, boundary string) (map[string]string, []string) {
	template, scope := r.templates[templateName], map[string]string{}
	for _, each := range r.wf.Spec.Arguments.Parameters {
		scope["{{workflow.parameters."+each.Name+"}}"] = each.GetValue()
	}
	inputs := &wfapi.Inputs{}
	for _, each := range template.Inputs.Parameters {
		for _, given := range arguments {
			if given.Name == each.Name {
				each.Value = given.Value
			}
		}
		if each.Value == nil {
			each.Value = each.Default
		}
		inputs.Parameters = append(inputs.Parameters, each)
		scope["{{inputs.parameters."+each.Name+"}}"] = each.GetValue()
	}
	if template.DAG == nil {
		return r.pod(name, template, inputs, boundary)
	}
	node := r.node(name, template, wfapi.NodeTypeDAG, inputs, boundary)
	last, ended := map[string][]string{}, map[string]bool{}
	for _, task := range template.DAG.Tasks {
		child, given := name+"."+task.Name, []wfapi.Parameter{}
		for _, each := range task.Arguments.Parameters {
			filled := tag.ReplaceAllStringFunc(each.GetValue(), func(found string) string { return scope[found] })
			given = append(given, parameter(each.Name, filled))
		}
		for _, before := range strings.Split(task.Depends, " && ") {
			before = strings.TrimSuffix(before, ".Succeeded")
			ended[before] = true
			for _, id := range last[before] {
				r.addChild(id, child)
			}
		}
		if task.Depends == "" {
			r.addChild(node.ID, child)
		}
		outputs, ids := map[string]string(nil), []string(nil)
		if task.WithSequence != nil {
			ids = r.group(child, task, template.DAG.Tasks[0], given, node.ID)
		} else {
			outputs, ids = r.visit(child, task.Template, given, node.ID)
		}
		last[task.Name] = ids
		for key, value := range outputs {
			scope["{{tasks."+task.Name+".outputs.parameters."+key+"}}"] = value
		}
	}
	ids := []string{}
	for _, task := range template.DAG.Tasks {
		if !ended[task.Name] {
			ids = append(ids, last[task.Name]...)
		}
	}
	node = r.wf.Status.Nodes[node.ID]
	node.OutboundNodes = ids
	r.wf.Status.Nodes[node.ID] = node
	return nil, ids
}

// group makes the nodes of a task with a sequence: one for the whole, and those of each item (argo-workflows 3.7,
// workflow/controller/dag.go, executeDAGTask and expandTask). How many there are, the driver beside it is told.
func (r *run) group(name string, task wfapi.DAGTask, driver wfapi.DAGTask, given []wfapi.Parameter, boundary string) []string {
	group := r.node(name, r.templates[task.Template], wfapi.NodeTypeTaskGroup, &wfapi.Inputs{}, boundary)
	var items []any
	if err := json.Unmarshal([]byte(taskOf(driver.Arguments).ParameterIterator.Items.Raw), &items); err != nil {
		panic(err)
	}
	ids := []string{}
	for i := range items {
		child, arguments := fmt.Sprintf("%s(%d:%d)", name, i, i), []wfapi.Parameter{}
		for _, each := range given {
			arguments = append(arguments, parameter(each.Name, strings.ReplaceAll(each.Value.String(), "{{item}}", fmt.Sprint(i))))
		}
		r.addChild(group.ID, child)
		_, ends := r.visit(child, task.Template, arguments, boundary)
		ids = append(ids, ends...)
	}
	return ids
}

func (r *run) addChild(id, child string) {
	node := r.wf.Status.Nodes[id]
	node.Children = append(node.Children, r.wf.NodeID(child))
	r.wf.Status.Nodes[id] = node
}

func (r *run) pod(name string, template wfapi.Template, inputs *wfapi.Inputs, boundary string) (map[string]string, []string) {
	if template.RetryStrategy != nil {
		node := r.node(name, template, wfapi.NodeTypeRetry, inputs, boundary)
		name += "(0)"
		r.addChild(node.ID, name)
	}
	node := r.node(name, template, wfapi.NodeTypePod, inputs, boundary)
	synced, code, outputs := true, "0", map[string]string{}
	node.TaskResultSynced, node.HostNodeName = &synced, "ip-10-0-100-100.eu-central-1.compute.internal"
	node.Outputs = &wfapi.Outputs{ExitCode: &code}
	key := "private-artifacts/kubeflow/" + r.wf.Name + "/2026/01/01/" + r.wf.Name + "-" + template.Name + "-" + node.ID[len(r.wf.Name)+1:] + "/main.log"
	log := wfapi.ArtifactLocation{S3: &wfapi.S3Artifact{Key: key}}
	node.Outputs.Artifacts = wfapi.Artifacts{{Name: "main-logs", ArtifactLocation: log}}
	for _, each := range template.Outputs.Parameters {
		outputs[each.Name] = r.output(each.Name, inputs)
		each.Value = wfapi.AnyStringPtr(outputs[each.Name])
		node.Outputs.Parameters = append(node.Outputs.Parameters, each)
	}
	r.wf.Status.Nodes[node.ID] = node
	r.wf.Status.TaskResultsCompletionStatus[node.ID] = true
	return outputs, []string{node.ID}
}

func (r *run) node(name string, template wfapi.Template, kind wfapi.NodeType, inputs *wfapi.Inputs, boundary string) wfapi.NodeStatus {
	r.seconds += 7
	start := k8smeta.NewTime(time.Unix(int64(1767225600+r.seconds), 0).UTC())
	end := k8smeta.NewTime(start.Add(time.Duration(r.seconds%97) * time.Second))
	node := wfapi.NodeStatus{
		ID: r.wf.NodeID(name), Name: name, DisplayName: name[strings.LastIndex(name, ".")+1:], Type: kind,
		TemplateName: template.Name, TemplateScope: "local/" + r.wf.Name, Phase: wfapi.NodeSucceeded, BoundaryID: boundary,
		StartedAt: start, FinishedAt: end, Progress: "1/1", Inputs: inputs,
		ResourcesDuration: wfapi.ResourcesDuration{"cpu": wfapi.ResourceDuration(r.seconds % 31), "memory": wfapi.ResourceDuration(r.seconds % 83)},
	}
	r.wf.Status.Nodes[node.ID] = node
	return node
}

// output is what a driver writes into a file.
func (r *run) output(name string, inputs *wfapi.Inputs) string {
	if name != "pod-spec-patch" {
		return "false"
	}
	return r.patch(inputs)
}

// patch is what the driver makes of a container (backend/src/v2/driver/driver.go in 2.15.0, initPodSpecPatch and
// extendPodSpecPatch).
func (r *run) patch(inputs *wfapi.Inputs) string {
	arguments := wfapi.Arguments{Parameters: inputs.Parameters}
	label := r.found.spec.Components[taskOf(arguments).ComponentRef.Name].GetExecutorLabel()
	container := r.found.deployment.Executors[label].GetContainer()
	component := arguments.GetParameterByName("component").GetValue()
	input := `{"outputs":{"outputFile":"/tmp/kfp_outputs/output_metadata.json"}}`
	if strings.Contains(component, `"artifacts"`) {
		artifact := `{"name":"code","type":{"schemaTitle":"system.Artifact","schemaVersion":"0.0.1"},"uri":"minio://mlpipeline/v2/artifacts/p/` +
			runID + `/code/` + runID + `/code","metadata":{}}`
		input = `{"inputs":{"artifacts":{"code":{"artifacts":[` + artifact + `]}}},` + input[1:]
	}
	command := []string{
		"/kfp-launcher/launch", "--pipeline_name", r.wf.GenerateName, "--run_id", runID, "--execution_id", fmt.Sprint(r.seconds),
		"--executor_input", input, "--component_spec", component,
		"--pod_name", "$(KFP_POD_NAME)", "--pod_uid", "$(KFP_POD_UID)",
		"--mlmd_server_address", "metadata-grpc-service.kubeflow.svc.cluster.local", "--mlmd_server_port", "8080",
		"--publish_logs", "true", "--",
	}
	main := k8score.Container{Name: "main", Image: container.Image, Command: command, Args: slices.Concat(container.Command, container.Args)}
	for _, each := range container.Env {
		main.Env = append(main.Env, k8score.EnvVar{Name: each.Name, Value: each.Value})
	}
	// What goes into the patch of volumes, secrets and the rest is about as long there.
	config := maps.Clone(r.found.written[label])
	delete(config, "podMetadata")
	return strings.TrimSuffix(text(k8score.PodSpec{Containers: []k8score.Container{main}}), "}") + `,"config":` + text(config) + "}"
}
