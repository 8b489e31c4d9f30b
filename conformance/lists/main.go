// Command lists makes objects with items, each with what kubectl's own builder
// applies of it, or asks it again about those of a file.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
)

// A list is a case: a document, the objects that kubectl applies (their
// apiVersion, kind and name), and the first words of its error.
type list struct {
	ID      string      `json:"id"`
	YAML    string      `json:"yaml"`
	Objects [][3]string `json:"objects"`
	Err     string      `json:"err,omitempty"`
}

// ask reads as `kubectl apply` does, but for the server.
func ask(id, text string) list {
	out := list{ID: id, YAML: text, Objects: [][3]string{}}
	builder := resource.NewLocalBuilder().Unstructured().ContinueOnError()
	err := builder.Stream(strings.NewReader(text), "-").Flatten().Do().Visit(func(info *resource.Info, err error) error {
		if err != nil {
			return err
		}
		object := info.Object.(*unstructured.Unstructured)
		out.Objects = append(out.Objects, [3]string{object.GetAPIVersion(), object.GetKind(), object.GetName()})
		return nil
	})
	if err != nil {
		out.Err = err.Error()
	}
	return out
}

const gateway = `{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: NAME}}`

var items = []string{
	gateway, `{metadata: {name: NAME}}`, `{kind: Gateway, metadata: {name: NAME}}`,
	`{apiVersion: networking.istio.io/v1, metadata: {name: NAME}}`, `{kind: "", apiVersion: "", metadata: {name: NAME}}`,
	`{kind: null, metadata: {name: NAME}}`, `null`, `text`, `[]`, `{}`,
	`{apiVersion: v1, kind: List, items: []}`, `{apiVersion: v1, kind: List, items: [` + gateway + `]}`, `{items: []}`,
	`{apiVersion: v1, kind: List, items: null}`, `{apiVersion: v1, kind: List, items: {a: 1}}`,
	`{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: NAME}, items: text}`,
}

func directed() []string {
	values := []string{"null", "[]", "{}", "{a: 1}", "text", "1"}
	for _, item := range items {
		one, other := strings.ReplaceAll(item, "NAME", "a"), strings.ReplaceAll(gateway, "NAME", "b")
		values = append(values, "["+one+"]", "["+one+", "+other+"]", "["+other+", "+one+"]")
	}
	var out []string
	for _, head := range []string{
		"apiVersion: v1\nkind: List\n", "kind: List\n", "apiVersion: networking.istio.io/v1\nkind: GatewayList\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
		"apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: c}\nspec: {selector: {a: b}}\n",
	} {
		for _, value := range values {
			out = append(out, head+"items: "+value+"\n")
		}
	}
	return out
}

func main() {
	file := flag.String("judge", "", "compare the answers of this `file` with the builder's of today")
	flag.Parse()
	if *file == "" {
		lines := json.NewEncoder(os.Stdout)
		lines.SetEscapeHTML(false)
		for i, text := range directed() {
			if err := lines.Encode(ask(fmt.Sprintf("directed-%d", i), text)); err != nil {
				fail(err)
			}
		}
		return
	}
	text, err := os.ReadFile(*file)
	if err != nil {
		fail(err)
	}
	asked, different := 0, 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var was list
		if err := json.Unmarshal(lines.Bytes(), &was); err != nil {
			fail(err)
		}
		asked++
		if is := ask(was.ID, was.YAML); !reflect.DeepEqual(is, was) {
			different++
			fmt.Printf("was %+v\nis  %+v\n", was, is)
		}
	}
	fmt.Printf("%s: asked %d, differences %d\n", *file, asked, different)
	if different > 0 || asked == 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}
