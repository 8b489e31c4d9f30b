package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	api "istio.io/api/networking/v1alpha3"
	client "istio.io/client-go/pkg/apis/networking/v1"
	"sigs.k8s.io/yaml"
)

func judge(path string, show int, full bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var count, changed, rewritten, comments, attached, wrong int
	for decoder := json.NewDecoder(file); ; count++ {
		var c testCase
		if err := decoder.Decode(&c); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		if c.Edited != c.YAML {
			changed++
		}
		if c.Rewritten != "" {
			rewritten++
		}
		found, kept, problems := differences(c)
		comments += found
		attached += kept
		if len(problems) > 0 {
			wrong++
			if wrong <= show {
				fmt.Printf("case %d: %+v\n  %s\n", c.ID, c.Edits, strings.Join(problems, "\n  "))
				if full {
					fmt.Printf("--- before\n%s\n--- after\n%s\n", c.YAML, c.Edited)
				}
			}
		}
	}
	fmt.Printf("%d manifests, %d changed, %d written anew; %d comments to keep, %d of them attached as before; %d manifests wrong\n",
		count, changed, rewritten, comments, attached, wrong)
	if wrong > 0 || count == 0 || comments == 0 {
		return fmt.Errorf("%d wrong", wrong)
	}
	return nil
}

// differences returns how many comments must be kept, how many are attached to what they were
// attached to, and what is wrong.
func differences(c testCase) (comments, attached int, problems []string) {
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf(format, args...))
	}
	if err := sameValues(c); err != nil {
		problem("%v", err)
	}
	if c.Rewritten != "" {
		if !c.MayRewrite {
			problem("written anew: %s", c.Rewritten)
		}
		return 0, 0, problems
	}
	if strings.Contains(c.YAML, "\r\n") && strings.Contains(strings.ReplaceAll(c.Edited, "\r\n", ""), "\n") {
		problem("a line feed alone")
	}
	before, err := attachments(c.YAML)
	if err != nil {
		problem("before: %v", err)
		return 0, 0, problems
	}
	after, err := attachments(c.Edited)
	if err != nil {
		problem("after: %v", err)
		return 0, 0, problems
	}
	var object map[string]any
	if err := yaml.Unmarshal([]byte(c.Edited), &object); err != nil {
		problem("after: %v", err)
	}
	spec, _ := object["spec"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(c.Owners)) {
		owner := c.Owners[name]
		count := strings.Count(c.Edited, name)
		// A comment of nobody, and of the collection as a whole, stays.
		if strings.HasPrefix(owner, "/end") {
			owner = ""
		}
		if owner != "" && !exists(c.Edits, spec, owner) {
			if count > 0 {
				problem("%s of %s, which is removed, is still there", name, owner)
			}
			continue
		}
		comments++
		if count != 1 {
			problem("%s of %s is there %d times", name, owner, count)
			continue
		}
		if owner == "" {
			attached++
			continue
		}
		was, is := before[name], after[name]
		if was.path == "" || is.path == "" {
			// yaml/v3 drops some comments in flow collections.
			continue
		}
		// Where another owner is removed, yaml/v3 may attach to what is left.
		want := moved(c.Edits, was.path)
		if want == "" {
			continue
		}
		if was.kind == "foot" && added(c.Edits, is.path) {
			// What follows the comment decides for yaml/v3 whether it is a foot.
			continue
		}
		if item(want) != item(is.path) && !sameNeighbour(c, name) {
			problem("%s of %s was attached to %s (%s), is to %s (%s)", name, owner, was.path, was.kind, is.path, is.kind)
			continue
		}
		attached++
	}
	return comments, attached, problems
}

// sameValues compares what Kubernetes reads of the edited manifest with what
// is to be in it.
func sameValues(c testCase) error {
	var want, got client.Gateway
	if err := yaml.Unmarshal([]byte(c.YAML), &want); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	if err := yaml.Unmarshal([]byte(c.Edited), &got); err != nil {
		return fmt.Errorf("after: %w", err)
	}
	for _, e := range c.Edits {
		apply(e, &want.Spec)
	}
	if !proto.Equal(&want.Spec, &got.Spec) {
		return fmt.Errorf("the spec is %v\n  and not %v", &got.Spec, &want.Spec)
	}
	var before, after map[string]any
	if err := yaml.Unmarshal([]byte(c.YAML), &before); err != nil {
		return err
	}
	if err := yaml.Unmarshal([]byte(c.Edited), &after); err != nil {
		return err
	}
	unknown, left := newFields(before["spec"]), newFields(after["spec"])
	delete(before, "spec")
	delete(after, "spec")
	if !reflect.DeepEqual(before, after) {
		return fmt.Errorf("outside of the spec it is %v and not %v", after, before)
	}
	if removed := slices.ContainsFunc(c.Edits, func(e edit) bool { return e.Op == "remove-server" }); unknown != left && !(removed && unknown == left+1) {
		return fmt.Errorf("%d unknown fields instead of %d", left, unknown)
	}
	return nil
}

