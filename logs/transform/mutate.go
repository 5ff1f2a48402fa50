package transform

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// entry is one of a processor's entries; each processor uses its own members.
type entry struct {
	Key, Value, RenameTo, Type          string
	Source, Target, Delimiter, From, To string
	OverwriteIfExists                   bool
}

type entryList struct{ Entries []entry }

// each is a processor that does something for each of its entries.
type each struct {
	entries []entry
	do      func(e *event, c *entry)
}

func (s *each) apply(e *event) error {
	for i := range s.entries {
		s.do(e, &s.entries[i])
	}
	return nil
}

func buildEach(raw json.RawMessage, name string, most int, keys func(*entry) []string, do func(*event, *entry)) (step, error) {
	c, err := read[entryList](raw)
	if err != nil {
		return nil, err
	}
	if err := entries(name, len(c.Entries), most); err != nil {
		return nil, err
	}
	for i := range c.Entries {
		if err := required(keys(&c.Entries[i])...); err != nil {
			return nil, err
		}
	}
	return &each{c.Entries, do}, nil
}

func sourceTarget(c *entry) []string { return []string{c.Source, c.Target} }

func buildAddKeys(raw json.RawMessage) (step, error) {
	return buildEach(raw, "addKeys", 5, func(c *entry) []string { return []string{c.Key} },
		func(e *event, c *entry) { e.root.put(c.Key, c.Value, c.OverwriteIfExists) })
}

func buildMoveKeys(raw json.RawMessage) (step, error) {
	return buildEach(raw, "moveKeys", 5, sourceTarget, func(e *event, c *entry) { e.move(c.Source, c.Target, c.OverwriteIfExists) })
}

func buildRenameKeys(raw json.RawMessage) (step, error) {
	return buildEach(raw, "renameKeys", 5, func(c *entry) []string { return []string{c.Key, c.RenameTo} },
		func(e *event, c *entry) { e.move(c.Key, c.RenameTo, c.OverwriteIfExists) })
}

// move takes a value to another key; what is there already stays, with the
// value where it was, unless it may be replaced.
func (e *event) move(from, to string, overwrite bool) {
	v, ok := e.root.get(from)
	if _, taken := e.root.get(to); !ok || taken && !overwrite {
		return
	}
	e.root.remove(from)
	if o, ok := e.root.values[to].(*object); ok && from != to {
		// A key that is moved to an object goes into it, under its own name.
		p := parsePath(from)
		o.set(p[len(p)-1], v)
		return
	}
	e.root.put(to, v, true)
}

func buildCopyValue(raw json.RawMessage) (step, error) {
	return buildEach(raw, "copyValue", 5, sourceTarget, func(e *event, c *entry) {
		if v, ok := e.known(c.Source); ok {
			e.root.put(c.Target, copied(v), c.OverwriteIfExists)
		}
	})
}

// known returns the value of a key or of a metadata key.
func (e *event) known(key string) (any, bool) {
	switch key {
	case "@logGroupName":
		return e.meta.LogGroup, true
	case "@logGroupStream":
		return e.meta.LogStream, true
	case "@accountId":
		return e.meta.Account, true
	case "@regionName":
		return e.meta.Region, true
	}
	return e.root.get(key)
}

type keyList struct{ WithKeys []string }

// eachKey is a processor that does something for each of its keys.
type eachKey struct {
	keys []string
	do   func(e *event, key string)
}

func (s *eachKey) apply(e *event) error {
	for _, k := range s.keys {
		s.do(e, k)
	}
	return nil
}

func buildKeys(raw json.RawMessage, name string, most int, do func(*event, string)) (step, error) {
	c, err := read[keyList](raw)
	if err != nil {
		return nil, err
	}
	if err := entries(name, len(c.WithKeys), most); err != nil {
		return nil, err
	}
	return &eachKey{c.WithKeys, do}, required(c.WithKeys...)
}

func buildDeleteKeys(raw json.RawMessage) (step, error) {
	return buildKeys(raw, "deleteKeys", 5, func(e *event, key string) { e.root.remove(key) })
}

func buildCase(name string, fn func(string) string) func(json.RawMessage) (step, error) {
	return func(raw json.RawMessage) (step, error) {
		return buildKeys(raw, name, 10, func(e *event, key string) { e.change(key, func(s string) any { return fn(s) }) })
	}
}

// change replaces the text under a key.
func (e *event) change(key string, fn func(string) any) {
	if v, ok := e.root.get(key); ok {
		if s, ok := v.(string); ok {
			e.root.put(key, fn(s), true)
		}
	}
}

