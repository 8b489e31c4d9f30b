package main

import (
	"encoding/base64"
	"fmt"

	"istio-gateway/conformance/webhook/cases"
)

// Valid until 2120.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgIBATAKBggqhkjOPQQDAjAqMSgwJgYDVQQDEx9leGFtcGxl
IGZvciBpc3Rpby1nYXRld2F5IGNoZWNrMCAXDTI1MDEwMTAwMDAwMFoYDzIxMjUw
MTAxMDAwMDAwWjAqMSgwJgYDVQQDEx9leGFtcGxlIGZvciBpc3Rpby1nYXRld2F5
IGNoZWNrMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6Lnkgx9fCcjAnlG9Rrx
7uSaZky/O48afLLD7/TlWn8/iWyYgTa5eMYKLlRyObVoLelafkzSPckIYXECxnUt
9KMfMB0wGwYDVR0RBBQwEoIQc2hvcC5leGFtcGxlLmNvbTAKBggqhkjOPQQDAgNI
ADBFAiBoQMMbPGiR3ayta5MC/yRH5yO2xQSpvVtX7cf4wxvYeAIhAOy7Lb4Iix6f
Q6nKO/iVio21oFzj0Ym0fcELu7W5g6CE
-----END CERTIFICATE-----
`

func metadata(r cases.Source, name string) cases.Object {
	return cases.Object{"name": name, "namespace": r.Pick("edge", "edge", "edge", "infra")}
}

func labels(r cases.Source, percent int) cases.Object {
	out := cases.Object{}
	for _, key := range []string{"app", "istio", "tier"} {
		if r.Chance(percent) {
			out[key] = r.Pick("a", "a", "b")
		}
	}
	return out
}

// set is a set of Gateways with pods, Services and Secrets.
func set(r cases.Source) []cases.Object {
	var out []cases.Object
	for i := range 1 + r.IntN(3) {
		var servers []any
		for j := range 1 + r.IntN(3) {
			port := r.Pick(80, 443, 8080, 8443, 15443).(int)
			server := cases.Object{
				"hosts": []any{fmt.Sprintf("h%d-%d.example.com", i, j)},
				"port":  cases.Object{"number": port, "name": fmt.Sprintf("p%d", j), "protocol": "HTTP"},
			}
			if r.Chance(60) {
				server["port"].(cases.Object)["protocol"] = "HTTPS"
				server["tls"] = cases.Object{
					"mode":           "SIMPLE",
					"credentialName": r.Pick("one", "two", "three", "kubernetes-gateway://edge/one", "edge/one"),
				}
			}
			servers = append(servers, server)
		}
		out = append(out, cases.Object{
			"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": metadata(r, fmt.Sprintf("g%d", i)),
			"spec": cases.Object{"selector": labels(r, 30), "servers": servers},
		})
	}
	for i := range r.IntN(4) {
		meta := metadata(r, fmt.Sprintf("pod%d", i))
		meta["labels"] = labels(r, 80)
		container := cases.Object{"name": "istio-proxy", "image": "auto"}
		out = append(out, cases.Object{
			"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": cases.Object{"containers": []any{container}},
		})
	}
	for i := range r.IntN(4) {
		var ports []any
		for j := range 1 + r.IntN(3) {
			port := cases.Object{
				"name": fmt.Sprintf("p%d", j), "port": r.Pick(80, 443, 8080, 8443, 15443),
				"protocol": r.Pick("TCP", "TCP", "TCP", "UDP"),
			}
			if r.Chance(60) {
				port["targetPort"] = r.Pick(80, 443, 8080, 8443, 80, 443, 8080, 8443, "https", "8443")
			}
			ports = append(ports, port)
		}
		spec := cases.Object{"ports": ports}
		if selector := labels(r, 30); len(selector) > 0 {
			spec["selector"] = selector
		}
		out = append(out, cases.Object{
			"apiVersion": "v1", "kind": "Service", "metadata": metadata(r, fmt.Sprintf("s%d", i)), "spec": spec,
		})
	}
	for _, name := range []string{"one", "two", "three"} {
		if r.Chance(40) {
			continue
		}
		value := func() string {
			text := r.Pick(certificate, certificate, certificate, "", "nope").(string)
			return base64.StdEncoding.EncodeToString([]byte(text))
		}
		data := cases.Object{}
		for _, key := range []string{"tls.crt", "tls.key", "cert", "key", "ca.crt"} {
			if r.Chance(50) {
				data[key] = value()
			}
		}
		if len(data) == 0 {
			continue
		}
		out = append(out, cases.Object{"apiVersion": "v1", "kind": "Secret", "metadata": metadata(r, name), "data": data})
	}
	return out
}

func random(seed uint64, count int) error {
	r := cases.NewSource(seed)
	return cases.Write(func(write func(any) error) error {
		for i := range count {
			c := Case{ID: fmt.Sprintf("random/%d/%d", seed, i), Objects: set(r)}
			if err := c.analyze(); err != nil {
				return err
			}
			if err := write(c); err != nil {
				return err
			}
		}
		return nil
	})
}
