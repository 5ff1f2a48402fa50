package cloudtrail

import (
	"slices"
	"strings"
	"sync"

	"sealstack/api"
	"sealstack/api/iamapi"
)

// kind is what CloudTrail knows of an operation: what the models say of it and
// what is declared.
type kind struct {
	*service
	source   string // "kms.amazonaws.com"
	name     string // of the event
	readOnly bool
	data     bool
	responds bool     // responseElements are shown
	hidden   []string // members of the request, by wire name, that are not shown
	bare     bool     // requestParameters are null
}

var kinds sync.Map // *api.Operation to *kind

// kindOf returns the kind of a service's operation.
func kindOf(s *api.Service, op *api.Operation) *kind {
	if k, ok := kinds.Load(op); ok {
		return k.(*kind)
	}
	stored, _ := kinds.LoadOrStore(op, declaredAs(s, op))
	return stored.(*kind)
}

func declaredAs(s *api.Service, op *api.Operation) *kind {
	d := declaredOf(s)
	o := d.operations[op.Name]
	k := &kind{
		service: d, source: s.Endpoint + ".amazonaws.com", name: op.Name, hidden: d.hidden, bare: o.is&bare != 0,
		data: d.data || o.is&dataEvent != 0 || d.objects && strings.Contains(op.HTTP.URI, "{Key+}"),
	}
	if o.event != "" {
		k.name = o.event
	}
	k.readOnly = o.is&reads != 0 || readsOnly(op.Name)
	k.responds = !d.silent && o.is&silent == 0 && (!k.readOnly || o.is&answers != 0)
	return k
}

// readingVerbs start the names of operations that change nothing.
var readingVerbs = []string{
	"Get", "List", "Describe", "Head", "Lookup", "Filter", "Test", "Simulate", "Search", "Select", "BatchGet", "Decode",
}

// readsOnly says whether an operation changes nothing, as a record's readOnly
// tells.
func readsOnly(name string) bool {
	return slices.ContainsFunc(readingVerbs, func(verb string) bool { return strings.HasPrefix(name, verb) })
}

// global says that the events of a service are those of all Regions.
func global(s *api.Service) bool { return s.Global || s == iamapi.Service }
