package cloudtrail

import (
	"context"
	"fmt"

	"sealstack/storage"
)

// roster is the trails as the recorder sees them. It does not change: after
// a change of a trail there is another one.
type roster struct {
	accounts map[string][]*follower
	data     bool // some trail takes data events
	// organizations: the trails of organizations, by id.
	organizations map[string][]*follower
}

// follower is a trail with its selectors ready for use.
type follower struct {
	trail
	selectors []selector
}

// reload reads the trails for the recorder.
func (s *Service) reload(ctx context.Context) error {
	ro := &roster{accounts: map[string][]*follower{}}
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list, err := listTrails(tx, "")
		if err != nil {
			return err
		}
		for row, err := range leaving.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			list = append(list, row.Value)
		}
		stores, err := collecting(tx)
		ro.fill(append(list, stores...))
		return err
	})
	if err != nil {
		return fmt.Errorf("cloudtrail: read trails: %w", err)
	}
	s.roster.Store(ro)
	return nil
}

func (ro *roster) fill(list []trail) {
	ro.accounts, ro.organizations, ro.data = map[string][]*follower{}, map[string][]*follower{}, false
	for _, t := range list {
		f := &follower{trail: t, selectors: selectorsOf(&t)}
		if t.Organization != "" {
			ro.organizations[t.Organization] = append(ro.organizations[t.Organization], f)
		} else {
			ro.accounts[t.Account] = append(ro.accounts[t.Account], f)
		}
		for _, sel := range f.selectors {
			ro.data = ro.data || t.Logging && sel.takesData()
		}
	}
}

// takers are the ids of the trails that take an event of an account in an
// organization, "" for none.
func (ro *roster) takers(i *item, organization string) (ids []string) {
	for _, list := range [][]*follower{ro.accounts[i.record.Recipient], ro.organizations[organization]} {
		for _, f := range list {
			if f.takes(i) {
				ids = append(ids, f.ID)
			}
		}
	}
	return ids
}

// takes says whether the trail logs an event: one of its Regions, while it is
// logging, up to the call that stops it.
func (f *follower) takes(i *item) bool {
	r := i.record
	open := f.Logging || f.Closing != "" && f.Closing == r.RequestID
	if !open || !f.in(r.Region) || i.global && !f.Global {
		return false
	}
	for _, sel := range f.selectors {
		if sel.takes(r) {
			return true
		}
	}
	return false
}
