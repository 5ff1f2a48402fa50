package main

import (
	"fmt"
	"strconv"
	"strings"
)

// goName makes a name of the model an exported Go name.
func goName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// valueName makes an enum value the end of a Go name: words start with a
// capital, words in capitals only lose them: "AWS_KMS" becomes "AwsKms".
func valueName(value string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(value, notAlphanumeric) {
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		b.WriteString(goName(word))
	}
	return b.String()
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

func isEnum(s *shape) bool      { return len(s.Enum) > 0 }
func isStruct(s *shape) bool    { return s.Type == "structure" && !s.Exception }
func isException(s *shape) bool { return s.Exception }

// claimIdents gives every package-level identifier to what it names. Two
// types, operations or errors with one name are an error; the constant of an
// enum value whose name is taken gets a number.
func (g *generator) claimIdents() error {
	g.idents, g.consts = map[string]string{}, map[string][]string{}
	claims := []string{"API", "Client", "Unimplemented", "Service", "Shapes"}
	for _, name := range g.operationNames() {
		claims = append(claims, "Op"+name)
	}
	for _, name := range g.shapesOf(func(s *shape) bool { return isStruct(s) || isException(s) || isEnum(s) }) {
		claims = append(claims, goName(name))
	}
	for _, ident := range claims {
		if g.idents[ident] != "" {
			return fmt.Errorf("two things are called %s", ident)
		}
		g.idents[ident] = "itself"
	}
	for _, name := range g.shapesOf(isEnum) {
		g.claimConsts(name)
	}
	return nil
}

func (g *generator) claimConsts(name string) {
	for _, value := range g.Shapes[name].Enum {
		stem := goName(name) + valueName(value)
		ident := stem
		for n := 2; g.idents[ident] != ""; n++ {
			ident = stem + "_" + strconv.Itoa(n)
		}
		g.idents[ident] = value
		g.consts[name] = append(g.consts[name], ident)
	}
}
