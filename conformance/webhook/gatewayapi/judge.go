package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	_ "unsafe" // for go:linkname

	"go.uber.org/atomic"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"
	kjson "sigs.k8s.io/json"

	istio "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/kube/gateway"
	"istio.io/istio/pilot/pkg/config/kube/gatewaycommon"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/gateway/kube"
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
	ListenerSets    []json.RawMessage `json:"listenerSets,omitempty"`
}

// Output is pilot's result.
type Output struct {
	Listeners  []Listener  `json:"listeners"`
	Conditions []Condition `json:"conditions"`
	// Ignored means that the class of the Gateway is another controller's.
	Ignored bool `json:"ignored"`
	// Schema is the API server's answer, which has no influence on the others.
	Schema *Schema `json:"schema,omitempty"`
	// Sets are the answers for the ListenerSets, in their order.
	Sets []Set `json:"sets,omitempty"`
}

// Set is pilot's result for a ListenerSet.
type Set struct {
	Listeners  []Listener  `json:"listeners"`
	Conditions []Condition `json:"conditions"`
	// Ignored means that pilot writes no status.
	Ignored bool    `json:"ignored"`
	Schema  *Schema `json:"schema,omitempty"`
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
func Judge(input Input, pems PEMs, definitions Definitions) (Output, error) {
	output, err := translate(input, pems)
	if err != nil {
		return output, err
	}
	for i := range output.Sets {
		if output.Sets[i].Schema, err = definitions["ListenerSet"].judge(input.ListenerSets[i]); err != nil {
			return output, err
		}
	}
	output.Schema, err = definitions["Gateway"].judge(input.Gateway)
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

	sets := []*gatewayv1.ListenerSet{}
	for _, data := range input.ListenerSets {
		set := &gatewayv1.ListenerSet{}
		if err := kjson.UnmarshalCaseSensitivePreserveInts(data, set); err != nil {
			return Output{}, err
		}
		sets = append(sets, set)
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
	listenerSets := krt.NewStaticCollection(nil, sets, opts.WithName("sets")...)
	conflicts := gatewaycommon.GatewayListenerConflictCollection(gateways, listenerSets, allNamespaces,
		gatewaycommon.FetchGatewayClassFetcher(classes), opts)
	context := gatewaycommon.NewGatewayContext(model.NewPushContext(), "c")
	protected := krt.NewRecomputeProtected(atomic.NewPointer(&context), true, opts.WithName("context")...)
	setStatuses, made := gateway.ListenerSetCollection(
		listenerSets, gateways, conflicts, classes, allNamespaces, grants, allConfigMaps, allSecrets, "cluster.local",
		protected, krt.RecomputeProtected[revisions.TagWatcher]{}, opts,
	)
	statuses, programmed := gateway.GatewayCollection(
		gateways, made, conflicts, classes, allNamespaces, grants, allConfigMaps, allSecrets, "cluster.local",
		protected, krt.RecomputeProtected[revisions.TagWatcher]{}, opts,
	)
	setStatuses.WaitUntilSynced(stop)
	statuses.WaitUntilSynced(stop)
	build := func(owner controllers.Object, l gatewayv1.Listener, i int, reason gatewayv1.ListenerConditionReason, portErr error) (Listener, error) {
		listener := Listener{Name: string(l.Name), Conditions: []Condition{}}
		var server *istio.Server
		var built []gatewayv1.ListenerStatus
		if reason != "" {
			built = gatewaycommon.ReportListenerConflict(i, l, owner, nil, reason, gatewaycommon.GenerateGatewaySupportedKinds)
		} else {
			server, built, listener.Valid = buildListener(krt.TestingDummyContext{}, allConfigMaps, allSecrets, grants, allNamespaces,
				owner, nil, obj.Spec, l, i, controller, portErr)
		}
		if listener.Valid {
			// A listener of a ListenerSet may replace that of its Gateway.
			key := owner.GetNamespace() + "/" + kube.InternalGatewayName(owner.GetName(), string(l.Name))
			if other := programmed.GetKey(key); other != nil && other.Parent.Kind.Kind != reflect.TypeOf(owner).Elem().Name() {
				server = nil
			}
		}
		var err error
		if listener.Server, err = json.Marshal(server); err != nil {
			return listener, err
		}
		listener.Conditions = conditionsOf(built[i].Conditions, "")
		return listener, nil
	}

	output := Output{Listeners: []Listener{}, Conditions: []Condition{}}
	for _, set := range sets {
		answer := Set{Listeners: []Listener{}, Conditions: []Condition{}, Ignored: true}
		for _, status := range setStatuses.List() {
			if status.Obj != set {
				continue
			}
			answer.Ignored = false
			answer.Conditions = setConditions(status.Status.Conditions)
			if len(status.Status.Listeners) == 0 {
				continue
			}
			for i, l := range set.Spec.Listeners {
				port, portErr := gatewaycommon.ListenerEntryPortNumber(l)
				l.Port = port
				listener, err := build(set, gatewaycommon.ConvertListenerSetToListener(l), i,
					reasonOf(status.Status.Listeners, l.Name), portErr)
				if err != nil {
					return Output{}, err
				}
				answer.Listeners = append(answer.Listeners, listener)
			}
		}
		output.Sets = append(output.Sets, answer)
	}

	all := statuses.List()
	class := gatewaycommon.FetchGatewayClass(krt.TestingDummyContext{}, classes, obj.Spec.GatewayClassName)
	if class == nil || class.Controller != controller {
		// Not a gateway, or one that needs more than listeners: a waypoint or a remote one.
		output.Ignored = true
		return output, nil
	}
	if len(all) != 1 {
		return Output{}, fmt.Errorf("%d statuses of one Gateway", len(all))
	}
	status := all[0].Status
	output.Conditions = conditionsOf(status.Conditions, string(gatewayv1.GatewayConditionProgrammed))
	if len(status.Listeners) == 0 {
		// It stopped before the first listener.
		return output, nil
	}
	for i, l := range obj.Spec.Listeners {
		listener, err := build(obj, l, i, reasonOf(status.Listeners, l.Name), nil)
		if err != nil {
			return Output{}, err
		}
		output.Listeners = append(output.Listeners, listener)
	}
	return output, nil
}

// conditionsOf omits a condition.
func conditionsOf(all []metav1.Condition, without string) []Condition {
	out := []Condition{}
	for _, c := range all {
		if c.Type != without {
			out = append(out, Condition{c.Type, string(c.Status), c.Reason, c.Message})
		}
	}
	return out
}

// setConditions omits Programmed where it depends on the Services of a cluster.
func setConditions(all []metav1.Condition) []Condition {
	for _, c := range all {
		if c.Type == string(gatewayv1.GatewayConditionProgrammed) {
			switch c.Reason {
			case string(gatewayv1.ListenerSetReasonNotAllowed), string(gatewayv1.ListenerSetReasonListenersNotValid),
				string(gatewayv1.GatewayReasonUnsupportedAddress):
				return conditionsOf(all, "")
			}
		}
	}
	return conditionsOf(all, string(gatewayv1.GatewayConditionProgrammed))
}

// reasonOf is the reason of a conflict. Conflicts go by the listener's name.
func reasonOf[L gatewayv1.ListenerStatus | gatewayv1.ListenerEntryStatus](all []L, name gatewayv1.SectionName) gatewayv1.ListenerConditionReason {
	for _, l := range all {
		l := gatewayv1.ListenerStatus(l)
		for _, c := range l.Conditions {
			if l.Name == name && c.Type == string(gatewayv1.ListenerConditionConflicted) && c.Status == "True" {
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
