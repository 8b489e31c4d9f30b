// Command next prints the facts of gateway.proto as they will be in the
// release after the one that the parent module pins.
package main

import (
	"fmt"
	"os"

	_ "istio.io/api/networking/v1alpha3"

	"istio-gateway/conformance/next/facts"
)

func main() {
	file, err := facts.Read("networking/v1alpha3/gateway.proto")
	if err == nil {
		var text []byte
		schema := facts.Schema{Source: map[string]string{"istio.io/api": facts.Version("istio.io/api")}, Files: []facts.File{file}}
		if text, err = schema.Text(); err == nil {
			_, err = os.Stdout.Write(text)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
