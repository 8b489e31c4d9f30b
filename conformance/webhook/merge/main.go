// Command merge asks pilot what it builds of a set of Gateways and VirtualServices for one workload:
// which servers it keeps, the listeners with their filter chains, and the virtual hosts of each route.
//
//	go run ./merge -directed > ../../tests/golden/merge.ndjson
//	go run ./merge -judge ../../tests/golden/merge.ndjson   # exits with 1 on another answer
//	go run ./merge -seed 1 -n 5000 > cases.ndjson
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcp "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	istioroute "istio.io/istio/pilot/pkg/networking/core/route"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/util/protomarshal"

	"istio-gateway/conformance/webhook/cases"
)

// Case is a line of tests/golden/merge.ndjson. The workload's namespace is infra, its labels are
// {"app": "edge"} and one that each Gateway has. All routes of the VirtualService v lead to the host "v.test".
type Case struct {
	ID       string     `json:"id"`
	Gateways []Resource `json:"gateways"`
	Services []Resource `json:"virtual_services"`
	// Servers that are kept: the gateway's and the server's index.
	Kept      [][2]int                   `json:"kept"`
	Listeners map[string][]Chain         `json:"listeners"`
	Routes    map[string]map[string]Host `json:"routes"`
}

// Resource is a Gateway or a VirtualService.
type Resource struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Created   int64  `json:"created"`
	// What istiod itself sets on VirtualServices that it generates.
	Annotations map[string]string `json:"annotations,omitempty"`
	Spec        json.RawMessage   `json:"spec"`
}

// Chain is a filter chain.
type Chain struct {
	ServerNames []string `json:"server_names"`
	// Whether a client certificate is required; absent without TLS.
	Required *bool `json:"required,omitempty"`
	// The name of the route of an HTTP chain.
	Route string `json:"route,omitempty"`
	// The VirtualServices that a TCP chain leads to.
	Services []string `json:"services,omitempty"`
	// Where it leads, as host:port.
	Backends []string `json:"backends,omitempty"`
}

// Host is what a route does with the requests of a domain.
type Host struct {
	IsRedirect bool     `json:"redirect"`
	Services   []string `json:"services"`
	// Where its routes lead, as host:port, up to the first route that takes every request.
	Backends []string `json:"backends,omitempty"`
}

