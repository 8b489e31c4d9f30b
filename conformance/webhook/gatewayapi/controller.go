package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/gateway-api/pkg/consts"
	"sigs.k8s.io/yaml"

	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pilot/pkg/config/kube/gateway"
	"istio.io/istio/pilot/pkg/config/kube/gatewaycommon"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	kubecontroller "istio.io/istio/pilot/pkg/serviceregistry/kube/controller"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/host"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/config/schema/gvr"
	"istio.io/istio/pkg/kube"
	"istio.io/istio/pkg/kube/kclient/clienttest"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/test"
)

// Result is an object that pilot generates.
type Result struct {
	Kind        string            `json:"kind"`
	Namespace   string            `json:"namespace"`
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations"`
	Spec        json.RawMessage   `json:"spec"`
}

// asUpstreamsTest sets the features as upstream's test does: ambient mode and alpha fields.
func asUpstreamsTest() {
	features.EnableAlphaGatewayAPI = true
	features.EnableAmbientWaypoints = true
	features.EnableAmbientMultiNetwork = true
	features.EnableGatewayAPIGatewayClassController = false
	gatewaycommon.ClassInfos = gatewaycommon.GetClassInfos()
	gatewaycommon.BuiltinGatewayClasses = gatewaycommon.GetBuiltinGatewayClasses()
}

// generate runs pilot's whole controller, and returns what it generates as upstream's golden files have it.
func generate(objects []runtime.Object, services []*model.Service) (out []config.Config, err error) {
	err = test.Wrap(func(t test.Failer) {
		stop := make(chan struct{})
		defer close(stop)
		client := kube.NewFakeClient(objects...)
		for _, resource := range []schema.GroupVersionResource{
			gvr.KubernetesGateway, gvr.ReferenceGrant, gvr.ListenerSet, gvr.GatewayClass, gvr.HTTPRoute, gvr.GRPCRoute,
			gvr.TCPRoute, gvr.TLSRoute, gvr.ServiceEntry, gvr.XBackendTrafficPolicy, gvr.BackendTLSPolicy, gvr.InferencePool,
		} {
			clienttest.MakeCRDWithAnnotations(t, client, resource, map[string]string{
				consts.BundleVersionAnnotation: consts.BundleVersion,
			})
		}
		instances := []*model.ServiceInstance{}
		for _, service := range services {
			for _, port := range service.Ports {
				instances = append(instances, &model.ServiceInstance{
					Service: service, ServicePort: port, Endpoint: &model.IstioEndpoint{},
				})
			}
		}
		mesh := core.NewConfigGenTest(t, core.TestOptions{Services: services, Instances: instances})
		ready := func(schema.GroupVersionResource, <-chan struct{}) bool { return true }
		control := gateway.NewController(client, ready, kubecontroller.Options{DomainSuffix: "domain.suffix", KrtDebugger: &krt.DebugHandler{}}, nil)
		go control.Run(stop)
		client.RunAndWait(stop)
		control.Reconcile(mesh.PushContext())
		kube.WaitForCacheSync("judge", stop, control.HasSynced)
		for _, kind := range []config.GroupVersionKind{gvk.Gateway, gvk.VirtualService, gvk.DestinationRule} {
			part := control.List(kind, "")
			slices.SortFunc(part, func(a, b config.Config) int {
				if order := a.CreationTimestamp.Compare(b.CreationTimestamp); order != 0 {
					return order
				}
				return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
			})
			out = append(out, part...)
		}
	})
	return out, err
}

// results converts what pilot generates.
func results(all []config.Config) ([]Result, error) {
	out := []Result{}
	for _, c := range all {
		object, err := crd.ConvertConfig(c)
		if err != nil {
			return nil, err
		}
		data, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		var read struct {
			Metadata struct{ Annotations map[string]string }
			Spec     json.RawMessage
		}
		if err := json.Unmarshal(data, &read); err != nil {
			return nil, err
		}
		out = append(out, Result{c.GroupVersionKind.Kind, c.Namespace, c.Name, read.Metadata.Annotations, read.Spec})
	}
	return out, nil
}

