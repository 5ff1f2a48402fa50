package insights

import "slices"

// unnesting makes a row of each element of a list.
type unnest struct {
	of     expression
	into   string
	parsed bool // texts that are JSON arrays are lists too
}

// unnest takes the list and the field for its elements.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Unnest.html
func (p *parser) unnest() (command, error) {
	f, err := p.fieldName()
	if err != nil {
		return nil, err
	}
	if err := p.expect("into"); err != nil {
		return nil, err
	}
	u := &unnest{of: fieldRef{f}}
	u.into, err = p.fieldName()
	p.made(u.into)
	return u, err
}

// expand puts the elements of an array of JSON in its place.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Expand.html
func (p *parser) expand() (command, error) {
	f, err := p.fieldName()
	return &unnest{rawField{f}, f, true}, err
}

// rawField is a field with what is in it, where that is an object or a list.
type rawField struct{ name string }

func (f rawField) eval(r *row) value {
	if v := r.field(f.name); v.kind != absent || r.event == nil {
		return v
	}
	return fromJSON(find(r.content(), f.name), true)
}

func (u *unnest) stage(next stage) stage { return &unnestingStage{u, next} }

type unnestingStage struct {
	*unnest
	next stage
}

func (s *unnestingStage) push(r *row) {
	v := s.of.eval(r)
	if s.parsed && v.kind == textual {
		if list, ok := decode(v.text).([]any); ok {
			v = value{kind: structure, data: list}
		}
	}
	list, ok := v.data.([]any)
	if !ok {
		r.bind(s.into, v)
		s.next.push(r)
		return
	}
	for _, element := range list {
		one := *r
		one.bound = slices.Clone(r.bound)
		one.bind(s.into, fromJSON(element, true))
		s.next.push(&one)
	}
}

func (s *unnestingStage) flush() { s.next.flush() }
