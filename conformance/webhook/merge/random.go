package main

import (
	"encoding/json"
	"fmt"

	"istio-gateway/conformance/webhook/cases"
)

type object = cases.Object

func resource(name, namespace string, created int64, spec object) Resource {
	return Resource{Name: name, Namespace: namespace, Created: created, Spec: json.RawMessage(cases.Text(spec))}
}

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

// routes are those of a VirtualService with this name, of one protocol each.
func routes(name string) object {
	to := []object{{"destination": object{"host": name + ".test", "port": object{"number": 80}}}}
	return object{"route": to}
}

func service(name, namespace string, hosts, gateways []string) Resource {
	return resource(name, namespace, 1, object{
		"hosts": hosts, "gateways": gateways, "http": []object{routes(name)},
	})
}

func directed() []Case {
	simple := object{"mode": "SIMPLE", "credentialName": "c"}
	mutual := object{"mode": "MUTUAL", "credentialName": "c"}
	https := func(name string, tls object, hosts ...string) object {
		return server(443, name, "HTTPS", "", tls, hosts...)
	}
	count := 0
	gateways := func(specs ...[]object) []Resource {
		count++
		all := []Resource{}
		for i, servers := range specs {
			all = append(all, resource(fmt.Sprintf("d%d-%c", count, 'a'+i), "infra", int64(i), object{"servers": servers}))
		}
		return all
	}
	one := func(id string, all []Resource, services ...Resource) Case {
		return Case{ID: id, Gateways: all, Services: services}
	}
	return []Case{
		one("around-by-sni", gateways([]object{https("strict", mutual, "admin.x.test"), https("lax", simple, "*.x.test")}),
			service("d1-admin", "infra", []string{"admin.x.test"}, []string{"d1-a"})),
		one("two-gateways", gateways([]object{https("strict", mutual, "admin.x.test")}, []object{https("lax", simple, "*.x.test")}),
			service("d2-admin", "infra", []string{"admin.x.test"}, []string{"d2-a"})),
		one("two-gateways-both-bound", gateways([]object{https("strict", mutual, "admin.x.test")}, []object{https("lax", simple, "*.x.test")}),
			service("d3-admin", "infra", []string{"admin.x.test"}, []string{"d3-a", "infra/d3-b"})),
		one("plain", gateways([]object{https("strict", mutual, "admin.x.test"), server(80, "plain", "HTTP", "", nil, "*")}),
			service("d4-admin", "infra", []string{"admin.x.test"}, []string{"d4-a"})),
		one("redirect", gateways([]object{https("strict", mutual, "admin.x.test"), server(80, "plain", "HTTP", "", object{"httpsRedirect": true}, "*")}),
			service("d5-admin", "infra", []string{"admin.x.test"}, []string{"d5-a"})),
		one("equal-chains", gateways([]object{https("a", simple, "n1/x.test"), https("b", simple, "n2/x.test")})),
		one("older-wins", gateways([]object{https("a", simple, "x.test")}, []object{https("b", mutual, "x.test", "y.test")})),
		one("two-addresses-of-one", gateways([]object{server(80, "a", "HTTP", "", nil, "*"), server(80, "b", "HTTP", "0.0.0.0", nil, "*")})),
		one("plain-after-tls", gateways([]object{https("a", simple, "a.test"), server(443, "p", "HTTP", "", nil, "p.test"), https("b", simple, "b.test")})),
		one("tls-after-plain", gateways([]object{server(443, "p", "HTTP", "", nil, "p.test"), https("a", simple, "a.test")})),
		one("tcp-after-plain", gateways([]object{server(443, "p", "HTTP", "", nil, "p.test"), server(443, "t", "TCP", "", nil, "t.test")})),
		one("tcp-after-tcp", gateways([]object{server(443, "a", "TCP", "", nil, "a.test"), server(443, "b", "TCP", "", nil, "b.test")})),
		one("any-namespace-before", gateways([]object{https("a", simple, "x.test")}, []object{https("b", mutual, "*/x.test")})),
		one("own-namespace", gateways([]object{https("a", simple, "x.test")}, []object{https("b", mutual, "./x.test")})),
		one("own-namespace-twice", gateways([]object{https("a", simple, "infra/x.test")}, []object{https("b", mutual, "./x.test")})),
		one("any-host", gateways([]object{https("a", simple, "*")}, []object{https("b", mutual, "*/*")})),
		one("another-spelling", gateways([]object{https("a", simple, "x.test")}, []object{https("b", mutual, "X.test")})),
		one("another-address", gateways([]object{https("a", simple, "x.test")}, []object{server(443, "b", "HTTPS", "0.0.0.0", mutual, "x.test")})),
		one("no-gateways", nil),
	}
}