// newFields counts the unknown fields of a spec.
func newFields(spec any) (count int) {
	switch spec := spec.(type) {
	case map[string]any:
		for key, value := range spec {
			if key == "newField" {
				count++
			}
			count += newFields(value)
		}
	case []any:
		for _, value := range spec {
			count += newFields(value)
		}
	}
	return count
}

func apply(e edit, spec *api.Gateway) {
	var server *api.Server
	if e.Server < len(spec.Servers) {
		server = spec.Servers[e.Server]
	}
	switch e.Op {
	case "set":
		set(e, server)
	case "set-host":
		server.Hosts[e.A] = e.Value
	case "add-host":
		server.Hosts = slices.Insert(server.Hosts, e.A, e.Value)
	case "remove-host":
		server.Hosts = slices.Delete(server.Hosts, e.A, e.A+1)
	case "swap-hosts":
		server.Hosts[e.A], server.Hosts[e.B] = server.Hosts[e.B], server.Hosts[e.A]
	case "add-server":
		spec.Servers = slices.Insert(spec.Servers, e.A, &api.Server{Name: e.Value, Hosts: []string{e.Value + ".example"}})
	case "remove-server":
		spec.Servers = slices.Delete(spec.Servers, e.A, e.A+1)
	case "swap-servers":
		spec.Servers[e.A], spec.Servers[e.B] = spec.Servers[e.B], spec.Servers[e.A]
	case "set-selector":
		if spec.Selector == nil {
			spec.Selector = map[string]string{}
		}
		spec.Selector[e.Key] = e.Value
	case "remove-selector":
		delete(spec.Selector, e.Key)
	case "add-tls":
		server.Tls = &api.ServerTLSSettings{Mode: api.ServerTLSSettings_MUTUAL, CredentialName: e.Value}
	case "remove-tls":
		server.Tls = nil
	}
}

func set(e edit, server *api.Server) {
	first, second, _ := strings.Cut(e.Key, ".")
	if first == "port" && server.Port == nil {
		server.Port = &api.Port{}
	}
	if first == "tls" && server.Tls == nil {
		server.Tls = &api.ServerTLSSettings{}
	}
	number, _ := strconv.Atoi(e.Value)
	switch {
	case first == "name":
		server.Name = e.Value
	case first == "bind":
		server.Bind = e.Value
	case first == "defaultEndpoint":
		server.DefaultEndpoint = e.Value
	case second == "number":
		server.Port.Number = uint32(number)
	case second == "name":
		server.Port.Name = e.Value
	case second == "mode":
		server.Tls.Mode = api.ServerTLSSettings_TLSmode(number)
	case second == "credentialName":
		server.Tls.CredentialName = e.Value
	}
}

var itemPath = regexp.MustCompile(`^/spec/servers/\d+(/hosts/\d+)?`)

var serverPath = regexp.MustCompile(`^/spec/servers/(\d+)(?:/(\w+))?(?:/(\w+))?`)

// exists reports whether an owner still exists after the edits. A collection that has become empty
// is not written.
func exists(edits []edit, spec map[string]any, owner string) bool {
	path := moved(edits, owner)
	if path == "" {
		return false
	}
	switch match := serverPath.FindStringSubmatch(path); {
	case strings.HasPrefix(path, "/spec/selector"):
		return spec["selector"] != nil
	case strings.HasPrefix(path, "/spec/servers") && spec["servers"] == nil:
		return false
	case match != nil && match[2] == "hosts":
		index, _ := strconv.Atoi(match[1])
		servers, _ := spec["servers"].([]any)
		if index < len(servers) {
			server, _ := servers[index].(map[string]any)
			return server["hosts"] != nil
		}
	}
	return true
}

// added reports whether a path leads into a value that an edit added.
func added(edits []edit, path string) bool {
	for _, e := range edits {
		var own string
		switch e.Op {
		case "add-server":
			own = fmt.Sprintf("/spec/servers/%d", e.A)
		case "add-host":
			own = fmt.Sprintf("/spec/servers/%d/hosts/%d", e.Server, e.A)
		default:
			continue
		}
		if path == own || strings.HasPrefix(path, own+"/") {
			return true
		}
	}
	return false
}

// moved is where a path leads after the edits; "" for one that is no more.
func moved(edits []edit, path string) string {
	for _, e := range edits {
		if path == "" {
			return ""
		}
		path = movedBy(e, path)
	}
	return path
}

