package main

import (
	"encoding/json"

	"istio-gateway/conformance/webhook/cases"
)

// Gateways generates objects that are mostly valid and partly odd.
func Gateways(seed uint64, count int) []json.RawMessage {
	r := newSource(seed)
	out := make([]json.RawMessage, count)
	for i := range out {
		data, err := json.Marshal(r.gateway())
		if err != nil {
			panic(err)
		}
		out[i] = data
	}
	return out
}

type source struct{ cases.Source }

func newSource(seed uint64) *source { return &source{cases.NewSource(seed)} }

type object = cases.Object

func (r *source) gateway() object {
	servers := []any{}
	for range r.IntN(3) + r.IntN(2) {
		servers = append(servers, r.server())
	}
	spec := object{"servers": servers}
	if r.Chance(80) {
		spec["selector"] = object{"istio": r.Pick("ingress", "ingress", "egress", nil, 1)}
	}
	if r.Chance(3) {
		spec["bogus"] = r.Pick(1, nil, object{})
	}
	metadata := object{"name": "edge", "namespace": "infra"}
	if r.Chance(5) {
		metadata["name"] = r.Pick("", "a.b", "A", "a_b", "-", "1", "x-")
	}
	if r.Chance(5) {
		key := r.Pick("internal.istio.io/gateway-semantics", "istio.io/dry-run", "internal.istio.io/parents", "a/b").(string)
		metadata["annotations"] = object{key: r.Pick("gateway", "", "true")}
	}
	out := object{"apiVersion": r.Pick("networking.istio.io/v1", "networking.istio.io/v1beta1"), "kind": "Gateway", "metadata": metadata, "spec": spec}
	if r.Chance(3) {
		out["extra"] = 1
	}
	return out
}

func (r *source) server() any {
	server := object{"port": r.port(), "hosts": r.hosts()}
	if r.Chance(70) {
		server["tls"] = r.tls()
	}
	if r.Chance(20) {
		server["bind"] = r.Pick("", "1.2.3.4", "::1", "fe80::1%e", "01.2.3.4", "unix:///a", "unix://", "unix://a/", "unix://@a", "::ffff:1.2.3.4%e", "1.2.3.4%e", "x")
	}
	if r.Chance(10) {
		server["name"] = r.Pick("a", "b", "")
	}
	if r.Chance(4) {
		delete(server, r.Pick("port", "hosts").(string))
	}
	if r.Chance(2) {
		return r.Pick(nil, "", 1, []any{object{"a": 1}}, object{})
	}
	return server
}

func (r *source) port() any {
	if r.Chance(75) {
		n := r.IntN(8)
		return object{
			"number":   r.Pick(443, 443, 8443, 80, 15443),
			"name":     string(rune('a' + n)),
			"protocol": r.Pick("HTTPS", "HTTPS", "HTTPS", "TLS", "HTTP", "TCP", "GRPC"),
		}
	}
	port := object{
		"number":   r.Pick(443, 443, 8443, 80, 15443, 65535, 65536, 0, 443.0, 443.5, -1, "443", nil, 1e10),
		"name":     r.Pick("a", "b", "c", "d", "e", "f", "", "\"", "ü\n"),
		"protocol": r.Pick("HTTPS", "HTTPS", "HTTPS", "TLS", "TLS", "HTTP", "TCP", "grpc", "HTTP2", "MONGO", "QUIC", "", "UDP", "Http_Proxy"),
	}
	if r.Chance(5) {
		port["targetPort"] = r.Pick(0, 1, 80, nil, -1, true)
	}
	if r.Chance(4) {
		delete(port, r.Pick("number", "name", "protocol").(string))
	}
	if r.Chance(2) {
		return r.Pick(nil, 443, []any{})
	}
	return port
}

