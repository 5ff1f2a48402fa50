package auth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"sealstack/clock"
	"sealstack/policy"
)

// recorder is an authorizer with a record, for which root may do all and users
// nothing.
func recorder(size int) (*Authorizer, *Decisions) {
	d := NewDecisions(size)
	return NewAuthorizer(attachments{}, clock.Fixed(noon), WithDecisions(d)), d
}

func TestDecisionsAreFoundByTheirID(t *testing.T) {
	a, d := recorder(8)
	c := userOf(ours)
	r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Gate: true, Keys: Keys{"kms:viaservice": {"s3"}},
		Policy: compile(t, policy.KeyPolicy, to("Allow", accountRoot))}
	err := a.Authorize(ctxOf(c), r)
	list := d.List(Filter{})
	if len(list) != 1 || list[0].Allowed || list[0].Reason != NoIdentityPolicy || "AccessDeniedException: "+list[0].Sentence != err.Error() ||
		list[0].Principal != c.ARN || list[0].Action != decrypt || list[0].Resource != ourKey || !list[0].Time.Equal(noon) || list[0].RequestID != c.RequestID {
		t.Fatalf("listed %+v", list)
	}
	e, found := d.Find(list[0].ID)
	if !found || e.ID != list[0].ID || e.Sentence != list[0].Sentence || !slices.Equal(e.Context["kms:viaservice"], []string{"s3"}) {
		t.Errorf("found %v %+v", found, e)
	}
	now, err := a.Explain(ctxOf(c), r)
	if err != nil {
		t.Fatal(err)
	}
	now.ID = e.ID
	if was, is := marshal(t, e), marshal(t, now); was != is {
		t.Errorf("on record %s\nexplained %s", was, is)
	}
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDecisionsOfOldAreExplainedByThePoliciesOfOld(t *testing.T) {
	c := userOf(ours)
	known := attachments{}
	d := NewDecisions(4)
	moving := clock.NewMovable(clock.Fixed(noon))
	a := NewAuthorizer(known, moving, WithDecisions(d))
	grants := []Grant{ToAccount, NoGrant}
	r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Gate: true, Keys: Keys{"kms:keyspec": {"OLD"}},
		Granted: func() Grant { g := grants[0]; grants = grants[1:]; return g }}
	if a.Authorize(ctxOf(c), r) == nil {
		t.Fatal("allowed")
	}
	known[c.ARN] = Attached{Policies: some(t, mayAll)}
	r.Keys["kms:keyspec"] = []string{"NEW"}
	delete(r.Keys, "kms:keyspec")
	if err := moving.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	e, found := d.Find("1")
	if !found || e.Reason != NoIdentityPolicy || e.Grant != ToAccount || !e.Time.Equal(noon) || e.Context["kms:keyspec"][0] != "OLD" || e.Context["aws:CurrentTime"][0] != "2026-05-04T12:00:00Z" {
		t.Errorf("found %v %+v", found, e)
	}
	if len(grants) != 1 {
		t.Error("the grants were asked again")
	}
}

func TestOnlyWhatWasAuthorizedIsOnRecord(t *testing.T) {
	a, d := recorder(4)
	r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey}
	if _, err := a.Decide(ctxOf(rootIn(ours)), r); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Explain(ctxOf(rootIn(ours)), r); err != nil {
		t.Fatal(err)
	}
	unreadable := userOf(ours)
	unreadable.Name = "unreadable"
	_ = a.Authorize(ctxOf(unreadable), r)
	if list := d.List(Filter{}); len(list) != 0 {
		t.Errorf("listed %+v", list)
	}
	if list := marshal(t, d.List(Filter{})); list != "[]" {
		t.Errorf("the empty list reads %s", list)
	}
}

