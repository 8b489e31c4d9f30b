package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/hashicorp/go-multierror"
	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/webhooks/validation/server"
)

// CRD is the API server's answer.
type CRD struct {
	OK       bool     `json:"ok"`
	Schema   []string `json:"schema"`
	CEL      []string `json:"cel"`
	Metadata []string `json:"metadata,omitempty"`
	Unknown  []string `json:"unknown"`
	Error    string   `json:"error,omitempty"`
}

// Webhook is istiod's answer.
type Webhook struct {
	Allowed     bool     `json:"allowed"`
	Errors      []string `json:"errors"`
	Warnings    []string `json:"warnings"`
	DecodeError string   `json:"decode_error,omitempty"`
	Message     string   `json:"message,omitempty"`
}

// Judge has the CRD of istio.io/api and istiod's webhook.
type Judge struct {
	versions map[string]version
	mux      *http.ServeMux
}

type version struct {
	structural *structuralschema.Structural
	schema     schemavalidation.SchemaValidator
	rules      *cel.Validator
}

// NewJudge reads the CRD from the module that go.mod pins.
func NewJudge() (*Judge, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/api").Output()
	if err != nil {
		return nil, fmt.Errorf("where is istio.io/api: %w", err)
	}
	file := filepath.Join(strings.TrimSpace(string(out)), "kubernetes", "customresourcedefinitions.gen.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	judge := &Judge{versions: map[string]version{}, mux: http.NewServeMux()}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var definition apiextensionsv1.CustomResourceDefinition
		if err := decoder.Decode(&definition); err != nil {
			break
		}
		if definition.Name == "gateways.networking.istio.io" {
			if err := judge.read(&definition); err != nil {
				return nil, err
			}
		}
	}
	if len(judge.versions) == 0 {
		return nil, fmt.Errorf("%s has no Gateway", file)
	}
	if scope := log.FindScope("validationServer"); scope != nil {
		scope.SetOutputLevel(log.NoneLevel)
	}
	_, err = server.New(server.Options{Schemas: collections.Istio, DomainSuffix: "cluster.local", Mux: judge.mux})
	return judge, err
}

func (j *Judge) read(definition *apiextensionsv1.CustomResourceDefinition) error {
	for _, v := range definition.Spec.Versions {
		var internal apiextensions.CustomResourceValidation
		if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v.Schema, &internal, nil); err != nil {
			return err
		}
		structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		schema, _, err := schemavalidation.NewSchemaValidator(internal.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		rules := cel.NewValidator(structural, true, celconfig.PerCallLimit)
		j.versions[v.Name] = version{structural, schema, rules}
	}
	return nil
}

// Case returns all verdicts on an object.
func (j *Judge) Case(id string, object json.RawMessage) (Case, error) {
	answer := Case{ID: id, Object: object}
	raw, err := j.ask(object)
	if err != nil {
		return answer, err
	}
	var stored json.RawMessage
	if answer.CRD, stored, err = j.crd(object); err != nil {
		return answer, err
	}
	if stored != nil {
		if answer.Webhook, err = j.ask(stored); err != nil {
			return answer, err
		}
	}
	if !reflect.DeepEqual(raw, answer.Webhook) {
		answer.Raw = raw
	}
	answer.Pipeline = Pipeline{Allowed: true, Warnings: []string{}}
	if answer.Webhook != nil && answer.Webhook.Allowed {
		answer.Pipeline.Warnings = answer.Webhook.Warnings
	}
	switch {
	case !answer.CRD.OK:
		answer.Pipeline.Allowed, answer.Pipeline.Stage = false, "crd"
	case !answer.Webhook.Allowed:
		answer.Pipeline.Allowed, answer.Pipeline.Stage = false, "webhook"
	}
	return answer, nil
}

