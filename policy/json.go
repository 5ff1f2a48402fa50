package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// nodeType is what a JSON value is.
type nodeType uint8

const (
	nullNode nodeType = iota
	boolNode
	numberNode
	stringNode
	listNode
	objectNode
)

// node is a JSON value that remembers where in the document it stands and the
// order of its members, which a map would lose.
type node struct {
	kind       nodeType
	text       string // of a string, number or boolean
	items      []*node
	members    []member
	path       string
	element    string // the nearest member name on the path
	start, end int    // bytes in the document
}

type member struct {
	name  string
	value *node
}

// member gives the value of an object's member, nil if it has none such.
func (n *node) member(name string) *node {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (n *node) fault(reason Reason, value string) *SyntaxError {
	return &SyntaxError{Reason: reason, Path: n.path, Offset: n.start, Element: n.element, Value: value}
}

// tree turns a document into nodes. A member that an object has twice is an
// error: the grammar notes of the IAM User Guide forbid it.
func tree(document []byte) (*node, *SyntaxError) {
	var raw json.RawMessage
	if err := json.Unmarshal(document, &raw); err != nil {
		var bad *json.SyntaxError
		offset := 0
		if errors.As(err, &bad) {
			offset = max(0, int(bad.Offset)-1) // the byte that was read last
		}
		return nil, &SyntaxError{Reason: NotJSON, Offset: offset}
	}
	r := reader{document: document, decoder: json.NewDecoder(bytes.NewReader(document))}
	r.decoder.UseNumber()
	root := r.value("", "")
	return root, r.duplicate
}

// reader walks a document that is known to be valid JSON, so the decoder's
// errors cannot occur.
type reader struct {
	document  []byte
	decoder   *json.Decoder
	duplicate *SyntaxError // the first one
}

func (r *reader) value(path, element string) *node {
	n := &node{path: path, element: element, start: r.next()}
	token, _ := r.decoder.Token()
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			n.kind = objectNode
			r.members(n)
		} else {
			n.kind = listNode
			r.items(n)
		}
	case string:
		n.kind, n.text = stringNode, token
	case json.Number:
		n.kind, n.text = numberNode, token.String()
	case bool:
		n.kind, n.text = boolNode, strconv.FormatBool(token)
	}
	n.end = int(r.decoder.InputOffset())
	return n
}

// next is where the next token begins.
func (r *reader) next() int {
	offset := int(r.decoder.InputOffset())
	return offset + len(r.document[offset:]) - len(bytes.TrimLeft(r.document[offset:], " \t\r\n,:"))
}

func (r *reader) members(n *node) {
	for r.decoder.More() {
		start := r.next()
		token, _ := r.decoder.Token()
		name := token.(string)
		path := name
		if n.path != "" {
			path = n.path + "." + name
		}
		if n.member(name) != nil && r.duplicate == nil {
			r.duplicate = &SyntaxError{Reason: DuplicateElement, Path: path, Offset: start, Element: name, Value: name}
		}
		n.members = append(n.members, member{name, r.value(path, name)})
	}
	r.decoder.Token()
}

func (r *reader) items(n *node) {
	for i := 0; r.decoder.More(); i++ {
		n.items = append(n.items, r.value(n.path+"["+strconv.Itoa(i)+"]", n.element))
	}
	r.decoder.Token()
}
