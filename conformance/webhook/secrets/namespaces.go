package main

import (
	"fmt"
	_ "unsafe" // for go:linkname

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"istio-gateway/conformance/webhook/cases"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/kube/gatewaycommon"
	credscontroller "istio.io/istio/pilot/pkg/credentials"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/model/credentials"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pilot/pkg/xds"
	"istio.io/istio/pkg/config"
	"istio.io/istio/pkg/config/schema/gvk"
	"istio.io/istio/pkg/kube/krt"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/spiffe"
	"istio.io/istio/pkg/test"
)

//go:linkname filterAuthorizedResources istio.io/istio/pilot/pkg/xds.filterAuthorizedResources
func filterAuthorizedResources(
	resources []xds.SecretResource, proxy *model.Proxy, secrets credscontroller.Controller,
) []xds.SecretResource

// permissive lets each service account read the Secrets of its namespace.
type permissive struct{ credscontroller.Controller }

func (permissive) Authorize(string, string) error { return nil }

// Namespaces is a credential of a Gateway in the namespace infra, the mode, the namespace of the gateway's pods, a
// ReferenceGrant, and whether istiod gives the certificate and the CA to them.
type Namespaces struct {
	Credential string `json:"credential"`
	// CA is caCertCredentialName.
	CA        string `json:"ca,omitempty"`
	Mode      string `json:"mode"`
	Pods      string `json:"pods"`
	Grant     *Grant `json:"grant,omitempty"`
	IsAllowed bool   `json:"allowed"`
	// IsCAAllowed is null if no CA is requested.
	IsCAAllowed *bool `json:"caAllowed"`
}

// Grant is a ReferenceGrant with one entry of each list.
type Grant struct {
	Namespace string       `json:"namespace"`
	From      GrantSide    `json:"from"`
	To        GrantSideFor `json:"to"`
}

// GrantSide is who may refer.
type GrantSide struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
}

// GrantSideFor is what may be referred to.
type GrantSideFor struct {
	Group string  `json:"group"`
	Kind  string  `json:"kind"`
	Name  *string `json:"name,omitempty"`
}

// granting is a controller that permits what ReferenceGrants do, by istiod's own code.
type granting struct {
	model.FakeController
	grants gatewaycommon.ReferenceGrants
}

func (g granting) SecretAllowed(kind config.GroupVersionKind, resource, namespace string) bool {
	return g.grants.SecretAllowed(nil, kind, resource, namespace)
}

func (c *Namespaces) controller(stop chan struct{}) granting {
	var all []*gatewayv1beta1.ReferenceGrant
	if g := c.Grant; g != nil {
		grant := &gatewayv1beta1.ReferenceGrant{ObjectMeta: metav1.ObjectMeta{Name: "grant", Namespace: g.Namespace}}
		grant.Spec.From = []gatewayv1beta1.ReferenceGrantFrom{{
			Group: gatewayv1.Group(g.From.Group), Kind: gatewayv1.Kind(g.From.Kind), Namespace: gatewayv1.Namespace(g.From.Namespace),
		}}
		to := gatewayv1beta1.ReferenceGrantTo{Group: gatewayv1.Group(g.To.Group), Kind: gatewayv1.Kind(g.To.Kind)}
		if g.To.Name != nil {
			name := gatewayv1.ObjectName(*g.To.Name)
			to.Name = &name
		}
		grant.Spec.To = []gatewayv1beta1.ReferenceGrantTo{to}
		all = append(all, grant)
	}
	options := krt.NewOptionsBuilder(stop, "", krt.GlobalDebugHandler)
	collection := gatewaycommon.ReferenceGrantsCollection(krt.NewStaticCollection(nil, all, options.WithName("grants")...), options)
	collection.WaitUntilSynced(stop)
	return granting{grants: gatewaycommon.BuildReferenceGrants(collection)}
}

