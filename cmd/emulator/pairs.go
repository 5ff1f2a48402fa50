package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// pairs is a flag of names with values: a=b,c=d.
type pairs struct{ at *map[string]string }

func (p pairs) String() string {
	if p.at == nil {
		return ""
	}
	return join(*p.at, func(v string) string { return v })
}

func (p pairs) Set(s string) error {
	out := map[string]string{}
	for _, pair := range strings.Split(s, ",") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" || value == "" {
			return fmt.Errorf("%q is not of the form name=value", pair)
		}
		out[name] = value
	}
	*p.at = out
	return nil
}

// numbers is a flag of names with numbers: a=1,c=2.
type numbers struct{ at *map[string]int }

func (n numbers) String() string {
	if n.at == nil {
		return ""
	}
	return join(*n.at, strconv.Itoa)
}

func (n numbers) Set(s string) error {
	var text map[string]string
	if err := (pairs{&text}).Set(s); err != nil {
		return err
	}
	out := map[string]int{}
	for name, value := range text {
		number, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%s=%s is no number", name, value)
		}
		out[name] = number
	}
	*n.at = out
	return nil
}

// join writes a map as its flag takes it.
func join[V any](m map[string]V, write func(V) string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, name+"="+write(m[name]))
	}
	return strings.Join(list, ",")
}
