package insights

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
)

// textFunctions are the string functions beyond those that AWS began with,
// and those of hashing:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-operations-functions.html#CWL_QuerySyntax-string-functions
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-hash-functions.html
var textFunctions = map[string]*function{
	"startswith":   onTexts(func(s, part string) value { return boolOf(strings.HasPrefix(s, part)) }),
	"endswith":     onTexts(func(s, part string) value { return boolOf(strings.HasSuffix(s, part)) }),
	"split":        onTexts(split),
	"regexreplace": {least: 3, most: 3, eval: regexReplace},
	"urlencode":    onText(func(s string) value { return textOf(url.QueryEscape(s)) }),
	"urldecode":    onText(func(s string) value { return whole(url.QueryUnescape(s)) }),
	"base64encode": onText(func(s string) value { return textOf(base64.StdEncoding.EncodeToString([]byte(s))) }),
	"base64decode": onText(func(s string) value {
		b, err := base64.StdEncoding.DecodeString(s)
		return whole(string(b), err)
	}),
	"hextoascii": onText(func(s string) value {
		b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
		return whole(string(b), err)
	}),
	"md5": onText(func(s string) value {
		sum := md5.Sum([]byte(s))
		return textOf(hex.EncodeToString(sum[:]))
	}),
	"sha256": onText(func(s string) value {
		sum := sha256.Sum256([]byte(s))
		return textOf(hex.EncodeToString(sum[:]))
	}),
	"messagesize":       onText(func(s string) value { return numberOf(float64(len(s))) }),
	"jsonarraysize":     {least: 1, most: 1, eval: arraySize},
	"jsonarraycontains": {least: 2, most: 2, eval: arrayContains},
}

// whole is a text that was read without an error.
func whole(s string, err error) value {
	if err != nil {
		return value{}
	}
	return textOf(s)
}

func onTexts(fn func(a, b string) value) *function {
	return &function{least: 2, most: 2, eval: func(r *row, a []expression) value {
		v, other := a[0].eval(r), a[1].eval(r)
		if v.kind == absent || v.kind == structure || other.kind == absent {
			return value{}
		}
		return fn(v.String(), other.String())
	}}
}

func split(s, delimiter string) value {
	var list []any
	for _, part := range strings.Split(s, delimiter) {
		list = append(list, part)
	}
	return value{kind: structure, data: list}
}

// regexReplace compiles a literal pattern once, when the query is read
// (literalRegex); any other each time.
func regexReplace(r *row, a []expression) value {
	v := a[0].eval(r)
	if v.kind == absent || v.kind == structure {
		return value{}
	}
	re, ok := a[1].(*literalRegex)
	if !ok {
		compiled, err := regexp.Compile(a[1].eval(r).String())
		if err != nil {
			return value{}
		}
		re = &literalRegex{re: compiled}
	}
	return textOf(re.re.ReplaceAllString(v.String(), a[2].eval(r).String()))
}

// literalRegex is a regular expression that stands in the query.
type literalRegex struct {
	literal
	re *regexp.Regexp
}

// elements is the list that a value is, or that its text is in JSON.
func elements(r *row, e expression) ([]any, bool) {
	if f, ok := e.(fieldRef); ok {
		e = rawField(f)
	}
	v := e.eval(r)
	if v.kind == textual {
		list, ok := decode(v.text).([]any)
		return list, ok
	}
	list, ok := v.data.([]any)
	return list, ok
}

func arraySize(r *row, a []expression) value {
	list, ok := elements(r, a[0])
	if !ok {
		return value{}
	}
	return numberOf(float64(len(list)))
}

func arrayContains(r *row, a []expression) value {
	want := a[1].eval(r).String()
	list, _ := elements(r, a[0])
	for _, e := range list {
		if n, ok := e.(json.Number); ok && n.String() == want || e == want {
			return boolOf(true)
		}
	}
	return boolOf(false)
}
