package awsquery

import (
	"cmp"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// maxParts bounds how many parts a parameter's name may have. The deepest of
// the services here has eight.
const maxParts = 32

// params are a form's parameters by ascending name, so that those below one
// name are neighbours.
type params []param

type param struct{ name, value string }

func sorted(form url.Values) (params, error) {
	p := make(params, 0, len(form))
	for name, values := range form {
		if strings.Count(name, ".") >= maxParts {
			return nil, malformed("Parameter name has too many parts")
		}
		// Of a parameter that is sent twice the last one counts.
		p = append(p, param{name, values[len(values)-1]})
	}
	slices.SortFunc(p, func(a, b param) int { return strings.Compare(a.name, b.name) })
	return p, nil
}

// search returns the place of the first parameter that is not before name.
func (p params) search(name string) int {
	return sort.Search(len(p), func(i int) bool { return p[i].name >= name })
}

// node is a part of the parameters' names: in Tags.member.1.Key there are four.
type node struct {
	name  string // up to this part: "Tags.member"
	value string
	set   bool   // a parameter has exactly this name
	below params // whose names go on behind this part
}

// at returns the node of the parameters that have name or begin with it and a
// dot, or nil if there are none.
func (p params) at(name string) *node {
	n := &node{name: name}
	if i := p.search(name); i < len(p) && p[i].name == name {
		n.value, n.set = p[i].value, true
	}
	n.below = p[p.search(name+"."):p.search(name+"/")] // '/' follows '.'
	if !n.set && len(n.below) == 0 {
		return nil
	}
	return n
}

// child returns the node of the next part, or nil.
func (n *node) child(part string) *node { return n.below.at(n.name + "." + part) }

// items returns the members of a list or the entries of a map below n in
// their order. Numbers need not be consecutive. Other names are left out.
func (n *node) items() []*node {
	type item struct {
		index int
		part  string
	}
	var found []item
	for _, p := range n.below {
		part, _, _ := strings.Cut(p.name[len(n.name)+1:], ".")
		if index, err := strconv.Atoi(part); err == nil && index > 0 && part == strconv.Itoa(index) {
			found = append(found, item{index, part})
		}
	}
	slices.SortFunc(found, func(a, b item) int { return cmp.Compare(a.index, b.index) })
	found = slices.Compact(found)
	out := make([]*node, len(found))
	for i := range found {
		out[i] = n.child(found[i].part)
	}
	return out
}