func movedBy(e edit, path string) string {
	if key, ok := strings.CutPrefix(path, "/spec/selector/"); ok {
		if e.Op == "remove-selector" && key == e.Key {
			return ""
		}
		return path
	}
	match := serverPath.FindStringSubmatchIndex(path)
	if match == nil {
		return path
	}
	part := func(i int) string {
		if match[2*i] < 0 {
			return ""
		}
		return path[match[2*i]:match[2*i+1]]
	}
	index, _ := strconv.Atoi(part(1))
	field, sub := part(2), part(3)
	switch e.Op {
	case "add-server", "remove-server", "swap-servers":
		index = movedIndex(strings.TrimSuffix(strings.TrimSuffix(e.Op, "-server"), "-servers"), e, index)
		if index < 0 {
			return ""
		}
		return fmt.Sprintf("/spec/servers/%d%s", index, path[match[3]:])
	}
	if index != e.Server {
		return path
	}
	switch e.Op {
	case "add-host", "remove-host", "swap-hosts":
		if field != "hosts" || sub == "" {
			break
		}
		host, _ := strconv.Atoi(sub)
		host = movedIndex(strings.TrimSuffix(strings.TrimSuffix(e.Op, "-host"), "-hosts"), e, host)
		if host < 0 {
			return ""
		}
		return fmt.Sprintf("/spec/servers/%d/hosts/%d%s", index, host, path[match[7]:])
	case "remove-tls":
		if field == "tls" {
			return ""
		}
	case "set":
		first, second, _ := strings.Cut(e.Key, ".")
		unset := e.Value == "" || e.Value == "0"
		if unset && first == field && (second == "" || second == sub || second == "credentialName" && sub == "credential_name") {
			return ""
		}
	}
	return path
}

func movedIndex(op string, e edit, index int) int {
	switch {
	case op == "add" && index >= e.A:
		return index + 1
	case op == "remove" && index == e.A:
		return -1
	case op == "remove" && index > e.A:
		return index - 1
	case op == "swap" && index == e.A:
		return e.B
	case op == "swap" && index == e.B:
		return e.A
	}
	return index
}

// item is the item of a list, or the entry of the selector, that a path leads
// into; else the path.
func item(path string) string {
	if match := itemPath.FindString(path); match != "" {
		return match
	}
	return path
}

// An attachment is where yaml/v3 has a comment.
type attachment struct{ path, kind string }

// sameNeighbour reports whether a comment is at the same line as before, which may have got another
// value.
func sameNeighbour(c testCase, name string) bool {
	was, is := neighbour(c.YAML, name), neighbour(c.Edited, name)
	return was == is || slices.ContainsFunc(c.Edits, func(e edit) bool {
		return strings.HasPrefix(e.Op, "set") && strings.Contains(is, e.Value)
	})
}

// neighbour is the line of content that a comment stands at, below or, as the
// foot of something, after.
func neighbour(text, name string) string {
	lines := strings.Split(text, "\n")
	at := slices.IndexFunc(lines, func(line string) bool {
		before, _, ok := strings.Cut(line, name)
		return ok && strings.Contains(before, "#")
	})
	step := 1
	if strings.HasPrefix(name, "f") {
		step = -1
	}
	for ; at >= 0 && at < len(lines); at += step {
		content := strings.TrimSpace(lines[at])
		if content != "" && content[0] != '#' {
			content, _, _ = strings.Cut(strings.ReplaceAll(content, "\t", " "), " #")
			return strings.TrimRight(content, ", \t\r")
		}
	}
	return ""
}

var commentName = regexp.MustCompile(`\b[cf]\d+\.`)

func attachments(text string) (map[string]attachment, error) {
	var root yamlv3.Node
	if err := yamlv3.NewDecoder(bytes.NewBufferString(text)).Decode(&root); err != nil {
		return nil, err
	}
	found := map[string]attachment{}
	var walk func(node *yamlv3.Node, path string)
	walk = func(node *yamlv3.Node, path string) {
		for kind, comment := range map[string]string{"head": node.HeadComment, "line": node.LineComment, "foot": node.FootComment} {
			for _, name := range commentName.FindAllString(comment, -1) {
				found[name] = attachment{path, kind}
			}
		}
		for i, child := range node.Content {
			switch node.Kind {
			case yamlv3.MappingNode:
				walk(child, path+"/"+node.Content[i&^1].Value)
			case yamlv3.SequenceNode:
				walk(child, fmt.Sprintf("%s/%d", path, i))
			default:
				walk(child, path)
			}
		}
	}
	walk(&root, "")
	return found, nil
}
