package main

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"istio-gateway/conformance/webhook/cases"
)

// writeRoutes writes random sets of Gateways, ListenerSets and routes that an API server accepts, with what
// pilot's controller generates from them.
func writeRoutes(seed uint64, count int) error {
	r := newSource(seed)
	definitions, err := definitionsOfModule()
	if err != nil {
		return err
	}
	asUpstreamsTest()
	return cases.Write(func(write func(any) error) error {
		for i := range count {
			c := FileCase{ID: fmt.Sprintf("routes/%d/%d", seed, i)}
			defaulted, _, err := c.add(r.routeSet(), definitions)
			if err != nil {
				return err
			}
			objects, err := decoded(defaulted)
			if err != nil {
				return err
			}
			// Whether a backend exists is not compared: a mirror to one that does not is dropped.
			for _, namespace := range []string{"gw", "other", "n1"} {
				for _, name := range []string{"a", "b", "c"} {
					objects = append(objects, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
				}
			}
			all, err := generate(objects, nil)
			if err != nil {
				return err
			}
			if c.Output.Configs, err = results(all); err != nil {
				return err
			}
			text := strings.ReplaceAll(cases.Text(c), "domain.suffix", "cluster.local")
			if err := write(json.RawMessage(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *source) routeSet() []object {
	out := []object{}
	for _, name := range []string{"gw", "other", "n1"} {
		labels := object{"team": r.Pick("x", "y")}
		out = append(out, object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name, "labels": labels}})
	}
	for _, name := range []string{"g", "h"} {
		spec := object{"gatewayClassName": "istio", "listeners": r.routeListeners(), "allowedListeners": object{"namespaces": object{"from": "All"}}}
		out = append(out, r.ofGatewayAPI("Gateway", named("gw", name), spec))
	}
	for i := range r.IntN(3) {
		spec := object{"parentRef": object{"name": "g", "namespace": "gw"}, "listeners": r.routeListeners()}
		out = append(out, r.ofGatewayAPI("ListenerSet", named(r.Pick("gw", "other").(string), fmt.Sprintf("s%d", i)), spec))
	}
	for i := range r.IntN(4) {
		from := object{"group": "gateway.networking.k8s.io", "kind": r.Pick("HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"), "namespace": r.Pick("gw", "n1", "other")}
		to := object{"group": "", "kind": r.Pick("Service", "Service", "Secret")}
		if r.Chance(50) {
			to["name"] = r.Pick("a", "b")
		}
		grant := r.ofGatewayAPI("ReferenceGrant", named(r.Pick("gw", "other").(string), fmt.Sprintf("r%d", i)), object{"from": []any{from}, "to": []any{to}})
		// The version that pilot watches: its fake client converts none.
		grant["apiVersion"] = "gateway.networking.k8s.io/v1beta1"
		out = append(out, grant)
	}
	for i := range 20 {
		out = append(out, r.route(fmt.Sprintf("r%d", i)))
	}
	return out
}

func (r *source) ofGatewayAPI(kind string, metadata, spec object) object {
	if r.Chance(25) {
		metadata["creationTimestamp"] = r.Pick("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")
	}
	return object{"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
}

func (r *source) host() string {
	return r.Pick("a.example.com", "b.example.com", "*.example.com", "*.com", "x.a.example.com", "*.a.example.com", "other.org", "example.com").(string)
}

func (r *source) routeListeners() []any {
	out := []any{}
	for i := range 1 + r.IntN(5) {
		protocol := r.Pick("HTTP", "HTTP", "HTTP", "TLS", "TLS", "TCP").(string)
		listener := object{
			"name": fmt.Sprintf("l%d", i), "protocol": protocol,
			"port": map[string]any{"HTTP": r.Pick(80, 80, 80, 8080), "TLS": r.Pick(443, 443, 8443), "TCP": r.Pick(5000, 5001)}[protocol],
		}
		if protocol == "TLS" {
			listener["tls"] = object{"mode": "Passthrough"}
		}
		if protocol != "TCP" && r.Chance(80) {
			listener["hostname"] = r.host()
		}
		if r.Chance(80) {
			namespaces := object{"from": r.Pick("All", "All", "All", "All", "Same", "Selector")}
			if namespaces["from"] == "Selector" {
				namespaces["selector"] = object{"matchLabels": object{"team": r.Pick("x", "y", "z")}}
			}
			listener["allowedRoutes"] = object{"namespaces": namespaces}
			if r.Chance(15) {
				listener["allowedRoutes"].(object)["kinds"] = []any{object{"kind": r.Pick("HTTPRoute", "GRPCRoute", "TLSRoute")}}
			}
		}
		out = append(out, listener)
	}
	return out
}

func (r *source) route(name string) object {
	kind := r.Pick("HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute", "TLSRoute", "TLSRoute", "TCPRoute").(string)
	metadata := named(r.Pick("gw", "gw", "other", "n1").(string), name)
	parents := []any{}
	for range r.Pick(1, 1, 1, 2).(int) {
		parent := object{"name": r.Pick("g", "g", "g", "h", "missing"), "namespace": "gw"}
		if r.Chance(20) {
			parent = object{"name": r.Pick("s0", "s1"), "kind": "ListenerSet", "namespace": r.Pick("gw", "other")}
		}
		if metadata["namespace"] == parent["namespace"] && r.Chance(50) {
			delete(parent, "namespace")
		}
		if r.Chance(35) {
			parent["sectionName"] = r.Pick("l0", "l1", "l2", "l9")
		}
		if r.Chance(10) {
			parent["port"] = r.Pick(80, 443, 5000)
		}
		if r.Chance(5) {
			parent["group"], parent["kind"] = r.Pick("", "x"), r.Pick("Service", "Gateway")
		}
		parents = append(parents, parent)
	}
	spec := object{"parentRefs": parents}
	if kind == "TLSRoute" || kind != "TCPRoute" && r.Chance(70) {
		hosts := []any{}
		for range 1 + r.IntN(3) {
			hosts = append(hosts, r.host())
		}
		spec["hostnames"] = hosts
	}
	rules := []any{}
	for range r.Pick(1, 1, 1, 2, 3).(int) {
		rules = append(rules, r.rule(kind))
	}
	if kind == "TLSRoute" || kind == "TCPRoute" {
		rules = rules[:1]
	}
	spec["rules"] = rules
	if kind == "HTTPRoute" && r.Chance(3) {
		delete(spec, "rules")
	}
	return r.ofGatewayAPI(kind, metadata, spec)
}

func (r *source) rule(kind string) object {
	out := object{}
	of := kind == "HTTPRoute"
	backends := []any{}
	for range r.Pick(0, 1, 1, 1, 2, 3).(int) {
		backend := r.backend()
		if r.Chance(40) {
			backend["weight"] = r.Pick(0, 1, 1, 3)
		}
		if (of || kind == "GRPCRoute") && r.Chance(10) {
			backend["filters"] = []any{r.headerFilter()}
		}
		backends = append(backends, backend)
	}
	if len(backends) > 0 || r.Chance(50) {
		out["backendRefs"] = backends
	}
	if kind == "TLSRoute" || kind == "TCPRoute" {
		return out
	}
	if r.Chance(10) {
		out["name"] = r.Pick("first", "second")
	}
	matches := []any{}
	for range r.Pick(0, 1, 1, 2).(int) {
		matches = append(matches, r.match(of))
	}
	if len(matches) > 0 || r.Chance(20) {
		out["matches"] = matches
	}
	filters := []any{}
	for range r.Pick(0, 0, 0, 1, 2).(int) {
		filters = append(filters, r.filter(of))
	}
	if len(filters) > 0 {
		out["filters"] = filters
	}
	if of && r.Chance(15) {
		timeouts := object{}
		if r.Chance(70) {
			timeouts["request"] = r.Pick("10s", "1m30s", "0s", "1h", "1500ms")
		}
		if r.Chance(50) {
			timeouts["backendRequest"] = r.Pick("1s", "250ms", "0s")
		}
		out["timeouts"] = timeouts
	}
	return out
}

func (r *source) backend() object {
	out := object{"name": r.Pick("a", "b", "c"), "port": r.Pick(80, 80, 8080)}
	if r.Chance(25) {
		out["namespace"] = r.Pick("gw", "other", "n1")
	}
	switch r.IntN(25) {
	case 0:
		out["name"] = "a.b"
	case 1:
		out["kind"] = "ServiceImport"
		out["group"] = "multicluster.x-k8s.io"
	case 2:
		out["kind"], out["group"] = "InferencePool", "inference.networking.k8s.io"
		delete(out, "port")
	case 3:
		out["kind"], out["group"] = r.Pick("Secret", "Thing"), r.Pick("", "x")
		delete(out, "port")
	case 4:
		out["kind"], out["group"], out["name"] = "Hostname", "networking.istio.io", "google.com"
	}
	return out
}

func (r *source) headerFilter() object {
	side := r.Pick("request", "response").(string)
	headers := func() []any {
		out := []any{}
		for _, name := range []string{"x-a", "X-B"}[:1+r.IntN(2)] {
			out = append(out, object{"name": name, "value": r.Pick("1", "é", "a b", "x\x01")})
		}
		return out
	}
	modifier := object{}
	for _, key := range []string{"set", "add"} {
		if r.Chance(50) {
			modifier[key] = headers()
		}
	}
	if r.Chance(50) {
		modifier["remove"] = []any{"x-c"}
	}
	return object{"type": strings.ToUpper(side[:1]) + side[1:] + "HeaderModifier", side + "HeaderModifier": modifier}
}

func (r *source) filter(of bool) object {
	mirror := object{"backendRef": r.backend()}
	for mirror["backendRef"].(object)["kind"] == "Hostname" {
		mirror["backendRef"] = r.backend()
	}
	switch r.IntN(4) {
	case 0:
		mirror["percent"] = r.Pick(0, 50, 100)
	case 1:
		mirror["fraction"] = object{"numerator": r.Pick(0, 1, 5), "denominator": r.Pick(3, 10, 1000)}
	case 2:
		mirror["fraction"] = object{"numerator": 7}
	}
	path := object{"type": "ReplacePrefixMatch", "replacePrefixMatch": r.Pick("/", "/x", "/x/", "")}
	if r.Chance(50) {
		path = object{"type": "ReplaceFullPath", "replaceFullPath": r.Pick("/", "/x/", "")}
	}
	kind := r.IntN(5)
	if !of && kind > 1 {
		kind = r.IntN(2)
	}
	switch kind {
	case 0:
		return r.headerFilter()
	case 1:
		return object{"type": "RequestMirror", "requestMirror": mirror}
	case 2:
		redirect := object{}
		for key, value := range map[string]any{
			"scheme": r.Pick("http", "https"), "hostname": "new.example.com", "port": r.Pick(80, 8443),
			"statusCode": r.Pick(301, 302), "path": path,
		} {
			if len(key)%3 != 0 || r.Chance(50) {
				redirect[key] = value
			}
		}
		return object{"type": "RequestRedirect", "requestRedirect": redirect}
	case 3:
		rewrite := object{"path": path}
		if r.Chance(40) {
			rewrite["hostname"] = "new.example.com"
		}
		return object{"type": "URLRewrite", "urlRewrite": rewrite}
	}
	cors := object{"allowOrigins": []any{r.Pick("*", "https://a.example.com", "https://*.example.com", "https://example.*")}}
	if r.Chance(50) {
		cors["allowCredentials"] = r.Pick(true, false)
	}
	if r.Chance(50) {
		cors["allowMethods"], cors["allowHeaders"], cors["exposeHeaders"] = []any{"GET"}, []any{"x-a"}, []any{"x-b"}
	}
	if r.Chance(50) {
		cors["maxAge"] = r.Pick(1, 600)
	}
	return object{"type": "CORS", "cors": cors}
}

func (r *source) match(of bool) object {
	out := object{}
	condition := func(name any) object {
		out := object{"name": name, "value": r.Pick("1", "two")}
		if r.Chance(40) {
			out["type"] = r.Pick("Exact", "RegularExpression")
		}
		return out
	}
	if r.Chance(30) {
		out["headers"] = []any{condition("x-a"), condition("X-B")}[:1+r.IntN(2)]
	}
	if !of {
		method := object{}
		if r.Chance(70) {
			method["service"] = r.Pick("a.Service", "b")
		}
		if r.Chance(60) || len(method) == 0 {
			method["method"] = r.Pick("Get", "Put")
		}
		if r.Chance(40) {
			method["type"] = r.Pick("Exact", "RegularExpression")
		}
		if r.Chance(80) {
			out["method"] = method
		}
		return out
	}
	if r.Chance(80) {
		path := object{"value": r.Pick("/", "/a", "/a/", "/a/b", "/abc")}
		if r.Chance(70) {
			path["type"] = r.Pick("PathPrefix", "Exact", "RegularExpression")
		}
		out["path"] = path
	}
	if r.Chance(20) {
		out["queryParams"] = []any{condition("q")}
	}
	if r.Chance(20) {
		out["method"] = r.Pick("GET", "POST")
	}
	return out
}
