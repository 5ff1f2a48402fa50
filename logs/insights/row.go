package insights

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
)

// Event is a log event as a query sees it.
type Event struct {
	Timestamp int64 // milliseconds
	Ingested  int64
	Message   string
	// Clear is the message as it was put, where Message is masked and the
	// query unmasks; else empty.
	Clear string
	// Transformed is the transformed version of the event, a JSON document;
	// empty if there is none. Fields are discovered in it.
	Transformed string
	Stream      string
	Log         string // account:group
	// Place is the caller's own: Run.Pointer makes @ptr of it.
	Place Place
}

// Place is where an event lies.
type Place struct {
	Group    int // index of the log group among those queried
	Sequence uint64
	Index    int
}

// row is an event, or what stats made of many, on its way through a query.
type row struct {
	run        *Run
	event      *Event // nil behind stats
	bound      []binding
	sides      []side  // what a join put together, instead of an event
	aggregates []value // while stats computes its columns
	document   any     // the message, if it is JSON
	decoded    bool
	peeks      int
}

// binding is a field that a command made.
type binding struct {
	name  string
	value value
}

// bind sets a field. The row's list is its own: rows are never shared.
func (r *row) bind(name string, v value) {
	for i := range r.bound {
		if r.bound[i].name == name {
			r.bound[i].value = v
			return
		}
	}
	r.bound = append(r.bound, binding{name, v})
}

// field returns the field of that name, absent if there is none.
func (r *row) field(name string) value {
	for i := range r.bound {
		b := &r.bound[i]
		if b.name == name {
			return b.value
		}
		if rest, ok := strings.CutPrefix(name, b.name+"."); ok && b.value.kind == structure {
			return fromJSON(find(b.value.data, rest), true)
		}
	}
	if r.event == nil {
		return r.sided(name)
	}
	if strings.HasPrefix(name, "@") {
		return r.system(name)
	}
	if v, ok := r.peek(name); ok {
		return v
	}
	return fromJSON(find(r.content(), name), false)
}

// sided returns a field of the rows that were joined: by an alias, or else
// the first that has it.
func (r *row) sided(name string) value {
	for _, s := range r.sides {
		if rest, ok := strings.CutPrefix(name, s.alias+"."); ok {
			return s.row.field(rest)
		}
	}
	for _, s := range r.sides {
		if v := s.row.field(name); v.kind != absent {
			return v
		}
	}
	return value{}
}

// content returns the event's message, if it is JSON.
func (r *row) content() any {
	if !r.decoded {
		r.decoded, r.document = true, decode(cmp.Or(r.event.Transformed, r.event.Message))
	}
	return r.document
}

// system returns a field that every event has.
func (r *row) system(name string) value {
	switch e := r.event; name {
	case "@timestamp":
		return timeOf(float64(e.Timestamp))
	case "@ingestionTime":
		return timeOf(float64(e.Ingested))
	case "@message":
		return textOf(e.Message)
	case "@logStream":
		return textOf(e.Stream)
	case "@log":
		return textOf(e.Log)
	case "@ptr":
		return textOf(r.run.options.Pointer(e))
	}
	return value{}
}

// decode returns a message that is a JSON object or array, else nil.
func decode(message string) any {
	trimmed := strings.TrimSpace(message)
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(trimmed))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.InputOffset() != int64(len(trimmed)) {
		return nil
	}
	return v
}

// find follows a dotted name into a document. A member whose own name has
// dots is found too; elements of arrays go by their index from 0.
func find(v any, name string) any {
	if name == "" {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		if found, ok := v[name]; ok {
			return found
		}
		for i := range len(name) {
			if name[i] != '.' {
				continue
			}
			if inner, ok := v[name[:i]]; ok {
				if found := find(inner, name[i+1:]); found != nil {
					return found
				}
			}
		}
	case []any:
		first, rest, more := strings.Cut(name, ".")
		i, err := strconv.Atoi(first)
		if err != nil || i < 0 || i >= len(v) {
			return nil
		}
		if !more {
			return v[i]
		}
		return find(v[i], rest)
	}
	return nil
}

// fromJSON returns a decoded value. Objects and arrays are fields only where
// jsonParse made them: discovery gives what is in them.
func fromJSON(v any, structures bool) value {
	switch v := v.(type) {
	case string:
		return textOf(v)
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return textOf(v.String())
		}
		return value{kind: numeric, num: n, text: v.String()}
	case bool:
		return boolOf(v)
	case map[string]any, []any:
		if structures {
			return value{kind: structure, data: v}
		}
	}
	return value{}
}

// maxDiscovered is how many fields discovery gives for one event:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
const maxDiscovered = 200

// Discover returns the fields of a message that is JSON, by their dotted
// names, and nil for any other.
func Discover(message string) map[string]string {
	document := decode(message)
	if document == nil {
		return nil
	}
	found := map[string]string{}
	discover(document, "", found)
	return found
}

func discover(v any, name string, found map[string]string) {
	if len(found) >= maxDiscovered {
		return
	}
	inside := func(part string) string {
		if name == "" {
			return part
		}
		return name + "." + part
	}
	switch v := v.(type) {
	case map[string]any:
		for part, inner := range v {
			discover(inner, inside(part), found)
		}
	case []any:
		for i, inner := range v {
			discover(inner, inside(strconv.Itoa(i)), found)
		}
	default:
		if leaf := fromJSON(v, false); leaf.kind != absent {
			found[name] = leaf.String()
		}
	}
}
