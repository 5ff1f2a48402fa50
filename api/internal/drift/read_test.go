package drift

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"sealstack/api"
)

// jsonPlaces returns the places of a JSON body.
func jsonPlaces(body []byte) (map[string]place, error) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	found := map[string]place{}
	jsonWalk("body", v, found)
	return found, nil
}

func jsonWalk(path string, v any, found map[string]place) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			found[path] = place{kind: "empty"}
		}
		for name, member := range v {
			jsonWalk(path+"/"+name, member, found)
		}
	case []any:
		for _, element := range v {
			jsonWalk(path+"[]", element, found)
		}
	case string:
		found[path] = place{kind: "string"}
	case bool:
		found[path] = place{kind: "bool"}
	case float64:
		found[path] = place{kind: "number"}
	default:
		panic(fmt.Sprintf("%s is %v", path, v))
	}
}

var entryNumber = regexp.MustCompile(`\.[0-9]+`)

// formPlaces returns the places of a form: "A.member.1.B" is body/A/member/B.
func formPlaces(body []byte) (map[string]place, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	found := map[string]place{}
	for name := range form {
		if name != "Action" && name != "Version" {
			found["body/"+strings.ReplaceAll(entryNumber.ReplaceAllString(name, ""), ".", "/")] = place{}
		}
	}
	return found, nil
}

// xmlPlaces returns the places of an XML body.
func xmlPlaces(body []byte, found map[string]place) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	path, leaf := []string{"body"}, false
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			path, leaf = append(path, t.Name.Local), true
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					found[strings.Join(path, "/")+"@"+a.Name.Space+":"+a.Name.Local] = place{}
				}
			}
		case xml.EndElement:
			if leaf {
				found[strings.Join(path, "/")] = place{}
			}
			path, leaf = path[:len(path)-1], false
		}
	}
}

// httpPlaces returns the places of an S3 request: its line, headers, body.
func httpPlaces(op *api.Operation, s snapshot) (map[string]place, error) {
	found := map[string]place{}
	path, query, _ := strings.Cut(s.target, "?")
	if strings.HasPrefix(op.HTTP.URI, "/{Bucket}") {
		found["label Bucket"] = place{} // stands in the host name
	}
	if path == "/__Key__" {
		found["label Key"] = place{}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	_, fixed, _ := strings.Cut(op.HTTP.URI, "?")
	for name := range values {
		if name != "x-id" && !fixedParameter(fixed, name) {
			found["parameter "+name] = place{}
		}
	}
	for name := range s.header {
		found["header "+strings.ToLower(name)] = place{}
	}
	if !bytes.HasPrefix(s.body, []byte("<")) {
		if len(s.body) > 0 {
			found["body"] = place{}
		}
		return found, nil
	}
	return found, xmlPlaces(s.body, found)
}

// fixedParameter reports whether the operation's own URI has the parameter.
func fixedParameter(fixed, name string) bool {
	return slices.ContainsFunc(strings.Split(fixed, "&"), func(p string) bool {
		key, _, _ := strings.Cut(p, "=")
		return key == name
	})
}
