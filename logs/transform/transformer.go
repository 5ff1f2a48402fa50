package transform

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a transformer:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Create.html
const (
	maxProcessors = 20
	maxParsers    = 5
	maxFields     = 200
	maxDepth      = 3
	maxKey        = 128
)

// Transformer is a pipeline of processors. It can be used by several
// goroutines.
type Transformer struct{ steps []step }

// step is a processor that is ready for use. An error leaves the event as it
// was ingested.
type step interface{ apply(e *event) error }

// Metadata is what a transformer can copy into an event.
type Metadata struct{ LogGroup, LogStream, Account, Region string }

// event is a log event on its way through a transformer.
type event struct {
	message string
	root    *object
	meta    Metadata
}

// wholeMessage is the source that stands for the log event itself.
const wholeMessage = "@message"

// text returns the text that a parser reads.
func (e *event) text(source string) (string, bool) {
	if source == "" || source == wholeMessage {
		return e.message, true
	}
	v, ok := e.root.get(source)
	s, isText := v.(string)
	return s, ok && isText
}

// into returns the object that a parser writes into.
func (e *event) into(destination string) *object {
	if destination == "" {
		return e.root
	}
	if v, ok := e.root.get(destination); ok {
		if o, ok := v.(*object); ok {
			return o
		}
	}
	o := newObject()
	e.root.put(destination, o, true)
	return o
}

// ErrFailed says that an event cannot be transformed; it stays as it is.
var ErrFailed = errors.New("transform: the log event cannot be transformed")

// Apply returns the transformed version of a log event, a JSON object. An
// event that a parser can't read is [ErrFailed], as is one with more than 200
// fields.
//
// Unverified: that a processor passes over a key which an event does not
// have, and that a parser which fails ends the transformation.
func (t *Transformer) Apply(message string, m Metadata) (string, error) {
	e := &event{message: message, root: newObject(), meta: m}
	for _, s := range t.steps {
		if err := s.apply(e); err != nil {
			return "", fmt.Errorf("%w: %w", ErrFailed, err)
		}
	}
	if fields(e.root) > maxFields {
		return "", fmt.Errorf("%w: it has more than %d fields", ErrFailed, maxFields)
	}
	out, err := encode(e.root)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return string(out), nil
}

// fields counts the leaves of a document.
func fields(v any) (n int) {
	switch v := v.(type) {
	case *object:
		for _, inner := range v.values {
			n += fields(inner)
		}
	case []any:
		for _, inner := range v {
			n += fields(inner)
		}
	default:
		return 1
	}
	return n
}

// Invalid says why a configuration is no transformer.
type Invalid struct{ Reason string }

// Error implements error.
func (e *Invalid) Error() string { return e.Reason }

// Unsupported names a processor of AWS that is not built here.
type Unsupported struct{ Processor string }

// Error implements error.
func (e *Unsupported) Error() string { return "the processor " + e.Processor + " is not supported" }

func invalid(format string, a ...any) error { return &Invalid{fmt.Sprintf(format, a...)} }

// kind is what is particular to a processor.
type kind struct {
	parser bool
	vended bool // a built-in parser: first, and the only one of its kind
	once   bool // at most one in a transformer
	build  func(raw json.RawMessage) (step, error)
}

// Parse reads the configuration: a JSON array of objects with one processor
// each. What is wrong with it is an [Invalid], and a processor that is not
// here an [Unsupported].
func Parse(config []byte) (*Transformer, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(config, &list); err != nil {
		return nil, invalid("The transformer configuration is not a list of processors.")
	}
	if len(list) == 0 || len(list) > maxProcessors {
		return nil, invalid("A transformer has 1 to %d processors.", maxProcessors)
	}
	t := &Transformer{}
	seen, parsers := map[string]int{}, 0
	for i, entry := range list {
		name, k, err := kindOf(entry)
		if err != nil {
			return nil, err
		}
		if k.parser {
			parsers++
		}
		seen[name]++
		if err := placed(name, k, i, seen[name]); err != nil {
			return nil, err
		}
		s, err := k.build(entry[name])
		if err != nil {
			return nil, err
		}
		t.steps = append(t.steps, s)
	}
	if parsers > maxParsers {
		return nil, invalid("A transformer has at most %d parsers.", maxParsers)
	}
	return t, nil
}

func kindOf(entry map[string]json.RawMessage) (string, kind, error) {
	if len(entry) != 1 {
		return "", kind{}, invalid("Each entry of a transformer must hold exactly one processor.")
	}
	for name := range entry {
		if name == "parseToOCSF" {
			return name, kind{}, &Unsupported{name}
		}
		k, ok := kinds[name]
		if !ok {
			return name, k, invalid("The processor %s does not exist.", name)
		}
		return name, k, nil
	}
	panic("transform: an entry of one has none")
}

// placed checks where a processor stands and how often.
func placed(name string, k kind, at, count int) error {
	switch {
	case at == 0 && !k.parser:
		return invalid("The first processor of a transformer must be a parser.")
	case at > 0 && k.vended:
		return invalid("The processor %s must be the first one.", name)
	case count > 1 && k.once:
		return invalid("A transformer has at most one %s processor.", name)
	}
	return nil
}

// read decodes a processor's configuration.
func read[T any](raw json.RawMessage) (T, error) {
	var v T
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, invalid("The configuration of a processor is not of the expected form.")
	}
	return v, nil
}

// checkKeys refuses keys that are too long or too deep.
func checkKeys(keys ...string) error {
	for _, k := range keys {
		if utf8.RuneCountInString(k) > maxKey {
			return invalid("The key %s is longer than %d characters.", k, maxKey)
		}
		if len(parsePath(k)) > maxDepth {
			return invalid("The key %s is nested deeper than %d levels.", k, maxDepth)
		}
	}
	return nil
}

// required refuses keys that are missing, too long or too deep.
func required(keys ...string) error {
	for _, k := range keys {
		if k == "" {
			return invalid("A key that a processor needs is missing.")
		}
	}
	return checkKeys(keys...)
}

// entries refuses too few and too many.
func entries(processor string, n, most int) error {
	if n < 1 || n > most {
		return invalid("The processor %s takes 1 to %d entries.", processor, most)
	}
	return nil
}