// equalsGolden compares as upstream's test does.
func equalsGolden(all []config.Config, file string) error {
	text := ""
	for _, c := range all {
		object, err := crd.ConvertConfig(c)
		if err != nil {
			return err
		}
		data, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		text += string(data) + "---\n"
	}
	want, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.TrimSpace(text) != strings.TrimSpace(string(want)) {
		os.WriteFile(filepath.Join(os.TempDir(), filepath.Base(file)), []byte(text), 0o600)
		return fmt.Errorf("%s: pilot's controller, run here, generates something else", filepath.Base(file))
	}
	return nil
}

// decoded reads objects as pilot's clients do.
func decoded(objects []json.RawMessage) ([]runtime.Object, error) {
	out := []runtime.Object{}
	for _, data := range objects {
		object, _, err := kube.IstioCodec.UniversalDeserializer().Decode(data, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, data)
		}
		if secret, ok := object.(*corev1.Secret); ok && secret.Data == nil {
			secret.Data = map[string][]byte{}
			for key, text := range secret.StringData {
				secret.Data[key] = []byte(text)
			}
		}
		out = append(out, object)
	}
	return out, nil
}

var (
	serviceText = regexp.MustCompile(`(?s)\n\t\{\n\t\tAttributes: model\.ServiceAttributes\{(.*?)\n\t\t\},\n\t\tPorts: +(.*?),\n\t\tHostname: (.*?),\n\t\}`)
	fieldText   = regexp.MustCompile(`(\w+): +"([^"]*)"`)
	poolText    = regexp.MustCompile(`InferencePoolServiceName\("([^"]*)"\)`)
)

// testServices reads the services that upstream's test has in addition to its files from the test itself.
func testServices(dir string) ([]*model.Service, []runtime.Object, error) {
	source, err := os.ReadFile(filepath.Join(dir, "..", "conversion_test.go"))
	if err != nil {
		return nil, nil, err
	}
	_, text, _ := strings.Cut(string(source), "\nvar services = ")
	text, _, _ = strings.Cut(text, "\n}\n")
	http := &model.Port{Name: "http", Port: 80, Protocol: "HTTP"}
	ports := map[string][]*model.Port{
		"ports":              {http, {Name: "tcp", Port: 34000, Protocol: "TCP"}, {Name: "tcp-other", Port: 34001, Protocol: "TCP"}},
		"inferencePoolPorts": {{Name: "http", Port: 54321, Protocol: "HTTP"}},
	}
	services, objects := []*model.Service{}, []runtime.Object{}
	for _, match := range serviceText.FindAllStringSubmatch(text, -1) {
		service := &model.Service{Ports: ports[match[2]], Hostname: host.Name(strings.Trim(match[3], `"`))}
		if service.Ports == nil {
			service.Ports = append([]*model.Port{{Name: "https", Port: 443, Protocol: "HTTPS"}}, ports["ports"]...)
		}
		service.Attributes.Labels = map[string]string{}
		for _, field := range fieldText.FindAllStringSubmatch(match[1], -1) {
			switch field[1] {
			case "Name":
				service.Attributes.Name = field[2]
			case "Namespace":
				service.Attributes.Namespace = field[2]
			case "InferencePoolExtensionRefSvc":
				service.Attributes.Labels[gateway.InferencePoolExtensionRefSvc] = field[2]
			case "InferencePoolExtensionRefPort":
				service.Attributes.Labels[gateway.InferencePoolExtensionRefPort] = field[2]
			case "InferencePoolExtensionRefFailureMode":
				service.Attributes.Labels[gateway.InferencePoolExtensionRefFailureMode] = field[2]
			}
		}
		if pool := poolText.FindStringSubmatch(match[3]); pool != nil {
			name, err := gateway.InferencePoolServiceName(pool[1])
			if err != nil {
				return nil, nil, err
			}
			service.Hostname = host.Name(name + ".default.svc.domain.suffix")
		}
		services = append(services, service)
		if !strings.HasSuffix(string(service.Hostname), "domain.suffix") {
			continue
		}
		name := service.Attributes.Name
		if name == "" {
			name, _, _ = strings.Cut(string(service.Hostname), ".")
		}
		objects = append(objects, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: service.Attributes.Namespace, Name: name},
			Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: "HTTP"}}},
		})
	}
	if count := strings.Count(text, "\t\tHostname:"); len(services) != count {
		return nil, nil, fmt.Errorf("%d of %d services of upstream's test are understood", len(services), count)
	}
	return services, objects, nil
}
