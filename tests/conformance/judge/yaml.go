package judge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Conversion is one file as a list of JSON documents, or what was wrong with it.
type Conversion struct {
	Path      string            `json:"path"`
	Documents []json.RawMessage `json:"documents"`
	Error     *string           `json:"error"`
}

func convertAll(paths []string) ([]Conversion, error) {
	conversions := []Conversion{}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		documents, errs := readDocuments(body)
		conversion := Conversion{Path: path, Documents: documents}
		if len(errs) > 0 {
			conversion.Documents, conversion.Error = nil, &errs[0]
		}
		conversions = append(conversions, conversion)
	}
	return conversions, nil
}

// readDocuments splits a stream where kubectl does and converts every document strictly, so that a
// key that is there twice is an error. Documents without content are left out, as kubectl does.
func readDocuments(body []byte) ([]json.RawMessage, []string) {
	documents, errs := []json.RawMessage{}, []string{}
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(body)))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, errs
		}
		if err != nil {
			return documents, append(errs, err.Error())
		}
		document, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			errs = append(errs, err.Error())
		} else if string(document) != "null" {
			documents = append(documents, document)
		}
	}
}

// countObjects counts the objects of a stream by kind. Argo's parser drops what has a key twice and
// what has no kind without a word; here both are errors.
func countObjects(body []byte) (map[string]int, []string) {
	documents, errs := readDocuments(body)
	objects := map[string]int{}
	for _, document := range documents {
		var object struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := json.Unmarshal(document, &object); err != nil {
			errs = append(errs, err.Error())
		} else if object.APIVersion == "" || object.Kind == "" {
			errs = append(errs, "a document has no apiVersion or no kind")
		} else {
			objects[object.Kind]++
		}
	}
	return objects, errs
}