func TestTheOldestDecisionsGo(t *testing.T) {
	a, d := recorder(3)
	for i := range 5 {
		_ = a.Authorize(ctxOf(rootIn(ours)), &Request{Service: kmsService, Action: "kms:A" + strconv.Itoa(i), Resource: "*"})
	}
	var actions []string
	for _, e := range d.List(Filter{}) {
		actions = append(actions, e.Action)
	}
	if !slices.Equal(actions, []string{"kms:A4", "kms:A3", "kms:A2"}) {
		t.Errorf("left are %q", actions)
	}
	for id, want := range map[string]bool{
		"1": false, "2": false, "3": true, "5": true, "6": false, "0": false, "-1": false, "": false, "x": false,
		"03": false, "+3": false, "99999999999999999999": false,
	} {
		if _, found := d.Find(id); found != want {
			t.Errorf("decision %q is found: %v", id, found)
		}
	}
	d.Clear()
	if list := d.List(Filter{}); len(list) != 0 {
		t.Errorf("after Clear %+v", list)
	}
	_ = a.Authorize(ctxOf(rootIn(ours)), &Request{Service: kmsService, Action: "kms:B", Resource: "*"})
	if list := d.List(Filter{}); len(list) != 1 || list[0].ID != "6" {
		t.Errorf("after Clear and another %+v", list)
	}
}

func TestARecordHoldsAtLeastOneDecision(t *testing.T) {
	a, d := recorder(-1)
	_ = a.Authorize(ctxOf(rootIn(ours)), &Request{Service: kmsService, Action: decrypt, Resource: "*"})
	if _, found := d.Find("1"); !found {
		t.Error("it is lost")
	}
}

func TestAFilterChoosesDecisions(t *testing.T) {
	a, d := recorder(16)
	other := userOf(foreign)
	other.RequestID = "another"
	for _, call := range []struct {
		who    int
		action string
		what   string
	}{{0, decrypt, ourKey}, {1, decrypt, ourKey}, {2, "kms:Encrypt", theirKey}, {0, "s3:GetObject", "arn:aws:s3:::b/k"}} {
		c := rootIn(ours)
		if call.who == 1 {
			c = userOf(ours)
		} else if call.who == 2 {
			c = other
		}
		_ = a.Authorize(ctxOf(c), &Request{Service: kmsService, Action: call.action, Resource: call.what})
	}
	for name, row := range map[string]struct {
		filter Filter
		want   []string
	}{
		"all":            {Filter{}, []string{"4", "3", "2", "1"}},
		"some":           {Filter{Limit: 2}, []string{"4", "3"}},
		"denials":        {Filter{Denied: true}, []string{"3", "2"}},
		"of a user":      {Filter{Principal: "user/EVE"}, []string{"3", "2"}},
		"of an account":  {Filter{Principal: foreign}, []string{"3"}},
		"of an action":   {Filter{Action: "kms:decrypt"}, []string{"2", "1"}},
		"of a service":   {Filter{Action: "kms:"}, []string{"3", "2", "1"}},
		"on a resource":  {Filter{Resource: "s3:::b/"}, []string{"4"}},
		"of a call":      {Filter{RequestID: "another"}, []string{"3"}},
		"of half a call": {Filter{RequestID: "anoth"}, nil},
		"both":           {Filter{Principal: "root", Resource: ourKey}, []string{"1"}},
		"none":           {Filter{Principal: "root", Denied: true}, nil},
	} {
		var got []string
		for _, e := range d.List(row.filter) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// Calls are authorized from many goroutines while others read the record and
// the services go on to use their keys.
func TestManyDecideAndReadAtOnce(t *testing.T) {
	a, d := recorder(16)
	deny := compile(t, policy.KeyPolicy, to("Deny", `"*"`))
	allow := compile(t, policy.KeyPolicy, to("Allow", `"*"`))
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 300 {
				keys := Keys{"kms:keyspec": {"SYMMETRIC_DEFAULT"}}
				r := &Request{Service: kmsService, Action: decrypt, Resource: fmt.Sprint("key/", worker), Gate: true, Policy: allow, Keys: keys}
				if i%2 == 0 {
					r.Policy = deny
				}
				if err := a.Authorize(ctxOf(userOf(ours)), r); (err == nil) != (i%2 == 1) {
					t.Errorf("call %d: %v", i, err)
				}
				keys["kms:keyspec"] = nil
				keys["kms:more"] = []string{"x"}
			}
		})
		all.Go(func() {
			for range 50 {
				for _, e := range d.List(Filter{Resource: fmt.Sprint("key/", worker)}) {
					found, ok := d.Find(e.ID)
					if ok && (found.Resource != e.Resource || found.Allowed != e.Allowed || len(found.Context["kms:more"]) > 0) {
						t.Errorf("listed %+v, found %+v", e, found)
					}
				}
			}
		})
	}
	all.Wait()
	if last := d.List(Filter{Limit: 1}); len(last) != 1 || last[0].ID != "2400" {
		t.Errorf("the last is %+v", last)
	}
}
