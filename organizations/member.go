package organizations

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	org "sealstack/api/organizationsapi"
	"sealstack/auth"
	"sealstack/policy"
	"sealstack/storage"
)

// members keeps the place of every account, compiled, until the next write to
// Organizations. Who fills it takes the roll before reading the store: what
// was read before a write then lands in a roll that nobody asks any more.
type members struct {
	roll atomic.Pointer[roll]

	mu       sync.Mutex
	compiled map[document]*policy.Policy // of the last roll that was filled
}

// roll is the accounts as of one state of the store; nil until it is read.
type roll struct {
	accounts atomic.Pointer[map[string]*auth.Member]
}

// document is what a compiled policy depends on.
type document struct {
	kind org.PolicyType
	text string
}

func (m *members) clear() { m.roll.Store(&roll{}) }

// Member returns the account's place in its organization, nil if it is in
// none. It reads the store once after each write to Organizations; else it
// takes no transaction and allocates nothing.
func (s *Service) Member(ctx context.Context, account string) (*auth.Member, error) {
	r := s.members.roll.Load()
	if all := r.accounts.Load(); all != nil {
		return (*all)[account], nil
	}
	all, err := s.fill(ctx, r)
	return all[account], err
}

// fill reads all organizations into a roll.
func (s *Service) fill(ctx context.Context, r *roll) (map[string]*auth.Member, error) {
	s.members.mu.Lock()
	defer s.members.mu.Unlock()
	if all := r.accounts.Load(); all != nil {
		return *all, nil
	}
	b := builder{old: s.members.compiled, compiled: map[document]*policy.Policy{}, members: map[string]*auth.Member{}}
	err := s.view(ctx, func(tx storage.Tx) error {
		all, err := collect(tx, byID, nil)
		if err != nil {
			return err
		}
		for i := range all {
			if err := b.add(tx, &all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.members.compiled = b.compiled
	r.accounts.Store(&b.members)
	return b.members, nil
}

// builder makes the members of organizations.
type builder struct {
	old, compiled map[document]*policy.Policy
	members       map[string]*auth.Member
}

// add makes the members of one organization. What several accounts have above
// them is compiled once.
func (b *builder) add(tx storage.Tx, o *organization) error {
	levels := map[org.PolicyType]map[string]auth.Level{}
	for _, t := range o.Types {
		all, err := o.policiesOf(tx, t)
		if err != nil {
			return err
		}
		levels[t] = map[string]auth.Level{}
		for _, n := range o.Nodes {
			if levels[t][n.ID], err = b.level(o, n, all); err != nil {
				return err
			}
		}
	}
	for _, n := range o.each(anAccount) {
		line := o.line(n)
		b.members[n.ID] = &auth.Member{
			Organization: o.ID, Path: o.path(o.Nodes[n.Parent]), Management: n.ID == o.Management,
			ServiceControl:  along(line, levels[org.PolicyTypeServiceControlPolicy]),
			ResourceControl: along(line, levels[org.PolicyTypeResourceControlPolicy]),
		}
	}
	return nil
}

// along returns the levels of the nodes; nil if the type is not enabled.
func along(line []*node, levels map[string]auth.Level) []auth.Level {
	if levels == nil {
		return nil
	}
	out := make([]auth.Level, 0, len(line))
	for _, n := range line {
		out = append(out, levels[n.ID])
	}
	return out
}

// level compiles what is attached to a node of the policies in all.
func (b *builder) level(o *organization, n *node, all map[string]*policyRecord) (auth.Level, error) {
	l := auth.Level{Target: n.ID}
	for _, id := range n.Policies {
		p := all[id]
		if p == nil {
			continue
		}
		compiled, err := b.compile(document{p.Type, p.Content})
		if err != nil {
			return l, err
		}
		l.Policies = append(l.Policies, compiled)
		l.Origins = append(l.Origins, auth.Origin{Name: p.Name, ARN: p.arn(o), Holder: o.arn(kindOf(n.ID), n.ID)})
	}
	l.Policies, l.Origins = slices.Clip(l.Policies), slices.Clip(l.Origins)
	return l, nil
}

// compile takes a compiled policy over from the last roll if it can.
func (b *builder) compile(d document) (p *policy.Policy, err error) {
	if p = b.compiled[d]; p == nil {
		p = b.old[d]
	}
	if p == nil {
		if p, err = compile(d.kind, d.text); err != nil {
			return nil, err
		}
	}
	b.compiled[d] = p
	return p, nil
}
