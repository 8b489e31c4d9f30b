package main

import (
	"encoding/pem"
	"fmt"
	"strings"

	"istio-gateway/conformance/webhook/cases"
)

// PEMs are the texts that cases refer to by name.
type PEMs map[string]string

// newPEMs generates two pairs for the golden cases and, with a source, damaged ones.
func newPEMs(r *source) (PEMs, error) {
	all, err := makeAll()
	if err != nil {
		return nil, err
	}
	pems := PEMs{}
	add := func(number string, name string) {
		for _, m := range all {
			if m.name == name {
				pems["cert-"+number] = string(block("CERTIFICATE", m.cert))
				pems["key-"+number] = string(block("PRIVATE KEY", pkcs8(m.key)))
			}
		}
	}
	add("1", "p256")
	add("2", "rsa-2048")
	add("3", "full")
	if r != nil {
		for i := range 10 {
			data, _ := pem.Decode([]byte(pems["cert-3"]))
			pems[fmt.Sprintf("broken-%d", i)] = string(block("CERTIFICATE", r.damaged(data.Bytes)))
		}
	}
	return pems, nil
}

// fill replaces names with their texts.
func (p PEMs) fill(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		if name, ok := tree["$pem"].(string); ok {
			return p[name]
		}
		for key, value := range tree {
			tree[key] = p.fill(value)
		}
	case []any:
		for i, value := range tree {
			tree[i] = p.fill(value)
		}
	}
	return tree
}

type source struct{ cases.Source }

func newSource(seed uint64) *source { return &source{cases.NewSource(seed)} }

type object = cases.Object

func (r *source) input() object {
	return object{
		"gateway":         r.gateway(),
		"secrets":         r.secrets(),
		"configMaps":      r.configMaps(),
		"referenceGrants": r.grants(),
		"namespaces":      r.namespaces(),
		"gatewayClasses":  r.classes(),
		"listenerSets":    r.listenerSets(),
	}
}

func named(namespace, name string) object { return object{"namespace": namespace, "name": name} }

func (r *source) pem() any {
	if r.Chance(15) {
		return r.Pick("", "nope", object{"$pem": fmt.Sprintf("broken-%d", r.IntN(10))}, object{"$pem": "key-1"})
	}
	return object{"$pem": r.Pick("cert-1", "cert-2", "cert-3")}
}

func (r *source) secrets() []any {
	out := []any{}
	for _, namespace := range []string{"gw", "other"} {
		for _, name := range []string{"a", "b", "c", "ca", "ca-cacert"} {
			if r.Chance(15) {
				continue
			}
			data := object{}
			number := r.Pick("1", "2", "3").(string)
			pair := func(cert, key string) {
				data[cert] = object{"$pem": "cert-" + number}
				data[key] = object{"$pem": "key-" + number}
				if r.Chance(15) {
					data[cert] = r.pem()
				}
				if r.Chance(10) {
					data[key] = r.Pick("", "nope", object{"$pem": "key-1"}, object{"$pem": "cert-1"})
				}
			}
			if r.Chance(85) {
				pair("tls.crt", "tls.key")
			}
			if r.Chance(15) {
				pair("cert", "key")
			}
			if r.Chance(50) {
				data["ca.crt"] = r.pem()
			}
			if r.Chance(10) {
				data["cacert"] = r.pem()
			}
			if r.Chance(10) {
				for range r.IntN(5) {
					data[r.Pick("x", "y", "z", "a", "crl").(string)] = "1"
				}
			}
			out = append(out, object{"apiVersion": "v1", "kind": "Secret", "metadata": named(namespace, name), "stringData": data})
		}
	}
	return out
}

