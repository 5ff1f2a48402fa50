package insights

import (
	"net/netip"
	"slices"
	"strings"
)

// Table is a lookup table.
type Table struct {
	Columns []string
	Rows    [][]string // as long as Columns each
}

// lookup adds fields of the row of a table that agrees with a row.
type lookup struct {
	table   string
	match   []pair // column of the table, field of the row
	outputs []pair
	fill    bool // only fields that are empty: OUTPUTNEW
	network bool // the column holds networks, and the field an address in one
}

// pair is a column of a table and a field.
type pair struct{ column, field string }

// lookup takes the table, what must agree, and the fields to add.
//
// Unverified: that the first row of several is taken.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Lookup.html
func (p *parser) lookup() (command, error) {
	l := &lookup{}
	var err error
	if l.table, err = p.tableName(); err == nil {
		l.match, err = p.pairs()
	}
	if err != nil {
		return nil, err
	}
	return l, p.outputs(l)
}

// cidrLookup takes the table, the address and the column of networks.
//
// Unverified: that without a column it is the table's first, and that the
// longest network wins.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Cidrlookup.html
func (p *parser) cidrLookup() (command, error) {
	l := &lookup{network: true}
	var err error
	if l.table, err = p.tableName(); err != nil {
		return nil, err
	}
	m := pair{}
	if m.field, err = p.fieldName(); err != nil {
		return nil, err
	}
	if p.take("as") {
		if m.column, err = p.fieldName(); err != nil {
			return nil, err
		}
	}
	l.match = []pair{m}
	return l, p.outputs(l)
}

// tableName takes the name of a table, which may have hyphens.
func (p *parser) tableName() (string, error) {
	t := p.next
	if t.kind != name && t.kind != text && t.kind != quotedName {
		return "", p.unexpected(t)
	}
	n, err := p.groupName()
	if err == nil && !slices.Contains(p.query.tables, n) {
		p.query.tables = append(p.query.tables, n)
	}
	return n, err
}

// pairs takes columns, each with the field that it is called as.
func (p *parser) pairs() (list []pair, err error) {
	for {
		column, err := p.fieldName()
		if err != nil {
			return nil, err
		}
		one := pair{column, column}
		if p.take("as") {
			if one.field, err = p.fieldName(); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
		if !p.take(",") {
			return list, nil
		}
	}
}

func (p *parser) outputs(l *lookup) (err error) {
	if l.fill = p.take("outputnew"); !l.fill {
		if err := p.expect("output"); err != nil {
			return err
		}
	}
	if l.outputs, err = p.pairs(); err != nil {
		return err
	}
	for _, o := range l.outputs {
		p.made(o.field)
	}
	return nil
}

func (*lookup) rowwise() {}

func (l *lookup) stage(next stage) stage { return &lookingUp{lookup: l, next: next} }

type lookingUp struct {
	*lookup
	next     stage
	ready    bool
	rows     map[string][]string
	networks []network
	outputAt []int // columns of the outputs
}

type network struct {
	prefix netip.Prefix
	row    []string
}

func (s *lookingUp) push(r *row) {
	if !s.ready {
		s.prepare(r.run.tables[s.table])
	}
	if found := s.find(r); found != nil {
		for i, o := range s.outputs {
			if at := s.outputAt[i]; at >= 0 && (!s.fill || r.field(o.field).String() == "") {
				r.bind(o.field, textOf(found[at]))
			}
		}
	}
	s.next.push(r)
}

func (s *lookingUp) flush() { s.next.flush() }

// prepare sorts the table by what is looked for. A column that it does not
// have finds nothing.
func (s *lookingUp) prepare(t *Table) {
	s.ready, s.rows = true, map[string][]string{}
	if t == nil {
		t = &Table{}
	}
	at := func(column string) int { return slices.Index(t.Columns, column) }
	for _, o := range s.outputs {
		s.outputAt = append(s.outputAt, at(o.column))
	}
	var columns []int
	for _, m := range s.match {
		i := at(m.column)
		if s.network && m.column == "" {
			i = 0
		}
		if i < 0 {
			return
		}
		columns = append(columns, i)
	}
	for _, row := range t.Rows {
		s.keep(row, columns)
	}
}

func (s *lookingUp) keep(row []string, columns []int) {
	if s.network {
		if p, err := netip.ParsePrefix(strings.TrimSpace(row[columns[0]])); err == nil {
			s.networks = append(s.networks, network{p, row})
		}
		return
	}
	var b strings.Builder
	for _, c := range columns {
		appendKey(&b, textOf(textOf(row[c]).key()))
	}
	if _, there := s.rows[b.String()]; !there {
		s.rows[b.String()] = row
	}
}

func (s *lookingUp) find(r *row) []string {
	if s.network {
		return s.findNetwork(r)
	}
	fields := make([]string, len(s.match))
	for i, m := range s.match {
		fields[i] = m.field
	}
	key, whole := joinKey(r, fields)
	if !whole {
		return nil
	}
	return s.rows[key]
}

func (s *lookingUp) findNetwork(r *row) (found []string) {
	a, err := netip.ParseAddr(r.field(s.match[0].field).String())
	if err != nil {
		return nil
	}
	best := -1
	for _, n := range s.networks {
		if n.prefix.Contains(a) && n.prefix.Bits() > best {
			best, found = n.prefix.Bits(), n.row
		}
	}
	return found
}