// judge asks for the certificate and the CA as the gateway's listener does.
func (c *Namespaces) judge(t test.Failer, id string, stop chan struct{}) {
	labels := map[string]string{"case": id}
	tls := &networking.ServerTLSSettings{
		Mode:           networking.ServerTLSSettings_TLSmode(networking.ServerTLSSettings_TLSmode_value[c.Mode]),
		CredentialName: c.Credential, CaCertCredentialName: c.CA,
	}
	gateway := config.Config{
		Meta: config.Meta{GroupVersionKind: gvk.Gateway, Name: "edge", Namespace: "infra", Domain: "cluster.local"},
		Spec: &networking.Gateway{Selector: labels, Servers: []*networking.Server{{
			Port: &networking.Port{Number: 443, Name: "https", Protocol: "HTTPS"}, Hosts: []string{"*"}, Tls: tls,
		}}},
	}
	pilot := core.NewConfigGenTest(t, core.TestOptions{Configs: []config.Config{gateway}})
	push := pilot.PushContext()
	push.GatewayAPIController = c.controller(stop)
	proxy := &model.Proxy{
		Type: model.Router, ConfigNamespace: c.Pods, Labels: labels,
		Metadata:         &model.NodeMetadata{Namespace: c.Pods, Labels: labels},
		VerifiedIdentity: &spiffe.Identity{Namespace: c.Pods, ServiceAccount: "edge"},
	}
	proxy = pilot.SetupProxy(proxy)
	proxy.VerifiedIdentity = &spiffe.Identity{Namespace: c.Pods, ServiceAccount: "edge"}
	proxy.SetGatewaysForProxy(push)
	isAllowed := func(name string) bool {
		resource := credentials.ToResourceName(name)
		parsed, err := credentials.ParseResourceName(resource, c.Pods, "", "")
		if err != nil {
			return false
		}
		resources := []xds.SecretResource{{SecretResource: parsed}}
		return len(filterAuthorizedResources(resources, proxy, permissive{})) == 1
	}
	c.IsAllowed = isAllowed(c.Credential)
	if c.Mode != "SIMPLE" {
		ca := c.Credential + credentials.SdsCaSuffix
		if c.CA != "" {
			ca = c.CA
		}
		answer := isAllowed(ca)
		c.IsCAAllowed = &answer
	}
}

func allNamespaces() []Namespaces {
	var all []Namespaces
	names := []string{"edge-cert", "infra/edge-cert", "shop/edge-cert", "infra/edge-cert-cacert", "/edge-cert"}
	for _, prefix := range []string{"", "kubernetes://"} {
		for _, name := range names {
			for _, pods := range []string{"infra", "shop"} {
				for _, mode := range []string{"SIMPLE", "MUTUAL"} {
					all = append(all, Namespaces{Credential: prefix + name, Pods: pods, Mode: mode})
				}
			}
		}
	}
	name, other, ca := "edge-cert", "other", "edge-cert-cacert"
	side := func(group, kind, namespace string) GrantSide { return GrantSide{group, kind, namespace} }
	const group = "gateway.networking.k8s.io"
	grants := []*Grant{
		nil,
		{"shop", side(group, "Gateway", "infra"), GrantSideFor{"", "Secret", nil}},
		{"shop", side(group, "Gateway", "infra"), GrantSideFor{"", "Secret", &name}},
		{"shop", side(group, "Gateway", "infra"), GrantSideFor{"", "Secret", &ca}},
		{"shop", side(group, "Gateway", "infra"), GrantSideFor{"", "Secret", &other}},
		{"shop", side(group, "Gateway", "infra"), GrantSideFor{"", "ConfigMap", nil}},
		{"shop", side(group, "Gateway", "infra"), GrantSideFor{"core", "Secret", nil}},
		{"shop", side(group, "Gateway", "shop"), GrantSideFor{"", "Secret", nil}},
		{"shop", side(group, "HTTPRoute", "infra"), GrantSideFor{"", "Secret", nil}},
		{"shop", side("networking.istio.io", "Gateway", "infra"), GrantSideFor{"", "Secret", nil}},
		{"infra", side(group, "Gateway", "infra"), GrantSideFor{"", "Secret", nil}},
	}
	const scheme = "kubernetes-gateway://"
	for _, name := range append(names, "shop/edge-cert/more", "shop/", "shop/edge-cert-cacert") {
		for _, pods := range []string{"infra", "shop"} {
			for _, grant := range grants {
				for _, mode := range []string{"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"} {
					all = append(all, Namespaces{Credential: scheme + name, Pods: pods, Mode: mode, Grant: grant})
				}
				for _, mode := range []string{"MUTUAL", "OPTIONAL_MUTUAL"} {
					all = append(all, Namespaces{Credential: scheme + "infra/own", CA: scheme + name, Pods: pods, Mode: mode, Grant: grant})
				}
			}
		}
	}
	return all
}

func namespaces() error {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	stop := make(chan struct{})
	defer close(stop)
	all := allNamespaces()
	for i := range all {
		if err := test.Wrap(func(t test.Failer) { all[i].judge(t, fmt.Sprint(i), stop) }); err != nil {
			return err
		}
	}
	return cases.Write(func(write func(any) error) error {
		for _, c := range all {
			if err := write(c); err != nil {
				return err
			}
		}
		return nil
	})
}
