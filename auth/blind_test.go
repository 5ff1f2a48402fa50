package auth

import (
	"strings"
	"testing"

	"sealstack/policy"
)

// A denial speaks of the blind request unless the resource lets the caller in.
func TestADenialTellsNothingOfWhatTheCallerMayNotKnow(t *testing.T) {
	const stranger = `{"AWS":"444455556666"}`
	for name, row := range map[string]struct{ document, want string }{
		"the key lets nobody in": {to("Allow", `{"AWS":"111122223333"}`), hiddenThere},
		"the key denies":         {to("Deny", `"*"`), hiddenThere},
		"the key lets him in":    {to("Allow", stranger), "with an explicit deny in an identity-based policy"},
	} {
		t.Run(name, func(t *testing.T) {
			caller := userOf(foreign)
			tagged := `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}}`
			a := authorizerOf(caller, Attached{Policies: some(t, mayAll, tagged)})
			r := &Request{Service: kmsService, Action: decrypt, Resource: ourKey, Account: ours, Gate: true}
			blind := *r
			r.Blind, r.Keys, r.Policy = &blind, Keys{"aws:resourcetag/a": {"b"}}, compile(t, policy.KeyPolicy, row.document)
			if err := a.Authorize(ctxOf(caller), r); err == nil || !strings.HasSuffix(err.Error(), row.want) {
				t.Errorf("error %v, want one that ends in %q", err, row.want)
			}
		})
	}
}