func random(seed uint64, count int) []Case {
	source := cases.NewSource(seed)
	pick := func(of ...string) string { return of[source.IntN(len(of))] }
	some := func(most int, of ...string) []string {
		all := []string{}
		for range 1 + source.IntN(most) {
			all = append(all, pick(of...))
		}
		return all
	}
	result := []Case{}
	for i := range count {
		id := fmt.Sprintf("r%d-%d", seed, i)
		one := Case{ID: id, Gateways: []Resource{}, Services: []Resource{}}
		names := []string{}
		for g := range 1 + source.IntN(8) {
			name, namespace := fmt.Sprintf("%s-%d", id, g), pick("infra", "infra", "n1", "n2")
			names = append(names, namespace+"/"+name)
			servers := []object{}
			for range 1 + source.IntN(3) {
				tls := []object{
					nil, nil, {"httpsRedirect": true}, {"mode": "PASSTHROUGH"}, {"mode": "AUTO_PASSTHROUGH"},
					{"mode": "SIMPLE", "credentialName": "c"}, {"mode": "SIMPLE", "credentialName": "c"},
					{"mode": "MUTUAL", "credentialName": "c"}, {"mode": "MUTUAL", "credentialName": "c"},
					{"mode": "OPTIONAL_MUTUAL", "credentialName": "c"}, {"mode": "ISTIO_MUTUAL"},
					{"mode": "SIMPLE", "credentialName": "c", "httpsRedirect": true},
				}[source.IntN(12)]
				hosts := some(2, "*", "a.test", "b.test", "*.test", "*.a.test", "x.a.test", "n1/a.test", "n2/a.test",
					"n1/*", "./a.test", "./*.test", "infra/a.test", "*/a.test", "*/*.test", "A.test")
				if source.Chance(3) {
					hosts = []string{"*/*"}
				}
				port := pick("a", "b", "c", "d", "e", "f")
				protocol := pick("HTTP", "HTTP", "HTTPS", "HTTPS", "HTTPS", "HTTPS", "TLS", "TLS", "TCP", "GRPC", "HTTP2", "http", "MONGO", "UDP", "other")
				// istiod's webhook accepts most servers of every other set.
				if i%2 == 0 {
					port = fmt.Sprintf("%s%d", port, len(servers))
					switch {
					case tls == nil:
						protocol = pick("HTTP", "HTTP", "GRPC", "http", "TCP", "MONGO")
					case tls["mode"] == nil:
						protocol = pick("HTTP", "HTTP2")
					default:
						protocol = pick("HTTPS", "HTTPS", "TLS")
					}
				}
				servers = append(servers, server(
					[]int{80, 443, 443, 443, 8443}[source.IntN(5)], port, protocol,
					pick("", "", "", "", "0.0.0.0", "10.0.0.1"), tls, hosts...,
				))
			}
			spec := object{"servers": servers}
			if source.Chance(20) {
				spec["selector"] = object{"app": pick("edge", "other")}
			}
			one.Gateways = append(one.Gateways, resource(name, namespace, int64(source.IntN(3)), spec))
		}
		for v := range source.IntN(6) {
			name, namespace := fmt.Sprintf("%s-v%d", id, v), pick("infra", "infra", "n1", "n2")
			bound := some(3, names...)
			// istiod generates VirtualServices of Gateway API with complete names.
			isGenerated := source.Chance(25)
			short := "short"
			if isGenerated {
				short = "short." + namespace + ".svc.cluster.local"
			}
			if !isGenerated && source.Chance(10) {
				// A short name is one of the VirtualService's own namespace.
				bound = append(bound, fmt.Sprintf("%s-0", id), "./"+fmt.Sprintf("%s-1", id))
			}
			if source.Chance(5) {
				bound = append(bound, "mesh")
			}
			if !isGenerated && source.Chance(5) {
				bound = append(bound, fmt.Sprintf("%s-0.infra.svc.cluster.local", id), fmt.Sprintf("%s-1.n1", id))
			}
			spec := object{
				"hosts": some(3, "*", "a.test", "b.test", "c.test", "*.test", "*.a.test", "x.a.test", "y.x.a.test", "A.test", short),
			}
			if !source.Chance(5) {
				spec["gateways"] = bound
			}
			if source.Chance(25) {
				spec["exportTo"] = some(2, ".", "*", "infra", "n1", "n2")
			}
			to := func() object {
				host := pick(name+".test", "shared.test", short)
				port := object{"number": []int{80, 90}[source.IntN(2)]}
				return object{"destination": object{"host": host, "port": port}}
			}
			limits := func() object {
				match := object{}
				if source.Chance(30) {
					match["port"] = []int{80, 443, 8443, 9}[source.IntN(4)]
				}
				if source.Chance(30) {
					match["gateways"] = some(2, names...)
				}
				return match
			}
			if source.Chance(75) {
				all := []object{}
				for range 1 + source.IntN(3) {
					one := object{}
					switch source.IntN(8) {
					case 0:
						one["redirect"] = object{"uri": "/elsewhere"}
					case 1:
						one["directResponse"] = object{"status": 403}
					case 2:
						first, second := to(), to()
						first["weight"], second["weight"] = source.IntN(3), 1
						one["route"] = []object{first, second}
					default:
						one["route"] = []object{to()}
					}
					if source.Chance(40) {
						match := limits()
						if source.Chance(50) {
							match["uri"] = []object{
								{"prefix": "/"}, {"prefix": "/a"}, {"exact": "/"}, {"regex": ".*"}, {"regex": "/.*"},
							}[source.IntN(5)]
						}
						if source.Chance(15) {
							match[pick("method", "scheme", "authority")] = object{"exact": "a"}
						}
						if source.Chance(15) {
							match[pick("headers", "withoutHeaders", "queryParams")] = []object{
								{}, {"a": object{"exact": "b"}},
							}[source.IntN(2)]
						}
						if source.Chance(15) {
							match["sourceLabels"] = object{"app": pick("edge", "other")}
						}
						if source.Chance(15) {
							match["sourceNamespace"] = pick("infra", "n1")
						}
						one["match"] = []object{match}
					}
					all = append(all, one)
				}
				spec["http"] = all
			}
			if source.Chance(40) {
				all := []object{}
				for range 1 + source.IntN(2) {
					one := routes(name)
					if source.Chance(50) {
						one["match"] = []object{limits()}
					}
					all = append(all, one)
				}
				spec["tcp"] = all
			}
			if source.Chance(50) {
				all := []object{}
				for range 1 + source.IntN(2) {
					one, matches := routes(name), []object{}
					for range 1 + source.IntN(2) {
						match := limits()
						match["sniHosts"] = some(2, "a.test", "b.test", "*.test", "x.a.test", "*.a.test")
						matches = append(matches, match)
					}
					one["match"] = matches
					all = append(all, one)
				}
				spec["tls"] = all
			}
			generated := resource(name, namespace, int64(source.IntN(3)), spec)
			if isGenerated {
				generated.Annotations = map[string]string{
					"internal.istio.io/route-semantics": pick("gateway", "gateway", "ingress"),
					"internal.istio.io/parents":         pick("TLSRoute", "TLSRoute", "TCPRoute", "HTTPRoute") + "/a.n1",
				}
			}
			one.Services = append(one.Services, generated)
		}
		result = append(result, one)
	}
	return result
}