func main() {
	file := flag.String("judge", "", "judge the cases of this file again")
	isDirected := flag.Bool("directed", false, "the directed cases with their answers")
	seed := flag.Uint64("seed", 1, "for random cases")
	count := flag.Int("n", 1000, "how many random cases")
	flag.Parse()
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	var err error
	switch {
	case *file != "":
		err = again(*file)
	case *isDirected:
		err = write(directed())
	default:
		err = write(random(*seed, *count))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// again judges each line by itself.
func again(file string) error {
	return cases.Again(file, func(line []byte) (string, error) {
		var known Case
		if err := json.Unmarshal(line, &known); err != nil {
			return "", err
		}
		now := known
		err := judge([]*Case{&now})
		return cases.Difference(known.ID, now, known), err
	})
}

// In one push, since each costs more than a set of Gateways does.
const batch = 100

func write(all []Case) error {
	return cases.Write(func(write func(any) error) error {
		for some := range slices.Chunk(all, batch) {
			asked := []*Case{}
			for i := range some {
				asked = append(asked, &some[i])
			}
			if err := judge(asked); err != nil {
				return err
			}
			for _, answer := range asked {
				if err := write(answer); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (r Resource) meta(kind config.GroupVersionKind) config.Meta {
	return config.Meta{
		GroupVersionKind: kind, Name: r.Name, Namespace: r.Namespace, Domain: "cluster.local",
		CreationTimestamp: time.Unix(r.Created, 0), Annotations: r.Annotations,
	}
}

// judge fills in the answers to all of the cases. Their workloads have different labels, and their
// resources different names.
func judge(asked []*Case) error {
	configs := []config.Config{}
	for _, one := range asked {
		for g, resource := range one.Gateways {
			spec := &networking.Gateway{}
			if err := protomarshal.Unmarshal(resource.Spec, spec); err != nil {
				return fmt.Errorf("%s: %w", one.ID, err)
			}
			if spec.Selector == nil {
				spec.Selector = map[string]string{}
			}
			spec.Selector["set"] = one.ID
			for s, server := range spec.Servers {
				server.Name = fmt.Sprintf("%d.%d", g, s)
			}
			configs = append(configs, config.Config{Meta: resource.meta(gvk.Gateway), Spec: spec})
		}
		for _, resource := range one.Services {
			spec := &networking.VirtualService{}
			if err := protomarshal.Unmarshal(resource.Spec, spec); err != nil {
				return fmt.Errorf("%s: %w", one.ID, err)
			}
			configs = append(configs, config.Config{Meta: resource.meta(gvk.VirtualService), Spec: spec})
		}
	}
	return test.Wrap(func(t test.Failer) {
		pilot := core.NewConfigGenTest(t, core.TestOptions{Configs: configs})
		for _, one := range asked {
			labels := map[string]string{"set": one.ID, "app": "edge"}
			proxy := pilot.SetupProxy(&model.Proxy{
				Type: model.Router, ConfigNamespace: "infra", Labels: labels,
				Metadata: &model.NodeMetadata{Namespace: "infra", Labels: labels},
			})
			one.answer(t, pilot, proxy)
		}
	})
}

func (c *Case) answer(t test.Failer, pilot *core.ConfigGenTest, proxy *model.Proxy) {
	c.Kept, c.Listeners, c.Routes = [][2]int{}, map[string][]Chain{}, map[string]map[string]Host{}
	if proxy.MergedGateway == nil {
		return
	}
	for _, merged := range proxy.MergedGateway.MergedServers {
		for _, server := range merged.Servers {
			var index [2]int
			if _, err := fmt.Sscanf(server.Name, "%d.%d", &index[0], &index[1]); err != nil {
				t.Fatal(err)
			}
			c.Kept = append(c.Kept, index)
		}
	}
	slices.SortFunc(c.Kept, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	listeners := pilot.Listeners(proxy)
	for _, listener := range listeners {
		if !strings.Contains(listener.Name, "_") {
			continue
		}
		chains := []Chain{}
		for _, chain := range listener.FilterChains {
			chains = append(chains, read(t, chain))
		}
		c.Listeners[listener.Name] = chains
	}
	for _, configuration := range pilot.RoutesFromListeners(proxy, listeners) {
		hosts := map[string]Host{}
		for _, host := range configuration.VirtualHosts {
			one := Host{IsRedirect: host.RequireTls == route.VirtualHost_ALL, Services: []string{}}
			isReached := true
			for _, to := range host.Routes {
				config := to.Metadata.FilterMetadata["istio"].Fields["config"].GetStringValue()
				one.Services = add(one.Services, config[strings.LastIndex(config, "/")+1:])
				if isReached {
					one.Backends = backends(one.Backends, to.GetRoute())
				}
				isReached = isReached && !istioroute.IsCatchAllRoute(to)
			}
			for _, domain := range host.Domains {
				if _, exists := hosts[domain]; exists {
					t.Fatalf("%s: %s twice", c.ID, domain)
				}
				hosts[domain] = one
			}
		}
		c.Routes[configuration.Name] = hosts
	}
}

// add adds the name, once, in the order of names.
func add(names []string, name string) []string {
	if !slices.Contains(names, name) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func backends(names []string, to *route.RouteAction) []string {
	clusters := []string{}
	if to.GetCluster() != "" {
		clusters = append(clusters, to.GetCluster())
	}
	for _, weighted := range to.GetWeightedClusters().GetClusters() {
		clusters = append(clusters, weighted.Name)
	}
	for _, name := range clusters {
		names = add(names, backend(name))
	}
	return names
}

// backend is host:port of outbound|port|subset|host.
func backend(name string) string {
	parts := strings.Split(name, "|")
	return parts[3] + ":" + parts[1]
}

func read(t test.Failer, chain *cluster.FilterChain) Chain {
	result := Chain{ServerNames: append([]string{}, chain.GetFilterChainMatch().GetServerNames()...)}
	slices.Sort(result.ServerNames)
	if socket := chain.TransportSocket.GetTypedConfig(); socket != nil {
		context := &tls.DownstreamTlsContext{}
		if err := socket.UnmarshalTo(context); err != nil {
			t.Fatal(err)
		}
		required := context.GetRequireClientCertificate().GetValue()
		result.Required = &required
	}
	for _, filter := range chain.Filters {
		switch {
		case filter.GetTypedConfig().MessageIs(&hcm.HttpConnectionManager{}):
			manager := &hcm.HttpConnectionManager{}
			if err := filter.GetTypedConfig().UnmarshalTo(manager); err != nil {
				t.Fatal(err)
			}
			result.Route = manager.GetRds().GetRouteConfigName()
		case filter.GetTypedConfig().MessageIs(&tcp.TcpProxy{}):
			proxy := &tcp.TcpProxy{}
			if err := filter.GetTypedConfig().UnmarshalTo(proxy); err != nil {
				t.Fatal(err)
			}
			host, _, _ := strings.Cut(backend(proxy.GetCluster()), ":")
			result.Services = add(result.Services, strings.TrimSuffix(host, ".test"))
			result.Backends = add(result.Backends, backend(proxy.GetCluster()))
		}
	}
	return result
}
