package policy

// StatementTrace tells how one statement looked at a request.
type StatementTrace struct {
	Statement StatementRef `json:"statement"`
	Effect    Effect       `json:"effect"`
	// Applies says that all parts matched, so that the effect counts.
	Applies bool `json:"applies"`
	// Inert says that the statement lacks Action or Resource and so never
	// applies.
	Inert bool `json:"inert,omitempty"`
	// Principal is how strongly the statement names the caller, empty if it
	// does not.
	Principal  Match            `json:"principal"`
	Action     bool             `json:"action"`
	Resource   bool             `json:"resource"`
	Conditions []ConditionTrace `json:"conditions,omitempty"`
}

// ConditionTrace tells how one condition looked at a request.
type ConditionTrace struct {
	ConditionKey
	// Wanted are the policy's values, their variables replaced where they have
	// a value.
	Wanted []string `json:"wanted"`
	// Present says that the request has the key; Actual are its values.
	Present bool         `json:"present"`
	Actual  []ValueTrace `json:"actual,omitempty"`
	Holds   bool         `json:"holds"`
}

// ValueTrace is one value of the request and whether it fulfils the operator:
// for a negated operator, whether it differs from all wanted values.
type ValueTrace struct {
	Value string `json:"value"`
	Holds bool   `json:"holds"`
}

// Explain tells for each statement, in the order of the document, which parts
// of it match the request. Unlike [Policy.Evaluate] it looks at all of them.
func (p *Policy) Explain(r *Request) []StatementTrace {
	caller := r.Principal
	if caller == nil {
		caller = anonymous
	}
	traces := make([]StatementTrace, 0, len(p.Statements))
	for i := range p.Statements {
		s := &p.Statements[i]
		t := StatementTrace{
			Statement: s.ref,
			Effect:    s.Effect,
			Inert:     s.inert,
			Applies:   s.applies(r, caller, 0) != 0,
			Principal: s.about(caller).strongest(),
			Action:    s.actions.covers(r.Action, nil),
			Resource:  s.resources.covers(r.Resource, r.Context),
		}
		for j := range s.conditions {
			t.Conditions = append(t.Conditions, s.conditions[j].explain(r.Context))
		}
		traces = append(traces, t)
	}
	return traces
}

func (c *condition) explain(ctx Context) ConditionTrace {
	values, present := lookup(ctx, c.lookup)
	t := ConditionTrace{
		ConditionKey: ConditionKey{c.operator, c.key},
		Wanted:       c.shown(ctx),
		Present:      present,
		Holds:        c.holds(ctx),
	}
	for _, value := range values {
		holds := t.Holds
		if !c.null {
			holds = c.test.any(value, ctx) != c.negated
		}
		t.Actual = append(t.Actual, ValueTrace{value, holds})
	}
	return t
}

// shown gives the wanted values as the evaluation sees them.
func (c *condition) shown(ctx Context) []string {
	shown := append([]string{}, c.wanted...)
	for i := range shown {
		if c.variables {
			shown[i] = show(shown[i], ctx)
		}
	}
	return shown
}
