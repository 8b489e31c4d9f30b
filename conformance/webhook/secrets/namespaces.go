package main

import (
	_ "unsafe" // for go:linkname

	"istio-gateway/conformance/webhook/cases"

	credscontroller "istio.io/istio/pilot/pkg/credentials"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/model/credentials"
	"istio.io/istio/pilot/pkg/xds"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/spiffe"
)

//go:linkname filterAuthorizedResources istio.io/istio/pilot/pkg/xds.filterAuthorizedResources
func filterAuthorizedResources(
	resources []xds.SecretResource, proxy *model.Proxy, secrets credscontroller.Controller,
) []xds.SecretResource

// permissive lets each service account read the Secrets of its namespace.
type permissive struct{ credscontroller.Controller }

func (permissive) Authorize(string, string) error { return nil }

// Namespaces is a credential, the namespace of the gateway's pods, and whether istiod gives it to them.
type Namespaces struct {
	Credential string `json:"credential"`
	Pods       string `json:"pods"`
	IsAllowed  bool   `json:"allowed"`
}

func namespaces() error {
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.NoneLevel)
	}
	return cases.Write(func(write func(any) error) error {
		for _, prefix := range []string{"", "kubernetes://"} {
			for _, name := range []string{"edge-cert", "infra/edge-cert", "shop/edge-cert", "infra/edge-cert-cacert", "/edge-cert"} {
				for _, pods := range []string{"infra", "shop"} {
					c := Namespaces{Credential: prefix + name, Pods: pods}
					resource := credentials.ToResourceName(c.Credential)
					parsed, err := credentials.ParseResourceName(resource, pods, "", "")
					if err != nil {
						return err
					}
					proxy := &model.Proxy{VerifiedIdentity: &spiffe.Identity{Namespace: pods, ServiceAccount: "edge"}}
					resources := []xds.SecretResource{{SecretResource: parsed}}
					c.IsAllowed = len(filterAuthorizedResources(resources, proxy, permissive{})) == 1
					if err := write(c); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}