// crd prunes and validates as k8s.io/apiextensions-apiserver's strategy does, and returns the
// object as it would be stored.
func (j *Judge) crd(object json.RawMessage) (CRD, json.RawMessage, error) {
	answer := CRD{Schema: []string{}, CEL: []string{}, Unknown: []string{}}
	var u unstructured.Unstructured
	if err := u.UnmarshalJSON(object); err != nil {
		return answer, nil, err
	}
	kind := u.GroupVersionKind()
	v, ok := j.versions[kind.Version]
	if !ok || kind.Group != "networking.istio.io" || kind.Kind != "Gateway" {
		answer.Error = "no CRD version for " + kind.String()
		return answer, nil, nil
	}
	content := u.UnstructuredContent()
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	answer.Unknown = append(answer.Unknown, pruning.PruneWithOptions(content, v.structural, true, options)...)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, v.structural)
	// PrepareForCreate: the status has an endpoint of its own.
	delete(content, "status")
	var meta metav1.ObjectMeta
	if m, ok := content["metadata"].(map[string]any); ok {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, &meta); err != nil {
			return answer, nil, err
		}
	}
	inMetadata := apivalidation.ValidateObjectMeta(&meta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	answer.Metadata = texts(inMetadata)
	errors := schemavalidation.ValidateCustomResource(nil, content, v.schema)
	answer.Schema = texts(errors)
	if blocks(inMetadata) || blocks(errors) {
		blocked := field.Invalid(nil, nil, "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")
		answer.CEL = []string{blocked.Error()}
	} else {
		errors, _ := v.rules.Validate(context.Background(), nil, v.structural, content, nil, celconfig.RuntimeCELCostBudget)
		answer.CEL = texts(errors)
	}
	answer.OK = len(answer.Schema)+len(answer.CEL)+len(answer.Metadata) == 0
	stored, err := json.Marshal(content)
	return answer, stored, err
}

func texts(errors field.ErrorList) []string {
	out := []string{}
	for _, err := range errors {
		out = append(out, err.Error())
	}
	sort.Strings(out)
	return out
}

func blocks(errors field.ErrorList) bool {
	for _, err := range errors {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

// ask sends the object to the webhook, and calls the same functions for the individual errors,
// which the webhook joins in one message.
func (j *Judge) ask(object json.RawMessage) (*Webhook, error) {
	answer, err := j.review(object)
	if err != nil {
		return nil, err
	}
	var kind crd.IstioKind
	if err := json.Unmarshal(object, &kind); err != nil {
		return nil, err
	}
	converted, err := crd.ConvertObject(collections.Gateway, &kind, "cluster.local")
	if err != nil {
		answer.DecodeError, answer.Warnings = err.Error(), []string{}
		return answer, nil
	}
	warning, err := collections.Gateway.ValidateConfig(*converted)
	answer.Errors, answer.Warnings = flat(err), flat(warning)
	return answer, nil
}

// review sends the object to the webhook as the API server does.
func (j *Judge) review(object json.RawMessage) (*Webhook, error) {
	var kind crd.IstioKind
	if err := json.Unmarshal(object, &kind); err != nil {
		return nil, err
	}
	review := admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "1", Operation: admissionv1.Create, Name: kind.Name, Namespace: kind.Namespace,
			Kind:   metav1.GroupVersionKind{Group: "networking.istio.io", Version: kind.GroupVersionKind().Version, Kind: "Gateway"},
			Object: runtime.RawExtension{Raw: object},
		},
	}
	body, err := json.Marshal(review)
	if err != nil {
		return nil, err
	}
	request := httptest.NewRequest(http.MethodPost, "/validate", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	j.mux.ServeHTTP(recorder, request)
	var answered admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &answered); err != nil {
		return nil, fmt.Errorf("%w: %s", err, recorder.Body)
	}
	answer := &Webhook{Allowed: answered.Response.Allowed, Errors: []string{}, Warnings: append([]string{}, answered.Response.Warnings...)}
	if answered.Response.Result != nil {
		answer.Message = answered.Response.Result.Message
	}
	return answer, nil
}

func flat(err error) []string {
	out := []string{}
	if many, ok := err.(*multierror.Error); ok {
		for _, one := range many.Errors {
			out = append(out, one.Error())
		}
	} else if err != nil {
		out = append(out, err.Error())
	}
	return out
}