func (r *source) configMaps() []any {
	out := []any{}
	for _, namespace := range []string{"gw", "other"} {
		for _, name := range []string{"ca", "ca2"} {
			if r.Chance(15) {
				continue
			}
			data := object{}
			if r.Chance(85) {
				data["ca.crt"] = r.pem()
			}
			if r.Chance(15) {
				data["cacert"] = r.pem()
			}
			if r.Chance(10) {
				for range r.IntN(5) {
					data[r.Pick("x", "y", "z", "a").(string)] = "1"
				}
			}
			out = append(out, object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": named(namespace, name), "data": data})
		}
	}
	return out
}

func (r *source) grants() []any {
	out := []any{}
	for i := range r.IntN(3) {
		from, to := []any{}, []any{}
		for range 1 + r.IntN(2) {
			from = append(from, object{
				"group":     r.Pick("gateway.networking.k8s.io", "gateway.networking.k8s.io", "gateway.networking.k8s.io", "", "x"),
				"kind":      r.Pick("Gateway", "Gateway", "Gateway", "HTTPRoute", "ListenerSet", "gateway"),
				"namespace": r.Pick("gw", "gw", "gw", "other"),
			})
		}
		for range 1 + r.IntN(2) {
			entry := object{"group": r.Pick("", "", "", "core"), "kind": r.Pick("Secret", "ConfigMap", "Service")}
			if r.Chance(60) {
				entry["name"] = r.Pick("a", "ca", "ca-cacert", "b", "ca2-cacert", "")
			}
			to = append(to, entry)
		}
		out = append(out, object{
			"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
			"metadata": named(r.Pick("other", "other", "gw").(string), fmt.Sprintf("g%d", i)),
			"spec":     object{"from": from, "to": to},
		})
	}
	return out
}

func (r *source) namespaces() []any {
	out := []any{}
	for _, name := range []string{"gw", "other", "n1", "n2", "n3"} {
		if r.Chance(30) {
			continue
		}
		labels := object{}
		for _, key := range []string{"x", "team", "kubernetes.io/metadata.name"} {
			if r.Chance(40) {
				labels[key] = r.Pick("y", "z", name, "")
			}
		}
		out = append(out, object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name, "labels": labels}})
	}
	return out
}

// classes are mostly empty: then the class is istiod's own.
func (r *source) classes() []any {
	out := []any{}
	for _, name := range []string{"istio", "edge", "istio-waypoint", "istio-remote"} {
		if r.Chance(8) {
			out = append(out, object{
				"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": object{"name": name},
				"spec": object{"controllerName": r.Pick("istio.io/gateway-controller", "istio.io/gateway-controller", "istio.io/mesh-controller",
					"istio.io/eastwest-controller", "istio.io/unmanaged-gateway", "istio.io/agentgateway-controller", "example.com/controller", "istio.io/Gateway-Controller")},
			})
		}
	}
	return out
}

// odd changes a Gateway into one that an API server rejects or prunes.
func (r *source) odd(spec object) {
	listeners, _ := spec["listeners"].([]any)
	pick := func() object {
		if len(listeners) == 0 {
			return object{}
		}
		return listeners[r.IntN(len(listeners))].(object)
	}
	misspell := func(in object) {
		for key, value := range in {
			if r.Chance(40) {
				delete(in, key)
				in[r.Pick(key+"s", key[1:], "x"+key, strings.ToUpper(key[:1])+key[1:]).(string)] = value
				return
			}
		}
	}
	switch r.IntN(14) {
	case 0:
		spec["listener"] = spec["listeners"]
		if r.Chance(50) {
			delete(spec, "listeners")
		}
	case 1:
		// Map order is random in Go: only one key can be misspelt the same way each time.
		l := pick()
		if tls, ok := l["tls"].(object); ok && len(tls) == 1 {
			misspell(tls)
		}
	case 2:
		pick()["port"] = r.Pick(0, -1, 65535, 65536, 70000, 1)
	case 3:
		pick()["name"] = r.Pick("", "a.b", "A", "-", "a_b", strings.Repeat("a", 253), strings.Repeat("a", 254))
	case 4:
		pick()["hostname"] = r.Pick("*.*.example.com", "A.example.com", "-a", "a..b", strings.Repeat("a", 254), "1.2.3.4")
	case 5:
		delete(pick(), r.Pick("name", "port", "protocol").(string))
	case 6:
		spec["gatewayClassName"] = r.Pick("", strings.Repeat("a", 254))
	case 7:
		spec["allowedListeners"] = object{"namespaces": object{"from": r.Pick("none", "", "Selector")}}
	case 8:
		spec["defaultScope"] = r.Pick("All", "x")
		pick()["filters"] = object{"requests": []any{}}
	case 9:
		spec["infrastructure"] = object{
			"labels":      object{r.Pick("a", "a/b", "-a", "A/b", "a/b/c", strings.Repeat("a", 64)).(string): r.Pick("x", "", "-", strings.Repeat("a", 64))},
			"annotations": object{r.Pick("a", "a/b", "-a", strings.Repeat("a", 253)+"/b").(string): "x"},
		}
	case 10:
		spec["addresses"] = []any{
			object{"type": r.Pick("IPAddress", "Hostname", "NamedAddress", "example.com/x", "x"), "value": r.Pick("1.2.3.4", "::1", "x", "", "*.x", "X")},
			object{"value": r.Pick("1.2.3.4", "x")},
		}
	case 11:
		tls := object{"frontend": object{"perPort": []any{object{"port": r.Pick(443, 0, 9443), "tls": object{}}, object{"port": 9443, "tls": object{"validation": object{}}}}}}
		if r.Chance(50) {
			tls["frontend"].(object)["default"] = object{"validation": object{"mode": "AllowValidOnly"}}
		}
		spec["tls"] = tls
	case 12:
		for range 65 {
			listeners = append(listeners, object{"name": fmt.Sprintf("m%d", len(listeners)), "port": 80, "protocol": "HTTP", "hostname": fmt.Sprintf("m%d", len(listeners))})
		}
		spec["listeners"] = listeners[:r.Pick(64, 65).(int)]
	case 13:
		pick()["allowedRoutes"] = object{"kinds": []any{object{"kind": r.Pick("HTTPRoute", "", "a b", "-")}, object{"group": "x"}}}
	}
}

