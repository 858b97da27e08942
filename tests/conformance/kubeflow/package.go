package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"github.com/kubeflow/pipelines/api/v2alpha1/go/pipelinespec"
	"github.com/kubeflow/pipelines/kubernetes_platform/go/kubernetesplatform"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"gopkg.in/yaml.v3"
)

// pipelineName is what the server accepts on upload.
var pipelineName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,127}$`)

// pipelinePackage is a package as far as this version of the server knows it.
type pipelinePackage struct {
	spec       *pipelinespec.PipelineSpec
	deployment *pipelinespec.PipelineDeploymentConfig
	// executors are the platform document's, by label, with the fields that this version knows.
	executors map[string]*structpb.Struct
	// written are the same with all their fields.
	written map[string]map[string]any
}

// readPackage reads the pipeline and the platform document. The server takes a document that is
// neither, or not quite, for none at all; here it is an error.
func readPackage(body []byte) (pipelinePackage, []string) {
	found, errs := pipelinePackage{}, []string{}
	documents, err := readDocuments(body)
	if err != nil {
		return found, []string{err.Error()}
	}
	for _, document := range documents {
		read := found.readPipeline
		if document.GetFields()["platforms"] != nil {
			read = found.readPlatform
		}
		if err := read(document); err != nil {
			errs = append(errs, err.Error())
		}
	}
	if len(errs) > 0 {
		return found, errs
	}
	return found, found.check()
}

// readDocuments reads the documents of a stream with the server's YAML parser.
func readDocuments(body []byte) ([]*structpb.Struct, error) {
	documents := []*structpb.Struct{}
	decoder := yaml.NewDecoder(bytes.NewReader(body))
	for {
		var value map[string]any
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if value == nil {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		document := &structpb.Struct{}
		if err := protojson.Unmarshal(text, document); err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
}

func (p *pipelinePackage) readPipeline(document *structpb.Struct) error {
	if p.spec != nil {
		return errors.New("there are two pipeline documents")
	}
	p.spec, p.deployment = &pipelinespec.PipelineSpec{}, &pipelinespec.PipelineDeploymentConfig{}
	if err := convert(document, p.spec); err != nil {
		return fmt.Errorf("pipeline document: %w", err)
	}
	// The server drops what it does not know in here.
	if err := convert(p.spec.GetDeploymentSpec(), p.deployment); err != nil {
		return fmt.Errorf("deploymentSpec: %w", err)
	}
	return nil
}

// readPlatform reads the platform document strictly but for what became richer in later versions: the
// pipelineConfig and the executors' configs.
func (p *pipelinePackage) readPlatform(document *structpb.Struct) error {
	if p.executors != nil {
		return errors.New("there are two platform documents")
	}
	platforms := document.GetFields()["platforms"].GetStructValue().GetFields()
	delete(platforms["kubernetes"].GetStructValue().GetFields(), "pipelineConfig")
	platform := &pipelinespec.PlatformSpec{}
	if err := convert(document, platform); err != nil {
		return fmt.Errorf("platform document: %w", err)
	}
	if platform.GetPlatforms()["kubernetes"] == nil {
		return errors.New("platform document: there is no kubernetes in it")
	}
	p.executors, p.written = map[string]*structpb.Struct{}, map[string]map[string]any{}
	for label, config := range platform.GetPlatforms()["kubernetes"].GetDeploymentSpec().GetExecutors() {
		known, err := knownFields(config)
		if err != nil {
			return fmt.Errorf("platform document: executor %q: %w", label, err)
		}
		p.executors[label], p.written[label] = known, config.AsMap()
	}
	return nil
}

// knownFields leaves out of the config of an executor what this version does not know. The compiler
// ignores a config that has more.
func knownFields(config *structpb.Struct) (*structpb.Struct, error) {
	text, err := protojson.Marshal(config)
	if err != nil {
		return nil, err
	}
	read, known := &kubernetesplatform.KubernetesExecutorConfig{}, &structpb.Struct{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, read); err != nil {
		return nil, err
	}
	return known, convert(read, known)
}

// convert reads a message strictly as another type.
func convert(from, into proto.Message) error {
	text, err := protojson.Marshal(from)
	if err != nil {
		return err
	}
	return protojson.Unmarshal(text, into)
}

// check gives what the server refuses or misreads of what its types allow.
func (p *pipelinePackage) check() []string {
	if p.spec == nil {
		return []string{"there is no pipeline document"}
	}
	errs := p.sharedContainers()
	if version := p.spec.GetSchemaVersion(); version != "2.1.0" {
		errs = append(errs, fmt.Sprintf("the schemaVersion is %q, not 2.1.0", version))
	}
	if name := p.spec.GetPipelineInfo().GetName(); !pipelineName.MatchString(name) {
		errs = append(errs, fmt.Sprintf("%q cannot be the name of a pipeline", name))
	}
	if p.spec.GetRoot() == nil {
		errs = append(errs, "there is no root")
	}
	for _, label := range slices.Sorted(maps.Keys(p.executors)) {
		if p.deployment.GetExecutors()[label] == nil {
			errs = append(errs, fmt.Sprintf("platform document: there is no executor %q", label))
		}
	}
	return errs
}

// sharedContainers finds components with the same container but not the same inputs and outputs. The
// compiler knows a component by its container, and gives the second one the interface of the first.
func (p *pipelinePackage) sharedContainers() []string {
	errs, first := []string{}, map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.spec.GetComponents())) {
		label := p.spec.GetComponents()[name].GetExecutorLabel()
		container := p.deployment.GetExecutors()[label].GetContainer()
		key, err := proto.MarshalOptions{Deterministic: true}.Marshal(container)
		if container == nil || err != nil {
			continue
		}
		if other, seen := first[string(key)]; !seen {
			first[string(key)] = name
		} else if !p.sameInterface(name, other) {
			errs = append(errs, fmt.Sprintf("%q gets the interface of %q: their containers are equal", name, other))
		}
	}
	return errs
}

func (p *pipelinePackage) sameInterface(name, other string) bool {
	one, two := p.spec.GetComponents()[name], p.spec.GetComponents()[other]
	return proto.Equal(one.GetInputDefinitions(), two.GetInputDefinitions()) &&
		proto.Equal(one.GetOutputDefinitions(), two.GetOutputDefinitions())
}