func (r *source) hosts() any {
	parts := []string{"*", ".", "a", "b-c", "-", "1", "com", "example", "*a", "*-a", "a_b", "ü", "/", "~", "ns", "", "192.168.0.1", "::1", ":443", "+1", "xn--a", "A", "\n"}
	if r.Chance(75) {
		return []any{r.Pick("*", "a.example.com", "*.example.com", "ns/a.com", "*/b.com", "./c.com", "1.2.3.4", "a.b.")}
	}
	hosts := []any{}
	for range r.IntN(3) + r.IntN(2) {
		if r.Chance(60) {
			hosts = append(hosts, r.Pick("*", "a.example.com", "*.example.com", "ns/a.com", "*/b.com", "./c.com", "~/*", "1.2.3.4", "a.b."))
			continue
		}
		host := ""
		for i := range 1 + r.IntN(4) {
			if i > 0 && r.Chance(70) {
				host += "."
			}
			host += parts[r.IntN(len(parts))]
		}
		hosts = append(hosts, host)
	}
	if r.Chance(2) {
		return r.Pick(nil, "*", []any{nil}, []any{1}, object{"a": 1})
	}
	return hosts
}

func (r *source) tls() any {
	values := map[string][]any{
		"httpsRedirect":         {true, false, "true", nil},
		"serverCertificate":     {"/s", "", nil, "sds"},
		"privateKey":            {"/k", "", nil},
		"caCertificates":        {"/ca", ""},
		"caCrl":                 {"/crl", ""},
		"credentialName":        {"c", "c", "", nil, "builtin://", 1},
		"credentialNames":       {[]any{"a"}, []any{"a", "b"}, []any{}, []any{"a", "b", "c"}, nil},
		"caCertCredentialName":  {"ca-cacert", "ca"},
		"tlsCertificates":       {[]any{object{"serverCertificate": "/s", "privateKey": "/k"}}, []any{object{}}, []any{}, []any{nil}, []any{object{"serverCertificate": "/s"}, object{"x": 1}}},
		"subjectAltNames":       {[]any{"a"}, []any{}},
		"verifyCertificateSpki": {[]any{"a"}, []any{}},
		"verifyCertificateHash": {[]any{"a"}, nil},
		"minProtocolVersion":    {"TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3", "TLS_AUTO", "TLSv1_2", 3, nil},
		"maxProtocolVersion":    {"TLSV1_2", "TLSV1_3", ""},
		"cipherSuites":          {[]any{"ALL"}, []any{"AES128-SHA", "AES128-SHA"}, []any{"bogus", "a", ""}, []any{"½", "ÀES", "-x", "!x"}, "ALL"},
		"insecureSkipVerify":    {true, false, nil, "true", object{"value": true}},
		"ecdhCurves":            {[]any{"P-256"}},
		"alpnProtocols":         {[]any{"h2"}, []any{""}, nil},
		"credential_name":       {"c", nil},
		"insecure_skip_verify":  {true},
		"bogus":                 {1},
	}
	if r.Chance(40) {
		return object{
			"mode":           r.Pick("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH"),
			"credentialName": "c",
		}
	}
	tls := object{}
	if r.Chance(90) {
		tls["mode"] = r.Pick("SIMPLE", "SIMPLE", "MUTUAL", "MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH", "simple", 1, nil, true)
	}
	if r.Chance(50) {
		tls["credentialName"] = "c"
	}
	names := []string{"httpsRedirect", "serverCertificate", "privateKey", "caCertificates", "caCrl", "credentialName", "credentialNames", "caCertCredentialName", "tlsCertificates", "subjectAltNames", "verifyCertificateSpki", "verifyCertificateHash", "minProtocolVersion", "maxProtocolVersion", "cipherSuites", "insecureSkipVerify", "ecdhCurves", "alpnProtocols", "credential_name", "insecure_skip_verify", "bogus"}
	for range r.IntN(5) {
		name := names[r.IntN(len(names))]
		tls[name] = r.Pick(values[name]...)
	}
	if r.Chance(2) {
		return r.Pick(nil, "SIMPLE", object{})
	}
	return tls
}
