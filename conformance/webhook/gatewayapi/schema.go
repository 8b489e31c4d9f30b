package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	schemavalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Schema has the API server's findings about a Gateway.
type Schema struct {
	// Unknown are the fields that it drops.
	Unknown []string `json:"unknown"`
	// Errors are the reasons why it rejects the Gateway, from apiextensions-apiserver's strategy.
	Errors []FieldError `json:"errors"`
	// Blocked means that it did not evaluate the CEL rules.
	Blocked bool `json:"blocked"`
}

// FieldError is an error without the value.
type FieldError struct{ Field, Type, Detail string }

// Definition validates with a version of a CRD.
type Definition struct {
	structural *structuralschema.Structural
	schema     schemavalidation.SchemaValidator
	rules      *cel.Validator
}

// Definitions are the definitions of the kinds.
type Definitions map[string]*Definition

// newDefinition reads a definition, whose versions are all equal.
func newDefinition(name string) (*Definition, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(data, &definition); err != nil {
		return nil, err
	}
	if len(definition.Spec.Versions) == 0 {
		return nil, fmt.Errorf("%s is no definition", name)
	}
	var internal apiextensions.CustomResourceValidation
	v := definition.Spec.Versions[0]
	if err := apiextensionsv1.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(v.Schema, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	schema, _, err := schemavalidation.NewSchemaValidator(internal.OpenAPIV3Schema)
	if err != nil {
		return nil, err
	}
	return &Definition{structural, schema, cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

// judge prunes, sets defaults and validates.
func (d *Definition) judge(object json.RawMessage) (*Schema, error) {
	if d == nil {
		return nil, nil
	}
	var content map[string]any
	if err := json.Unmarshal(object, &content); err != nil {
		return nil, err
	}
	content = asIntegers(content).(map[string]any)
	answer := &Schema{Unknown: []string{}, Errors: []FieldError{}}
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	answer.Unknown = append(answer.Unknown, pruning.PruneWithOptions(content, d.structural, true, options)...)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, d.structural)
	defaulting.Default(content, d.structural)
	delete(content, "status")
	errors := schemavalidation.ValidateCustomResource(nil, content, d.schema)
	errors = append(errors, listtype.ValidateListSetsAndMaps(nil, d.structural, content)...)
	if answer.Blocked = isBlocked(errors); !answer.Blocked {
		more, _ := d.rules.Validate(context.Background(), nil, d.structural, content, nil, celconfig.RuntimeCELCostBudget)
		errors = append(errors, more...)
	}
	for _, err := range errors {
		answer.Errors = append(answer.Errors, FieldError{err.Field, err.Type.String(), err.Detail})
	}
	sort.Slice(answer.Errors, func(i, j int) bool {
		return fmt.Sprint(answer.Errors[i]) < fmt.Sprint(answer.Errors[j])
	})
	sort.Strings(answer.Unknown)
	return answer, nil
}

// defaults returns an object with the defaults of its definition.
func (d *Definition) defaults(object json.RawMessage) (json.RawMessage, error) {
	if d == nil {
		return object, nil
	}
	var content map[string]any
	if err := json.Unmarshal(object, &content); err != nil {
		return nil, err
	}
	content = asIntegers(content).(map[string]any)
	defaulting.Default(content, d.structural)
	return json.Marshal(content)
}

func isBlocked(errors field.ErrorList) bool {
	for _, err := range errors {
		switch err.Type {
		case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
			return true
		}
	}
	return false
}

// asIntegers converts whole numbers as the API server's decoder does.
func asIntegers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			value[key] = asIntegers(inner)
		}
	case []any:
		for i, inner := range value {
			value[i] = asIntegers(inner)
		}
	case float64:
		if whole := int64(value); float64(whole) == value {
			return whole
		}
	}
	return value
}
