package insights

// compute binds fields to expressions.
type compute struct{ items []item }

// item is an expression with the name of its column: the alias, or how it
// was written.
type item struct {
	name       string
	expression expression
}

// fields takes the columns of a fields command, which come behind those of
// the fields commands before it.
func (p *parser) fields() (command, error) {
	c, err := p.items()
	if err != nil {
		return nil, err
	}
	if !p.chosen {
		p.shown = append(p.shown, p.extracted...)
	}
	p.chosen = true
	for _, i := range c.items {
		p.show(i.name)
	}
	return c, nil
}

// display takes columns that are shown instead of all others.
func (p *parser) display() (command, error) {
	c, err := p.items()
	if err != nil {
		return nil, err
	}
	p.chosen, p.shown = true, nil
	for _, i := range c.items {
		p.show(i.name)
	}
	return c, nil
}

// show adds a column, once.
func (p *parser) show(name string) {
	for _, c := range p.shown {
		if c.name == name {
			return
		}
	}
	p.shown = append(p.shown, column{name})
}

// items takes expressions with their aliases, divided by commas.
func (p *parser) items() (*compute, error) {
	c := &compute{}
	for {
		i, err := p.item()
		if err != nil {
			return nil, err
		}
		c.items = append(c.items, i)
		if !p.take(",") {
			return c, nil
		}
	}
}

func (p *parser) item() (item, error) {
	e, written, err := p.expression()
	if err != nil {
		return item{}, err
	}
	if f, ok := e.(fieldRef); ok {
		written = f.name
	}
	if c, ok := e.(*call); ok && c.fn == functions["unmask"] {
		p.query.unmasks = true
	}
	if !p.take("as") {
		return item{written, e}, nil
	}
	alias, err := p.fieldName()
	return item{alias, e}, err
}

func (c *compute) stage(next stage) stage { return &computing{c.items, next} }

type computing struct {
	items []item
	next  stage
}

func (s *computing) push(r *row) {
	for _, i := range s.items {
		if f, ok := i.expression.(fieldRef); ok && f.name == i.name {
			continue
		}
		r.bind(i.name, i.expression.eval(r))
	}
	s.next.push(r)
}

func (s *computing) flush() { s.next.flush() }
