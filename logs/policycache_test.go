package logs

import (
	"testing"

	"sealstack/api/logsapi"
)

func TestAPolicyConcernsTheNextBatchThoughOthersWerePutBefore(t *testing.T) {
	b, r := subscribed(t, "")
	b.put("g", "s", "before")
	put := &logsapi.PutAccountPolicyRequest{
		PolicyName: "p", PolicyType: logsapi.PolicyTypeSubscriptionFilterPolicy, PolicyDocument: `{"DestinationArn":"` + function + `","FilterPattern":""}`,
	}
	_, err := b.PutAccountPolicy(b.ctx, put)
	b.ok(err)
	b.put("g", "s", "while")
	b.Settle()
	if got, want := r.text(), "DATA_MESSAGE 111122223333 g/s [p]: while\n"; got != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
	_, err = b.DeleteAccountPolicy(b.ctx, &logsapi.DeleteAccountPolicyRequest{PolicyName: "p", PolicyType: put.PolicyType})
	b.ok(err)
	b.put("g", "s", "after")
	b.Settle()
	if got := r.text(); got != "" {
		t.Errorf("still delivered %q", got)
	}
}

func TestPoliciesOfOnePlaceAreNotAnothers(t *testing.T) {
	b := newBench(t)
	for _, ctx := range []string{"111122223333", "444455556666"} {
		if _, err := b.ingestPolicies(callerIn(ctx, "us-west-2")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.PutAccountPolicy(b.ctx, &logsapi.PutAccountPolicyRequest{PolicyName: "p", PolicyType: logsapi.PolicyTypeDataProtectionPolicy, PolicyDocument: protecting("")})
	b.ok(err)
	for account, want := range map[string]int{"111122223333": 1, "444455556666": 0} {
		got, err := b.ingestPolicies(callerIn(account, "us-west-2"))
		b.ok(err)
		if len(got.protection) != want {
			t.Errorf("%s has %d policies, want %d", account, len(got.protection), want)
		}
	}
}

func TestWhatWasReadBeforeAChangeIsNotKept(t *testing.T) {
	c := policyCache{}
	p := place{"aws", "us-west-2", "111122223333"}
	_, before := c.find(p)
	c.forget()
	c.keep(p, &ingestPolicies{}, before)
	found, now := c.find(p)
	if found != nil {
		t.Error("an outdated reading is kept")
	}
	c.keep(p, &ingestPolicies{}, now)
	if found, _ = c.find(p); found == nil {
		t.Error("a new reading is not kept")
	}
}
