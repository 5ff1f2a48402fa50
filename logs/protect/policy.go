package protect

import (
	"bytes"
	"encoding/json"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a policy:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data-start.html
const (
	// MaxDocument is how many characters a policy document can have.
	MaxDocument = 30720
	maxCustom   = 10
	maxRegex    = 200 // characters of a custom identifier's expression
	maxName     = 128 // characters of a custom identifier's name
	version     = "2021-06-01"
	arnMiddle   = ":dataprotection::aws:data-identifier/"
)

// Policy is a data protection policy ready for use. It can be used by several
// goroutines.
type Policy struct {
	Name string
	// Destinations are where findings of the audit go.
	Destinations Destinations
	audit, mask  []*identifier
}

// Destinations of audit findings; empty names stand for none.
type Destinations struct {
	LogGroup       string
	Bucket         string
	DeliveryStream string
}

// Invalid says why a document is no data protection policy.
type Invalid struct{ Reason string }

// Error implements error.
func (e *Invalid) Error() string { return e.Reason }

// Unsupported names a data identifier of AWS that is not built here.
type Unsupported struct{ Identifier string }

// Error implements error.
func (e *Unsupported) Error() string {
	return "the data identifier " + e.Identifier + " is not supported"
}

func invalid(reason string) error { return &Invalid{reason} }

// The shape of a document.
type (
	document struct {
		Name          *string
		Description   *string
		Version       *string
		Statement     []statement
		Configuration *struct{ CustomDataIdentifier []custom }
	}
	custom    struct{ Name, Regex string }
	statement struct {
		Sid            *string
		DataIdentifier []string
		Operation      *struct {
			Audit      *struct{ FindingsDestination *destination }
			Deidentify *struct{ MaskConfig *struct{} }
		}
	}
	destination struct {
		CloudWatchLogs *struct{ LogGroup string }
		Firehose       *struct{ DeliveryStream string }
		S3             *struct{ Bucket string }
	}
)

// Parse reads a policy document. What is wrong with it is an [Invalid], and an
// identifier that AWS has and this package has not an [Unsupported].
func Parse(text []byte) (*Policy, error) {
	if utf8.RuneCount(text) > MaxDocument {
		return nil, invalid("the policy is longer than 30720 characters")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var doc document
	if err := d.Decode(&doc); err != nil {
		return nil, invalid("the policy is not valid JSON of the expected form")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, invalid("there is text behind the policy")
	}
	return doc.policy()
}

func (d *document) policy() (*Policy, error) {
	switch {
	case d.Name == nil || *d.Name == "":
		return nil, invalid("Name is required")
	case d.Version == nil || *d.Version != version:
		return nil, invalid("Version must be " + version)
	case len(d.Statement) != 2:
		return nil, invalid("Statement must hold one audit and one deidentify statement")
	}
	own, err := d.customs()
	if err != nil {
		return nil, err
	}
	p := &Policy{Name: *d.Name}
	for i := range d.Statement {
		if err := p.add(&d.Statement[i], own); err != nil {
			return nil, err
		}
	}
	switch {
	case p.audit == nil || p.mask == nil:
		return nil, invalid("Statement must hold one audit and one deidentify statement")
	case !slices.Equal(named(p.audit), named(p.mask)):
		return nil, invalid("the data identifiers of both statements must match exactly")
	}
	return p, nil
}

func named(list []*identifier) []string {
	names := make([]string, len(list))
	for i, id := range list {
		names[i] = id.name
	}
	slices.Sort(names)
	return names
}

// add takes a statement.
func (p *Policy) add(s *statement, own map[string]*identifier) error {
	found, err := identified(s.DataIdentifier, own)
	if err != nil {
		return err
	}
	switch op := s.Operation; {
	case op == nil || (op.Audit == nil) == (op.Deidentify == nil):
		return invalid("Operation must be either Audit or Deidentify")
	case op.Audit != nil:
		if op.Audit.FindingsDestination == nil {
			return invalid("Audit must hold FindingsDestination")
		}
		p.audit = found
		return p.aim(op.Audit.FindingsDestination)
	case op.Deidentify.MaskConfig == nil:
		return invalid("Deidentify must hold an empty MaskConfig")
	}
	p.mask = found
	return nil
}

// aim takes the destinations of findings.
func (p *Policy) aim(d *destination) error {
	if d.CloudWatchLogs != nil {
		if p.Destinations.LogGroup = d.CloudWatchLogs.LogGroup; p.Destinations.LogGroup == "" {
			return invalid("CloudWatchLogs must name a LogGroup")
		}
	}
	if d.S3 != nil {
		if p.Destinations.Bucket = d.S3.Bucket; p.Destinations.Bucket == "" {
			return invalid("S3 must name a Bucket")
		}
	}
	if d.Firehose != nil {
		if p.Destinations.DeliveryStream = d.Firehose.DeliveryStream; p.Destinations.DeliveryStream == "" {
			return invalid("Firehose must name a DeliveryStream")
		}
	}
	return nil
}

// identified returns the identifiers that a statement names, each once.
func identified(names []string, own map[string]*identifier) ([]*identifier, error) {
	if len(names) == 0 {
		return nil, invalid("DataIdentifier must name at least one data identifier")
	}
	var list []*identifier
	for _, name := range names {
		id := own[name]
		if strings.HasPrefix(name, "arn:") {
			var err error
			if id, err = managed(name); err != nil {
				return nil, err
			}
		}
		if id == nil {
			return nil, invalid("the data identifier " + name + " does not exist")
		}
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list, nil
}

// managed returns the managed data identifier of an ARN.
func managed(arn string) (*identifier, error) {
	partition, name, ok := strings.Cut(strings.TrimPrefix(arn, "arn:"), arnMiddle)
	if !ok || partition == "" || strings.Contains(partition, ":") {
		return nil, invalid("the data identifier " + arn + " does not exist")
	}
	if id := catalog[name]; id != nil {
		return id, nil
	}
	if slices.Contains(absent, name) {
		return nil, &Unsupported{name}
	}
	return nil, invalid("the data identifier " + arn + " does not exist")
}

var (
	customName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	// customRegex is what an expression can be written with:
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-custom-data-identifiers.html
	customRegex = regexp.MustCompile(`^[a-zA-Z0-9_#=@/;, \-^$?\[\]{}|\\*+.:]+$`)
)

// customs returns the policy's own identifiers by name.
func (d *document) customs() (map[string]*identifier, error) {
	if d.Configuration == nil {
		return nil, nil
	}
	list := d.Configuration.CustomDataIdentifier
	if len(list) > maxCustom {
		return nil, invalid("there are more than 10 custom data identifiers")
	}
	own := map[string]*identifier{}
	for _, c := range list {
		switch {
		case !customName.MatchString(c.Name) || len(c.Name) > maxName:
			return nil, invalid("the name of a custom data identifier has 1 to 128 letters, digits, hyphens and underscores")
		case own[c.Name] != nil:
			return nil, invalid("there are two custom data identifiers named " + c.Name)
		case utf8.RuneCountInString(c.Regex) > maxRegex:
			return nil, invalid("the regular expression of " + c.Name + " is longer than 200 characters")
		case !customRegex.MatchString(c.Regex):
			return nil, invalid("the regular expression of " + c.Name + " has characters that are not supported")
		}
		re, err := regexp.Compile(c.Regex)
		if err != nil {
			return nil, invalid("the regular expression of " + c.Name + " is not valid")
		}
		own[c.Name] = &identifier{name: c.Name, patterns: []*regexp.Regexp{re}, loose: true}
	}
	return own, nil
}
