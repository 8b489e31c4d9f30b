// Command servers reports which servers of a Gateway pilot keeps when it merges them.
//
//	go run ./servers -directed > ../../tests/golden/servers.ndjson
//	go run ./servers -judge ../../tests/golden/servers.ndjson   # exits with 1 on another answer
//	go run ./servers -seed 1 -n 5000 > cases.ndjson
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/util/protomarshal"

	"istio-gateway/conformance/webhook/cases"
)

// Case is a line of tests/golden/servers.ndjson: the spec of a Gateway in the namespace infra, and the
// indexes of the servers that are kept.
type Case struct {
	ID      string          `json:"id"`
	Gateway json.RawMessage `json:"gateway"`
	Kept    []int           `json:"kept"`
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
		err = cases.Again(*file, func(line []byte) (string, error) {
			var known Case
			if err := json.Unmarshal(line, &known); err != nil {
				return "", err
			}
			now, err := judge(known.ID, known.Gateway)
			return cases.Difference(known.ID, now.Kept, known.Kept), err
		})
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

func write(gateways []Case) error {
	return cases.Write(func(write func(any) error) error {
		for _, gateway := range gateways {
			answer, err := judge(gateway.ID, gateway.Gateway)
			if err != nil {
				return err
			}
			if err := write(answer); err != nil {
				return err
			}
		}
		return nil
	})
}

// judge merges the servers of one Gateway, each named by its index.
func judge(id string, text json.RawMessage) (Case, error) {
	spec := &networking.Gateway{}
	if err := protomarshal.Unmarshal(text, spec); err != nil {
		return Case{}, err
	}
	spec.Selector = map[string]string{"istio": "gateway"}
	for i, server := range spec.Servers {
		server.Name = fmt.Sprint(i)
	}
	gateway := config.Config{
		Meta: config.Meta{
			GroupVersionKind: gvk.Gateway, Name: "edge", Namespace: "infra",
			CreationTimestamp: time.Unix(1, 0),
		},
		Spec: spec,
	}
	kept := []int{}
	err := test.Wrap(func(t test.Failer) {
		asked := core.NewConfigGenTest(t, core.TestOptions{Configs: []config.Config{gateway}})
		proxy := asked.SetupProxy(&model.Proxy{
			Type: model.Router, ConfigNamespace: "infra",
			Labels:   map[string]string{"istio": "gateway"},
			Metadata: &model.NodeMetadata{Namespace: "infra", Labels: map[string]string{"istio": "gateway"}},
		})
		for _, merged := range proxy.MergedGateway.MergedServers {
			for _, server := range merged.Servers {
				var index int
				if _, err := fmt.Sscan(server.Name, &index); err != nil {
					t.Fatal(err)
				}
				kept = append(kept, index)
			}
		}
	})
	slices.Sort(kept)
	return Case{id, text, kept}, err
}

type object = cases.Object

func server(number int, name, protocol, bind string, tls object, hosts ...string) object {
	server := object{
		"port":  object{"number": number, "name": name, "protocol": protocol},
		"hosts": hosts,
	}
	if bind != "" {
		server["bind"] = bind
	}
	if tls != nil {
		server["tls"] = tls
	}
	return server
}

func gateway(id string, servers ...object) Case {
	return Case{ID: id, Gateway: json.RawMessage(cases.Text(object{"servers": servers}))}
}

func directed() []Case {
	simple := object{"mode": "SIMPLE", "credentialName": "c"}
	mutual := object{"mode": "MUTUAL", "credentialName": "c"}
	passthrough := object{"mode": "PASSTHROUGH"}
	redirect := object{"httpsRedirect": true}
	https := func(name, bind string, tls object, hosts ...string) object {
		return server(443, name, "HTTPS", bind, tls, hosts...)
	}
	return []Case{
		gateway("one", https("a", "", simple, "x.test")),
		gateway("same host", https("a", "", simple, "x.test"), https("b", "", mutual, "y.test", "x.test")),
		gateway("same host, another bind", https("a", "", simple, "x.test"), https("b", "10.0.0.1", mutual, "x.test")),
		gateway("same host, the wildcard address written", https("a", "", simple, "x.test"), https("b", "0.0.0.0", mutual, "x.test")),
		gateway("a host's last bind counts", https("a", "", simple, "x.test"), https("b", "10.0.0.1", mutual, "x.test"), https("c", "", mutual, "x.test")),
		gateway("same host, another port", https("a", "", simple, "x.test"), server(8443, "b", "HTTPS", "", mutual, "x.test")),
		gateway("a skipped server does not claim hosts", https("a", "", simple, "x.test"), https("b", "", mutual, "x.test", "y.test"), https("c", "", mutual, "y.test")),
		gateway("a server that conflicts claims hosts", server(443, "t", "TCP", "", nil, "*"), https("a", "", simple, "x.test"), https("b", "", mutual, "x.test")),
		gateway("a namespace is another text", https("a", "", simple, "n1/x.test"), https("b", "", mutual, "n2/x.test")),
		gateway("its own namespace", https("a", "", simple, "./x.test"), https("b", "", mutual, "infra/x.test")),
		gateway("every namespace", https("a", "", simple, "*/x.test"), https("b", "", mutual, "x.test")),
		gateway("every namespace and host", https("a", "", simple, "*/*"), https("b", "", mutual, "*")),
		gateway("case counts", https("a", "", simple, "X.test"), https("b", "", mutual, "x.test")),
		gateway("a host twice in one server", https("a", "", simple, "x.test", "x.test")),
		gateway("port names", https("a", "", simple, "x.test"), https("a", "", mutual, "y.test")),
		gateway("port names on two addresses", https("a", "", simple, "x.test"), https("a", "10.0.0.1", mutual, "y.test")),
		gateway("port names of passthrough", https("a", "", passthrough, "x.test"), https("a", "", passthrough, "y.test")),
		gateway("passthrough and terminated", https("a", "", passthrough, "x.test"), https("b", "", simple, "x.test")),
		gateway("TLS beside HTTPS", https("a", "", simple, "x.test"), server(443, "b", "TLS", "", passthrough, "y.test")),
		gateway("plain HTTP beside HTTPS", https("a", "", simple, "x.test"), server(443, "b", "HTTP", "", nil, "y.test")),
		gateway("HTTPS beside plain HTTP", server(80, "a", "HTTP", "", nil, "x.test"), server(80, "b", "HTTPS", "", simple, "y.test")),
		gateway("HTTPS beside plain HTTP on another address", server(80, "a", "HTTP", "", nil, "x.test"), server(80, "b", "HTTPS", "10.0.0.1", simple, "y.test")),
		gateway("HTTP and HTTP2", server(80, "a", "HTTP", "", nil, "*"), server(80, "b", "HTTP2", "", nil, "*"), server(80, "c", "GRPC", "", nil, "*")),
		gateway("redirects of one host", server(80, "a", "HTTP", "", redirect, "*"), server(80, "b", "HTTP", "", redirect, "*"), server(80, "c", "HTTP", "", nil, "*")),
		gateway("TCP twice", server(9000, "a", "TCP", "", nil, "*"), server(9000, "b", "TCP", "", nil, "*")),
		gateway("TCP twice, two addresses", server(9000, "a", "TCP", "10.0.0.1", nil, "*"), server(9000, "b", "TCP", "10.0.0.2", nil, "*"), server(9000, "c", "TCP", "10.0.0.2", nil, "*")),
		gateway("TCP with TLS, then without", server(9000, "a", "TCP", "", simple, "x.test"), server(9000, "b", "TCP", "", nil, "*")),
		gateway("TCP with TLS of two names, then without", server(9000, "a", "TCP", "", simple, "x.test"), server(9000, "b", "TCP", "", mutual, "y.test"), server(9000, "c", "TCP", "", nil, "*")),
		gateway("HTTPS without TLS settings", https("a", "", simple, "x.test"), https("b", "", nil, "y.test")),
		gateway("no port", object{"hosts": []string{"*"}}, https("a", "", simple, "x.test")),
		gateway("protocols in another case", server(443, "a", "https", "", simple, "x.test"), server(443, "b", "HTTPS", "", mutual, "y.test"), server(443, "c", "Tls", "", passthrough, "z.test")),
	}
}

func random(seed uint64, count int) []Case {
	random := cases.Source{Rand: rand.New(rand.NewPCG(seed, 0))}
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	var gateways []Case
	for i := range count {
		var servers []object
		for range 1 + random.IntN(6) {
			tls := []object{
				nil, nil, {"httpsRedirect": true}, {"mode": "PASSTHROUGH"}, {"mode": "AUTO_PASSTHROUGH"},
				{"mode": "SIMPLE", "credentialName": "c"}, {"mode": "MUTUAL", "credentialName": "c"},
			}[random.IntN(7)]
			hosts := []string{}
			for range 1 + random.IntN(2) {
				hosts = append(hosts, pick("*", "a.test", "b.test", "c.test", "n1/a.test", "n2/a.test", "./a.test", "infra/a.test", "*/a.test"))
			}
			servers = append(servers, server(
				[]int{80, 443, 443, 443}[random.IntN(4)], pick("a", "b", "c", "d"),
				pick("HTTP", "HTTPS", "HTTPS", "TLS", "TCP", "GRPC", "http", "MONGO", "UDP"),
				pick("", "", "", "0.0.0.0", "10.0.0.1"), tls, hosts...,
			))
		}
		gateways = append(gateways, gateway(fmt.Sprintf("rnd/%d/%d", seed, i), servers...))
	}
	return gateways
}
