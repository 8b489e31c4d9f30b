package main

import (
	"encoding/json"
	"fmt"
	_ "unsafe" // for go:linkname

	"go.uber.org/atomic"
	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"
	kjson "sigs.k8s.io/json"

	istio "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/kube/gateway"
	"istio.io/istio/pilot/pkg/config/kube/gatewaycommon"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/kube/controllers"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/revisions"
)

// Input has all objects. A PEM text may be given by its name.
type Input struct {
	Gateway         json.RawMessage   `json:"gateway"`
	Secrets         []json.RawMessage `json:"secrets"`
	ConfigMaps      []json.RawMessage `json:"configMaps"`
	ReferenceGrants []json.RawMessage `json:"referenceGrants"`
	Namespaces      []json.RawMessage `json:"namespaces"`
	GatewayClasses  []json.RawMessage `json:"gatewayClasses,omitempty"`
}

// Output is pilot's result.
type Output struct {
	Listeners  []Listener  `json:"listeners"`
	Conditions []Condition `json:"conditions"`
	// Ignored means that the class of the Gateway is another controller's.
	Ignored bool `json:"ignored"`
	// Schema is the API server's answer, which has no influence on the others.
	Schema *Schema `json:"schema,omitempty"`
}

// Listener is pilot's result for a listener.
type Listener struct {
	Name       string          `json:"name"`
	Valid      bool            `json:"valid"`
	Server     json.RawMessage `json:"server"`
	Conditions []Condition     `json:"conditions"`
}

// Condition is a condition without its times.
type Condition struct{ Type, Status, Reason, Message string }

func (o Output) asJSON() any {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		panic(err)
	}
	return out
}

//go:linkname buildListener istio.io/istio/pilot/pkg/config/kube/gateway.buildListener
func buildListener(
	ctx krt.HandlerContext,
	configMaps krt.Collection[*corev1.ConfigMap],
	secrets krt.Collection[*corev1.Secret],
	grants gatewaycommon.ReferenceGrants,
	namespaces krt.Collection[*corev1.Namespace],
	obj controllers.Object,
	status []gatewayv1.ListenerStatus,
	gw gatewayv1.GatewaySpec,
	l gatewayv1.Listener,
	listenerIndex int,
	controllerName gatewayv1.GatewayController,
	portErr error,
) (*istio.Server, []gatewayv1.ListenerStatus, bool)

const controller = "istio.io/gateway-controller"

// Judge calls the function that builds a listener, since it also builds invalid ones, and the
// collection around it, for the Gateway's own conditions and for conflicts. It omits the Gateway's
// Programmed, which depends on the Services of a cluster.
func Judge(input Input, pems PEMs, definition *Definition) (Output, error) {
	output, err := translate(input, pems)
	if err != nil {
		return output, err
	}
	output.Schema, err = definition.judge(input.Gateway)
	return output, err
}