func buildSplit(raw json.RawMessage) (step, error) {
	return buildEach(raw, "splitString", 10, func(c *entry) []string { return []string{c.Source, c.Delimiter} }, func(e *event, c *entry) {
		e.change(c.Source, func(s string) any {
			list := []any{}
			for part := range strings.SplitSeq(s, c.Delimiter) {
				list = append(list, part)
			}
			return list
		})
	})
}

type substitution struct {
	entry
	from *regexp.Regexp
	to   string
}

type substitute []substitution

// groupRef is a reference to a group in a replacement, as Java writes it.
var groupRef = regexp.MustCompile(`\$(\d)`)

// buildSubstitute compiles the expressions, which AWS reads as Java does.
// Those that look around are refused: this program's expressions have none.
func buildSubstitute(raw json.RawMessage) (step, error) {
	c, err := read[entryList](raw)
	if err != nil {
		return nil, err
	}
	if err := entries("substituteString", len(c.Entries), 10); err != nil {
		return nil, err
	}
	var s substitute
	for _, entry := range c.Entries {
		if err := required(entry.Source); err != nil {
			return nil, err
		}
		re, err := regexp.Compile(entry.From)
		if err != nil || entry.From == "" {
			return nil, invalid("The regular expression %s of substituteString is not valid.", entry.From)
		}
		s = append(s, substitution{entry, re, groupRef.ReplaceAllString(entry.To, "$${$1}")})
	}
	return s, nil
}

func (s substitute) apply(e *event) error {
	for i := range s {
		e.change(s[i].Source, func(text string) any { return s[i].from.ReplaceAllString(text, s[i].to) })
	}
	return nil
}

func buildTypeConverter(raw json.RawMessage) (step, error) {
	s, err := buildEach(raw, "typeConverter", 5, func(c *entry) []string { return []string{c.Key, c.Type} }, func(e *event, c *entry) {
		if v, ok := e.root.get(c.Key); ok {
			if converted, ok := convert(v, c.Type); ok {
				e.root.put(c.Key, converted, true)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, c := range s.(*each).entries {
		switch c.Type {
		case "integer", "double", "string", "boolean":
		default:
			return nil, invalid("The type of typeConverter must be integer, double, string or boolean.")
		}
	}
	return s, nil
}

// convert returns a scalar in another type, and false if it has none there.
func convert(v any, to string) (any, bool) {
	text := ""
	switch v := v.(type) {
	case string:
		text = v
	case json.Number:
		text = v.String()
	case bool:
		text = strconv.FormatBool(v)
	default:
		return nil, false
	}
	switch to {
	case "integer":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(n) > 1<<53 {
			return nil, false
		}
		return json.Number(strconv.FormatInt(int64(n), 10)), true
	case "double":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, false
		}
		return json.Number(strconv.FormatFloat(n, 'f', -1, 64)), true
	case "boolean":
		b, err := strconv.ParseBool(strings.ToLower(text))
		return b, err == nil
	}
	return text, true
}

type listToMap struct {
	Source, Key, ValueKey, Target string
	Flatten                       bool
	FlattenedElement              string
}

func buildListToMap(raw json.RawMessage) (step, error) {
	c, err := read[listToMap](raw)
	if err != nil {
		return nil, err
	}
	if c.Flatten && c.FlattenedElement != "first" && c.FlattenedElement != "last" {
		return nil, invalid("flattenedElement must be first or last if flatten is true.")
	}
	if err := required(c.Source, c.Key); err != nil {
		return nil, err
	}
	return &c, checkKeys(c.ValueKey, c.Target)
}

func (c *listToMap) apply(e *event) error {
	source, _ := e.root.get(c.Source)
	grouped := newObject()
	for _, item := range listOf(source) {
		o, isObject := item.(*object)
		if !isObject {
			continue
		}
		key, _ := o.get(c.Key)
		name, ok := convert(key, "string")
		if !ok {
			continue
		}
		kept := item
		if c.ValueKey != "" {
			if kept, ok = o.get(c.ValueKey); !ok {
				continue
			}
		}
		grouped.set(name.(string), append(listOf(grouped.values[name.(string)]), kept))
	}
	if _, isList := source.([]any); !isList {
		return nil
	}
	into := e.into(c.Target)
	for _, name := range grouped.names {
		into.set(name, c.element(listOf(grouped.values[name])))
	}
	return nil
}

// element returns a list, or the one that stands for it.
func (c *listToMap) element(list []any) any {
	switch {
	case !c.Flatten:
		return list
	case c.FlattenedElement == "first":
		return list[0]
	}
	return list[len(list)-1]
}
