package restxml

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/wire/plan"
)

// The SDK for Go ships a request of each operation with every member set. Each
// is found, decoded, and every header, parameter and element in it is looked
// for in what was decoded.

var planner = plan.New(s3api.Service)

// notMembers are headers and parameters of requests that no member stands for.
var notMembers = map[string]bool{"Content-Type": true, "x-id": true}

// placeholders stand in the snapshots where a pattern must be kept.
var placeholders = regexp.MustCompile("__(CopySource|RenameSource)__")

// sentRequest reads the snapshot of a request.
func sentRequest(t *testing.T, file string) (method string, target *url.URL, h http.Header, body []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = placeholders.ReplaceAll(text, []byte("b/k"))
	text = bytes.ReplaceAll(text, []byte("__PartNumberMarker__"), []byte("1"))
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	method, uri, _ := strings.Cut(string(line), " ")
	if target, err = url.Parse(uri); err != nil {
		t.Fatal(err)
	}
	head, body, _ := bytes.Cut(bytes.TrimPrefix(rest, []byte("\n")), []byte("\n\n"))
	fields, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(head, "\n\n"...)))).ReadMIMEHeader()
	if err != nil {
		t.Fatalf("%s: %v", head, err)
	}
	return method, target, http.Header(fields), bytes.TrimSuffix(body, []byte("\n"))
}

func TestTheSDKsRequestsDecodeWhole(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/s3").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "request_snapshot", "*.snap"))
	if err != nil || len(files) < 80 {
		t.Fatalf("%d snapshots: %v", len(files), err)
	}
	table := NewTable(s3api.Service)
	seen := 0
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		if s3api.Service.Operation(name) == nil {
			continue
		}
		seen++
		t.Run(name, func(t *testing.T) { decodeSnapshot(t, table, name, file) })
	}
	if seen != len(s3api.Service.Operations) {
		t.Errorf("%d snapshots of %d operations", seen, len(s3api.Service.Operations))
	}
}

func decodeSnapshot(t *testing.T, table *Table, name, file string) {
	method, target, h, body := sentRequest(t, file)
	bucket := Host{Bucket: "bucket"}
	if name == "ListBuckets" {
		bucket.Bucket = ""
	}
	address, err := Locate(bucket, target.EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	op, err := table.Find(method, address, target.Query(), h)
	if err != nil || op.Name != name {
		t.Fatalf("found %v: %v", op, err)
	}
	p := planner.Of(op.Input)
	in := reflect.New(op.Input)
	r := &Request{Address: address, Query: target.Query(), Header: h, Length: int64(len(body)), Body: body}
	if Streams(p) {
		r.Stream = io.NopCloser(bytes.NewReader(body))
	}
	if err := Decode(p, r, in.Interface()); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	compare(t, p, in.Elem(), r)
}

// compare holds a decoded input against its request.
func compare(t *testing.T, p *plan.Type, v reflect.Value, r *Request) {
	t.Helper()
	h, query := http.Header{}, url.Values{}
	var document []byte
	for i := range p.Members {
		m := &p.Members[i]
		field := v.Field(m.Field)
		if m.Place == api.Payload && m.Type.Kind == plan.Opaque {
			document, _ = io.ReadAll(field.Interface().(io.Reader))
			continue
		}
		if m.Absent(field) {
			continue
		}
		field = reflect.Indirect(field)
		switch m.Place {
		case api.Header, api.HeaderPrefix:
			new(Answer).head(m, v.Field(m.Field), h)
			if m.Type.Kind == plan.Time && m.Type.TimeFormat == "iso8601" {
				h.Set(m.Header, strings.Replace(h.Get(m.Header), ".000Z", "Z", 1))
			}
		case api.Parameter:
			query.Set(m.Wire, headerText(m.Type, field))
		case api.Payload:
			if m.Type.Kind != plan.Struct {
				document = appendScalar(nil, m.Type, field, "")
				continue
			}
			document = appendNamed(nil, m.Wire, m.Type, field)
		}
	}
	for name, values := range r.Header {
		got := cmp.Or(h.Get(name), strings.Join(h[strings.ToLower(name)], ",")) // metadata is written in lower case
		if want := strings.Join(values, ","); got != want && !notMembers[name] {
			t.Errorf("header %s: %q, sent %q", name, got, want)
		}
	}
	for name, values := range r.Query {
		if got := query.Get(name); got != values[0] && values[0] != "" && !notMembers[name] && name != "list-type" {
			t.Errorf("parameter %s: %q, sent %q", name, got, values[0])
		}
	}
	if got, want := outline(t, document), outline(t, r.Body); !slices.Equal(got, want) {
		t.Errorf("body:\n got %v\nwant %v", got, want)
	}
}

// element is one element of a document, as a tree.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

// outline lists what is in a document, each text under its path, sorted: the
// order of elements does not count.
func outline(t *testing.T, document []byte) []string {
	t.Helper()
	if len(document) == 0 || document[0] != '<' {
		return []string{string(document)}
	}
	var root element
	if err := xml.Unmarshal(document, &root); err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	lines := root.lines("")
	slices.Sort(lines)
	return lines
}

func (e *element) lines(path string) (lines []string) {
	path += "/" + e.XMLName.Local
	for _, a := range e.Attrs {
		if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
			lines = append(lines, path+"@"+a.Name.Local+"="+a.Value)
		}
	}
	for i := range e.Children {
		lines = append(lines, e.Children[i].lines(path)...)
	}
	if len(e.Children) == 0 {
		lines = append(lines, path+"="+strings.Replace(e.Text, ".000Z", "Z", 1))
	}
	return lines
}