func translate(input Input, pems PEMs) (Output, error) {
	obj := &gatewayv1.Gateway{}
	// As client-go reads it: field names are case-sensitive.
	if err := kjson.UnmarshalCaseSensitivePreserveInts(input.Gateway, obj); err != nil {
		return Output{}, err
	}
	secrets, err := decode[corev1.Secret](input.Secrets, pems)
	if err != nil {
		return Output{}, err
	}
	for _, secret := range secrets {
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		for key, text := range secret.StringData {
			secret.Data[key] = []byte(text)
		}
	}
	configMaps, err := decode[corev1.ConfigMap](input.ConfigMaps, pems)
	if err != nil {
		return Output{}, err
	}
	referenceGrants, err := decode[gatewayv1beta1.ReferenceGrant](input.ReferenceGrants, pems)
	if err != nil {
		return Output{}, err
	}
	namespaces, err := decode[corev1.Namespace](input.Namespaces, pems)
	if err != nil {
		return Output{}, err
	}

	gatewayClasses, err := decode[gatewayv1.GatewayClass](input.GatewayClasses, pems)
	if err != nil {
		return Output{}, err
	}

	stop := make(chan struct{})
	defer close(stop)
	opts := krt.NewOptionsBuilder(stop, "judge", nil)
	allSecrets := krt.NewStaticCollection(nil, secrets, opts.WithName("secrets")...)
	allConfigMaps := krt.NewStaticCollection(nil, configMaps, opts.WithName("configMaps")...)
	allNamespaces := krt.NewStaticCollection(nil, namespaces, opts.WithName("namespaces")...)
	grants := gatewaycommon.BuildReferenceGrants(gatewaycommon.ReferenceGrantsCollection(
		krt.NewStaticCollection(nil, referenceGrants, opts.WithName("grants")...), opts))
	grants.Collection.WaitUntilSynced(stop)

	gateways := krt.NewStaticCollection(nil, []*gatewayv1.Gateway{obj}, opts.WithName("gateways")...)
	_, classes := gatewaycommon.GatewayClassesCollection(
		krt.NewStaticCollection(nil, gatewayClasses, opts.WithName("objects")...), opts)
	classes.WaitUntilSynced(stop)
	listenerSets := krt.NewStaticCollection[*gatewayv1.ListenerSet](nil, nil, opts.WithName("sets")...)
	conflicts := gatewaycommon.GatewayListenerConflictCollection(gateways, listenerSets, allNamespaces,
		gatewaycommon.FetchGatewayClassFetcher(classes), opts)
	context := gatewaycommon.NewGatewayContext(model.NewPushContext(), "c")
	statuses, _ := gateway.GatewayCollection(
		gateways,
		krt.NewStaticCollection[gateway.ListenerSet](nil, nil, opts.WithName("made")...),
		conflicts, classes, allNamespaces, grants, allConfigMaps, allSecrets, "cluster.local",
		krt.NewRecomputeProtected(atomic.NewPointer(&context), true, opts.WithName("context")...),
		krt.RecomputeProtected[revisions.TagWatcher]{},
		opts,
	)
	statuses.WaitUntilSynced(stop)
	all := statuses.List()
	class := gatewaycommon.FetchGatewayClass(krt.TestingDummyContext{}, classes, obj.Spec.GatewayClassName)
	if class == nil || class.Controller != controller {
		// Not a gateway, or one that needs more than listeners: a waypoint or a remote one.
		return Output{Listeners: []Listener{}, Conditions: []Condition{}, Ignored: true}, nil
	}
	if len(all) != 1 {
		return Output{}, fmt.Errorf("%d statuses of one Gateway", len(all))
	}
	status := all[0].Status

	output := Output{Listeners: []Listener{}, Conditions: []Condition{}}
	for _, c := range status.Conditions {
		if c.Type != string(gatewayv1.GatewayConditionProgrammed) {
			output.Conditions = append(output.Conditions, Condition{c.Type, string(c.Status), c.Reason, c.Message})
		}
	}
	if len(status.Listeners) == 0 {
		// It stopped before the first listener.
		return output, nil
	}
	// Conflicts go by the listener's name.
	conflicted := map[gatewayv1.SectionName]bool{}
	for _, l := range status.Listeners {
		for _, c := range l.Conditions {
			if c.Type == string(gatewayv1.ListenerConditionConflicted) && c.Status == "True" {
				conflicted[l.Name] = true
			}
		}
	}
	for i, l := range obj.Spec.Listeners {
		listener := Listener{Name: string(l.Name), Conditions: []Condition{}}
		var server *istio.Server
		var built []gatewayv1.ListenerStatus
		if conflicted[l.Name] {
			built = gatewaycommon.ReportListenerConflict(i, l, obj, nil, reasonOf(status.Listeners, l.Name), gatewaycommon.GenerateGatewaySupportedKinds)
		} else {
			server, built, listener.Valid = buildListener(krt.TestingDummyContext{}, allConfigMaps, allSecrets, grants, allNamespaces,
				obj, nil, obj.Spec, l, i, controller, nil)
		}
		if listener.Server, err = json.Marshal(server); err != nil {
			return Output{}, err
		}
		for _, c := range built[i].Conditions {
			listener.Conditions = append(listener.Conditions, Condition{c.Type, string(c.Status), c.Reason, c.Message})
		}
		output.Listeners = append(output.Listeners, listener)
	}
	return output, nil
}

func reasonOf(all []gatewayv1.ListenerStatus, name gatewayv1.SectionName) gatewayv1.ListenerConditionReason {
	for _, l := range all {
		for _, c := range l.Conditions {
			if l.Name == name && c.Type == string(gatewayv1.ListenerConditionConflicted) {
				return gatewayv1.ListenerConditionReason(c.Reason)
			}
		}
	}
	return ""
}

func decode[T any](all []json.RawMessage, pems PEMs) ([]*T, error) {
	out := make([]*T, 0, len(all))
	for _, data := range all {
		var tree any
		if err := json.Unmarshal(data, &tree); err != nil {
			return nil, err
		}
		data, err := json.Marshal(pems.fill(tree))
		if err != nil {
			return nil, err
		}
		object := new(T)
		if err := json.Unmarshal(data, object); err != nil {
			return nil, err
		}
		out = append(out, object)
	}
	return out, nil
}