func (r *source) gateway() object {
	listeners := []any{}
	for i := range r.IntN(4) {
		listeners = append(listeners, r.listener(i))
	}
	spec := object{"gatewayClassName": "istio", "listeners": listeners}
	if r.Chance(10) {
		spec["gatewayClassName"] = r.Pick("edge", "istio-waypoint", "istio-remote", "istio-east-west")
	}
	if r.Chance(75) {
		spec["tls"] = r.gatewayTLS()
	}
	if r.Chance(85) {
		spec["allowedListeners"] = r.allowedListeners()
	}
	if r.Chance(8) {
		addresses := []any{}
		for range r.IntN(3) {
			address := object{"value": r.Pick("1.2.3.4", "gateway", "gateway.example.com")}
			if r.Chance(70) {
				address["type"] = r.Pick("IPAddress", "Hostname", "NamedAddress")
			}
			addresses = append(addresses, address)
		}
		spec["addresses"] = addresses
	}
	if r.Chance(5) {
		spec["infrastructure"] = object{"parametersRef": object{"group": r.Pick("", "", "x"), "kind": r.Pick("ConfigMap", "ConfigMap", "Secret"), "name": r.Pick("ca", "missing")}}
	}
	metadata := named("gw", "g")
	labels, annotations := object{}, object{}
	if r.Chance(15) {
		labels["topology.istio.io/network"] = "n"
	}
	if r.Chance(10) {
		labels["networking.istio.io/gatewayPort"] = r.Pick("15443", "443", "x")
	}
	if r.Chance(4) {
		annotations["networking.istio.io/service-type"] = "x"
	}
	metadata["labels"], metadata["annotations"] = labels, annotations
	if r.Chance(2) {
		spec["unknown"] = object{"a": 1}
	}
	if r.Chance(25) {
		r.odd(spec)
	}
	return object{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": metadata, "spec": spec}
}

// allowedListeners are mostly there: without them, a ListenerSet has no effect.
func (r *source) allowedListeners() object {
	namespaces := object{"from": r.Pick("All", "All", "All", "All", "All", "Same", "Selector", "Selector", "None")}
	if r.Chance(10) {
		delete(namespaces, "from")
	}
	if r.Chance(50) {
		namespaces["selector"] = r.selector()
	}
	return object{"namespaces": namespaces}
}

func (r *source) listenerSets() []any {
	out := []any{}
	seen := map[string]bool{}
	for range r.Pick(0, 0, 1, 1, 2, 3).(int) {
		// One of them has the name of the Gateway.
		metadata := named(r.Pick("gw", "gw", "other", "n1", "nowhere").(string), r.Pick("g", "s0", "s1", "s2").(string))
		if key := cases.Text(metadata); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		if r.Chance(30) {
			metadata["creationTimestamp"] = r.Pick("2026-01-02T00:00:00Z", "2026-01-01T23:00:00-02:00", "2026-01-01T23:30:00Z", nil)
		}
		if r.Chance(15) {
			metadata["labels"] = object{"topology.istio.io/network": "n"}
		}
		parent := object{"name": "g", "namespace": "gw"}
		if metadata["namespace"] == "gw" && r.Chance(50) {
			delete(parent, "namespace")
		}
		if r.Chance(20) {
			parent["kind"] = r.Pick("Gateway", "Gateway", "gateway", "Service", "")
		}
		if r.Chance(20) {
			parent["group"] = r.Pick("gateway.networking.k8s.io", "gateway.networking.k8s.io", "x", "")
		}
		if r.Chance(3) {
			parent["name"] = "missing"
		}
		listeners := []any{}
		for i := range r.Pick(1, 1, 2, 3).(int) {
			listener := r.listener(i + r.IntN(3))
			if r.Chance(8) {
				delete(listener, "port")
			}
			if r.Chance(3) {
				listener["port"] = 0
			}
			listeners = append(listeners, listener)
		}
		spec := object{"parentRef": parent, "listeners": listeners}
		if r.Chance(10) {
			r.oddSet(spec)
		}
		out = append(out, object{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "ListenerSet", "metadata": metadata, "spec": spec})
	}
	return out
}

// oddSet changes a ListenerSet into one that an API server rejects or prunes.
func (r *source) oddSet(spec object) {
	listeners := spec["listeners"].([]any)
	first := listeners[0].(object)
	switch r.IntN(8) {
	case 0:
		spec["listeners"] = []any{}
	case 1:
		first["name"] = r.Pick("", "A", strings.Repeat("a", 254))
	case 2:
		first["hostname"] = r.Pick("*.*.example.com", "A.example.com", "1.2.3.4")
	case 3:
		spec["parentRef"] = object{"name": r.Pick("", "g", strings.Repeat("a", 254)), "namespace": r.Pick("", "gw", "A")}
	case 4:
		spec["parentRefs"] = spec["parentRef"]
	case 5:
		first["hostName"] = "a.example.com"
	case 6:
		for len(listeners) < 65 {
			name := fmt.Sprintf("m%d", len(listeners))
			listeners = append(listeners, object{"name": name, "port": 80, "protocol": "HTTP", "hostname": name})
		}
		spec["listeners"] = listeners[:r.Pick(64, 65).(int)]
	case 7:
		delete(first, r.Pick("protocol", "name").(string))
	}
}

func (r *source) listener(i int) object {
	out := object{
		"name":     fmt.Sprintf("l%d", i),
		"port":     r.Pick(443, 443, 443, 8443, 15443, 80),
		"protocol": r.Pick("HTTPS", "HTTPS", "HTTPS", "HTTPS", "TLS", "TLS", "TLS", "HTTP", "TCP", "UDP", "HBONE", "https", "tcp", "", "x", "http/1"),
	}
	if r.Chance(5) {
		out["name"] = "l0"
	}
	if r.Chance(80) {
		out["hostname"] = r.Pick(fmt.Sprintf("h%d.example.com", i), "a.example.com", "*.example.com", "", "*")
	}
	if r.Chance(85) {
		out["tls"] = r.listenerTLS()
	}
	if r.Chance(40) {
		out["allowedRoutes"] = r.allowedRoutes()
	}
	return out
}

func (r *source) listenerTLS() object {
	out := object{}
	if r.Chance(60) {
		out["mode"] = r.Pick("Terminate", "Terminate", "Terminate", "Terminate", "Passthrough", "Passthrough", "", "x")
	}
	refs := []any{}
	for range r.Pick(0, 1, 1, 1, 1, 1, 2, 2, 2, 3).(int) {
		ref := object{"name": r.Pick("a", "b", "c", "ca", "missing", "builtin://x")}
		if r.Chance(25) {
			ref["namespace"] = r.Pick("gw", "other", "other", "nowhere", "")
		}
		if r.Chance(15) {
			ref["kind"] = r.Pick("Secret", "ConfigMap", "")
		}
		if r.Chance(15) {
			ref["group"] = r.Pick("", "", "core")
		}
		refs = append(refs, ref)
	}
	if len(refs) > 0 || r.Chance(50) {
		out["certificateRefs"] = refs
	}
	if r.Chance(30) {
		options := object{}
		if r.Chance(60) {
			options["gateway.istio.io/tls-terminate-mode"] = r.Pick("MUTUAL", "OPTIONAL_MUTUAL", "SIMPLE", "ISTIO_SIMPLE", "ISTIO_MUTUAL", "mutual", "")
		}
		if r.Chance(40) {
			options["gateway.istio.io/tls-cipher-suites"] = r.Pick("", ",", "AES128-SHA", "AES128-SHA, AES256-SHA ,x", "ALL", "!x", "\tAES128-SHA\u00a0", strings.Repeat("AES128-SHA,", 3))
		}
		if r.Chance(20) {
			options["gateway.istio.io/listener-protocol"] = r.Pick("auto-passthrough", "x")
		}
		out["options"] = options
	}
	return out
}

func (r *source) allowedRoutes() object {
	out := object{}
	if r.Chance(80) {
		namespaces := object{}
		if r.Chance(90) {
			namespaces["from"] = r.Pick("Same", "All", "Selector", "Selector", "Selector", "None", "x", "")
		}
		if r.Chance(70) {
			namespaces["selector"] = r.selector()
		}
		out["namespaces"] = namespaces
	}
	if r.Chance(30) {
		kinds := []any{}
		for range 1 + r.IntN(2) {
			kind := object{"kind": r.Pick("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")}
			if r.Chance(30) {
				kind["group"] = r.Pick("gateway.networking.k8s.io", "", "x")
			}
			kinds = append(kinds, kind)
		}
		out["kinds"] = kinds
	}
	return out
}

func (r *source) selector() object {
	out := object{}
	if r.Chance(60) {
		labels := object{}
		for range r.IntN(3) {
			labels[r.Pick("x", "team", "kubernetes.io/metadata.name", "bad key", "a/b/c", "A.b/c_d").(string)] = r.Pick("y", "z", "n1", "", "bad value", strings.Repeat("a", 64))
		}
		out["matchLabels"] = labels
	}
	if r.Chance(50) {
		expressions := []any{}
		for range 1 + r.IntN(2) {
			expression := object{
				"key":      r.Pick("x", "team", "kubernetes.io/metadata.name", "", "-"),
				"operator": r.Pick("In", "NotIn", "Exists", "DoesNotExist", "Gt", ""),
			}
			values := []any{}
			for range r.IntN(3) {
				values = append(values, r.Pick("y", "z", "n1", "", "-"))
			}
			if len(values) > 0 {
				expression["values"] = values
			}
			expressions = append(expressions, expression)
		}
		out["matchExpressions"] = expressions
	}
	return out
}

func (r *source) gatewayTLS() object {
	out := object{}
	if r.Chance(95) {
		frontend := object{}
		if r.Chance(90) {
			frontend["default"] = r.tlsConfig()
		}
		if r.Chance(40) {
			ports := []any{}
			for range 1 + r.IntN(2) {
				ports = append(ports, object{"port": r.Pick(443, 443, 8443, 8443, 80, 9443), "tls": r.tlsConfig()})
			}
			frontend["perPort"] = ports
		}
		out["frontend"] = frontend
	}
	if r.Chance(10) {
		ref := object{"name": r.Pick("a", "missing")}
		if r.Chance(30) {
			ref["namespace"] = r.Pick("gw", "other")
		}
		if r.Chance(20) {
			ref["kind"] = r.Pick("Secret", "ConfigMap")
		}
		out["backend"] = object{"clientCertificateRef": ref}
	}
	return out
}

func (r *source) tlsConfig() object {
	if r.Chance(10) {
		return object{}
	}
	refs := []any{}
	for range r.Pick(0, 1, 1, 1, 1, 1, 1, 2).(int) {
		ref := object{"group": "", "kind": r.Pick("ConfigMap", "ConfigMap", "Secret"), "name": r.Pick("ca", "ca2", "ca", "a", "missing")}
		if r.Chance(25) {
			ref["namespace"] = r.Pick("gw", "other", "other", "nowhere", "")
		}
		if r.Chance(5) {
			ref["group"], ref["kind"] = r.Pick("core", ""), r.Pick("ConfigMap", "Service", "")
		}
		if r.Chance(5) {
			ref["group"], ref["kind"] = "certificates.k8s.io", "ClusterTrustBundle"
			if r.Chance(70) {
				delete(ref, "namespace")
			}
		}
		refs = append(refs, ref)
	}
	validation := object{"caCertificateRefs": refs}
	if r.Chance(60) {
		validation["mode"] = r.Pick("AllowValidOnly", "AllowInsecureFallback", "AllowInsecureFallback", "", "x")
	}
	return object{"validation": validation}
}
