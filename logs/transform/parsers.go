package transform

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errNoMatch = errors.New("transform: the text does not match")

// kinds are the processors by name.
var kinds = map[string]kind{}

func init() {
	kinds = map[string]kind{
		"parseJSON":     {parser: true, build: buildJSON},
		"grok":          {parser: true, once: true, build: buildGrok},
		"csv":           {parser: true, build: buildCSV},
		"parseKeyValue": {parser: true, build: buildKeyValue},

		"parseVPC":        {parser: true, vended: true, build: buildVended(vpcEvent)},
		"parseRoute53":    {parser: true, vended: true, build: buildVended(route53Event)},
		"parseCloudfront": {parser: true, vended: true, build: buildVended(cloudfrontEvent)},
		"parsePostgres":   {parser: true, vended: true, build: buildVended(postgresEvent)},
		"parseWAF":        {parser: true, vended: true, build: buildVended(wafEvent)},

		"addKeys":    {once: true, build: buildAddKeys},
		"deleteKeys": {build: buildDeleteKeys},
		"moveKeys":   {build: buildMoveKeys},
		"renameKeys": {build: buildRenameKeys},
		"copyValue":  {once: true, build: buildCopyValue},
		"listToMap":  {build: buildListToMap},

		"lowerCaseString":  {build: buildCase("lowerCaseString", strings.ToLower)},
		"upperCaseString":  {build: buildCase("upperCaseString", strings.ToUpper)},
		"trimString":       {build: buildCase("trimString", strings.TrimSpace)},
		"splitString":      {build: buildSplit},
		"substituteString": {build: buildSubstitute},

		"typeConverter":     {build: buildTypeConverter},
		"dateTimeConverter": {build: buildDateTime},
	}
}

type parseJSON struct{ Source, Destination string }

func buildJSON(raw json.RawMessage) (step, error) {
	c, err := read[parseJSON](raw)
	if err != nil {
		return nil, err
	}
	return &c, checkKeys(c.Source, c.Destination)
}

func (c *parseJSON) apply(e *event) error {
	text, ok := e.text(c.Source)
	if !ok {
		return nil
	}
	v, err := decode(text)
	if err != nil {
		return err
	}
	o, isObject := v.(*object)
	if !isObject {
		return errNotJSON
	}
	into := e.into(c.Destination)
	for _, name := range o.names {
		into.set(name, o.values[name])
	}
	return nil
}

type csv struct {
	Source, Destination       string
	QuoteCharacter, Delimiter string
	Columns                   []string
}

func buildCSV(raw json.RawMessage) (step, error) {
	c, err := read[csv](raw)
	if err != nil {
		return nil, err
	}
	if c.QuoteCharacter == "" {
		c.QuoteCharacter = `"`
	}
	switch c.Delimiter {
	case "":
		c.Delimiter = ","
	case `\t`:
		c.Delimiter = "\t"
	}
	if len(c.Columns) > 100 || utf8.RuneCountInString(c.QuoteCharacter) != 1 || utf8.RuneCountInString(c.Delimiter) > 2 {
		return nil, invalid("The processor csv takes up to 100 columns, a quote character of one character and a delimiter of one or two.")
	}
	return &c, checkKeys(append([]string{c.Source, c.Destination}, c.Columns...)...)
}

func (c *csv) apply(e *event) error {
	text, ok := e.text(c.Source)
	if !ok {
		return nil
	}
	into := e.into(c.Destination)
	for i, cell := range c.cells(text) {
		name := "column_" + strconv.Itoa(i+1)
		if c.Columns != nil {
			if i >= len(c.Columns) {
				break
			}
			name = c.Columns[i]
		}
		into.put(name, cell, true)
	}
	return nil
}

// cells cuts a line at its delimiters, those between quotes left out.
func (c *csv) cells(line string) (cells []string) {
	var b strings.Builder
	quoted := false
	for len(line) > 0 {
		double := c.QuoteCharacter + c.QuoteCharacter
		switch {
		case quoted && strings.HasPrefix(line, double):
			b.WriteString(c.QuoteCharacter)
			line = line[len(double):]
		case strings.HasPrefix(line, c.QuoteCharacter):
			quoted = !quoted
			line = line[len(c.QuoteCharacter):]
		case !quoted && strings.HasPrefix(line, c.Delimiter):
			cells = append(cells, strings.TrimSpace(b.String()))
			b.Reset()
			line = line[len(c.Delimiter):]
		default:
			_, n := utf8.DecodeRuneInString(line)
			b.WriteString(line[:n])
			line = line[n:]
		}
	}
	return append(cells, strings.TrimSpace(b.String()))
}

type keyValue struct {
	Source, Destination               string
	FieldDelimiter, KeyValueDelimiter string
	KeyPrefix                         string
	NonMatchValue                     *string
	OverwriteIfExists                 bool
}

func buildKeyValue(raw json.RawMessage) (step, error) {
	c, err := read[keyValue](raw)
	if err != nil {
		return nil, err
	}
	if c.FieldDelimiter == "" {
		c.FieldDelimiter = "&"
	}
	if c.KeyValueDelimiter == "" {
		c.KeyValueDelimiter = "="
	}
	return &c, checkKeys(c.Source, c.Destination)
}

func (c *keyValue) apply(e *event) error {
	text, ok := e.text(c.Source)
	if !ok {
		return nil
	}
	into := e.into(c.Destination)
	for pair := range strings.SplitSeq(text, c.FieldDelimiter) {
		name, v, matched := strings.Cut(pair, c.KeyValueDelimiter)
		name = c.KeyPrefix + strings.TrimSpace(name)
		if !matched {
			if c.NonMatchValue == nil || name == c.KeyPrefix {
				continue
			}
			v = *c.NonMatchValue
		}
		if _, there := into.values[name]; !there || c.OverwriteIfExists {
			into.set(name, v)
		}
	}
	return nil
}
