package s3sim

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// formPolicy is what the signer of a form lets it say.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
type formPolicy struct {
	expires    time.Time
	conditions []formCondition
}

// formCondition is one condition: eq and starts-with have a name and a value,
// content-length-range two numbers.
type formCondition struct {
	operator, name, value string
	least, most           int64
}

const lengthRange = "content-length-range"

// String writes a condition as the error about it does.
func (c formCondition) String() string {
	quote := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	return "[" + quote(c.operator) + ", " + quote("$"+c.name) + ", " + quote(c.value) + "]"
}

// parseFormPolicy reads the field policy.
//
// Unverified: the sentences but that about JSON.
func parseFormPolicy(text string) (*formPolicy, error) {
	document, err := base64.StdEncoding.DecodeString(text)
	var raw struct {
		Expiration *string            `json:"expiration"`
		Conditions *[]json.RawMessage `json:"conditions"`
	}
	if err != nil || json.Unmarshal(document, &raw) != nil {
		return nil, invalidFormPolicy("Invalid JSON.")
	}
	if raw.Expiration == nil {
		return nil, invalidFormPolicy("Policy missing expiration.")
	}
	p := &formPolicy{}
	if p.expires, err = time.Parse(time.RFC3339, *raw.Expiration); err != nil {
		return nil, invalidFormPolicy("Invalid 'expiration' value: '" + *raw.Expiration + "'")
	}
	if raw.Conditions == nil {
		return nil, invalidFormPolicy("Policy missing conditions.")
	}
	for _, item := range *raw.Conditions {
		c, err := parseFormCondition(item)
		if err != nil {
			return nil, err
		}
		p.conditions = append(p.conditions, c)
	}
	return p, nil
}

func parseFormCondition(item json.RawMessage) (c formCondition, err error) {
	var simple map[string]any
	if json.Unmarshal(item, &simple) == nil {
		return simpleCondition(simple)
	}
	var list []any
	if json.Unmarshal(item, &list) != nil || len(list) != 3 {
		return c, invalidFormPolicy("Invalid Condition: must be an object or a list of three items.")
	}
	operator, _ := list[0].(string)
	c.operator = strings.ToLower(operator)
	if c.operator == lengthRange {
		return c.bounded(list[1], list[2])
	}
	name, ok := list[1].(string)
	value, text := list[2].(string)
	bare, dollar := strings.CutPrefix(name, "$")
	if c.operator != "eq" && c.operator != "starts-with" || !ok || !text || !dollar {
		return c, invalidFormPolicy("Invalid Condition: unknown operation or value that is no string.")
	}
	c.name, c.value = bare, value
	return c, nil
}

// simpleCondition reads {"name": "value"}.
func simpleCondition(pair map[string]any) (c formCondition, err error) {
	if len(pair) != 1 {
		return c, invalidFormPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
	}
	for name, v := range pair {
		value, ok := v.(string)
		if !ok {
			return c, invalidFormPolicy("Invalid Simple-Condition: value must be a string.")
		}
		c = formCondition{operator: "eq", name: name, value: value}
	}
	return c, nil
}

// bounded takes the two numbers of a range of sizes, in bytes.
func (c formCondition) bounded(least, most any) (formCondition, error) {
	low, ok := least.(float64)
	high, both := most.(float64)
	if !ok || !both || low < 0 || high < low || low != float64(int64(low)) || high != float64(int64(high)) {
		return c, invalidFormPolicy("Invalid content-length-range: must be two numbers of bytes.")
	}
	c.least, c.most = int64(low), int64(high)
	return c, nil
}

// check holds the fields of a form against the policy. The size of its file is
// found out while it is read.
func (p *formPolicy) check(f *form, now time.Time) error {
	if !now.Before(p.expires) {
		return againstFormPolicy("Policy expired.")
	}
	covered := map[string]bool{}
	for _, c := range p.conditions {
		name := strings.ToLower(c.name)
		covered[name] = true
		value := f.field(name)
		if name == "bucket" {
			value = f.bucket
		}
		if c.operator != lengthRange && !c.holds(name, value) {
			return againstFormPolicy("Policy Condition failed: " + c.String())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		if !covered[name] && !uncovered(name) {
			return againstFormPolicy("Extra input fields: " + name)
		}
	}
	return nil
}

// uncovered reports whether a field needs no condition.
func uncovered(name string) bool {
	switch name {
	case "policy", "signature", "x-amz-signature", "awsaccesskeyid", "file":
		return true
	}
	return strings.HasPrefix(name, "x-ignore-")
}

// holds compares a field with a condition. A Content-Type is a list, each item
// of which must begin as is asked for.
func (c formCondition) holds(name, value string) bool {
	switch {
	case c.operator == "eq":
		return value == c.value
	case name != "content-type":
		return strings.HasPrefix(value, c.value)
	}
	for item := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(item), c.value) {
			return false
		}
	}
	return true
}

// sized returns a reader of the file that fails if the file is smaller or
// larger than the policy lets it be.
func (p *formPolicy) sized(file io.Reader) io.Reader {
	if p == nil {
		return file
	}
	for _, c := range p.conditions {
		if c.operator == lengthRange {
			file = &sizedFile{file: file, condition: c}
		}
	}
	return file
}

type sizedFile struct {
	file      io.Reader
	condition formCondition
	size      int64
}

func (s *sizedFile) Read(b []byte) (int, error) {
	n, err := s.file.Read(b)
	s.size += int64(n)
	switch {
	case s.size > s.condition.most:
		rest, err := io.Copy(io.Discard, s.file)
		if err != nil {
			return 0, err
		}
		return 0, formTooLarge(s.size+rest, s.condition.most)
	case err == io.EOF && s.size < s.condition.least:
		return 0, formTooSmall(s.size, s.condition.least)
	}
	return n, err
}
