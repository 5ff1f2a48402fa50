package kms

import (
	"maps"
	"strings"
	"testing"

	"sealstack/api/kmsapi"
)

// A grantee may pass on no more than it has: each row is a parent and a child.
func TestChildGrantsAreNoWider(t *testing.T) {
	equals := func(pairs ...string) *kmsapi.GrantConstraints {
		return &kmsapi.GrantConstraints{EncryptionContextEquals: pairsOf(pairs)}
	}
	subset := func(pairs ...string) *kmsapi.GrantConstraints {
		return &kmsapi.GrantConstraints{EncryptionContextSubset: pairsOf(pairs)}
	}
	topic, queue := "arn:aws:sns:us-east-1:111122223333:topic", "arn:aws:sqs:us-east-1:111122223333:queue"
	from := func(c *kmsapi.GrantConstraints, source string) *kmsapi.GrantConstraints {
		if c == nil {
			c = &kmsapi.GrantConstraints{}
		}
		c.SourceArn = &source
		return c
	}
	ops := func(o ...kmsapi.GrantOperation) []kmsapi.GrantOperation { return o }
	all := ops(create, decrypt, describe)
	for name, row := range map[string]struct {
		parentOps   []kmsapi.GrantOperation
		parent      *kmsapi.GrantConstraints
		childOps    []kmsapi.GrantOperation
		child       *kmsapi.GrantConstraints
		allowed     bool
		childSource string
	}{
		"the same":                        {all, nil, all, nil, true, ""},
		"fewer operations":                {all, nil, ops(decrypt), nil, true, ""},
		"one operation more":              {all, nil, ops(decrypt, encrypt), nil, false, ""},
		"another operation":               {all, nil, ops(retire), nil, false, ""},
		"no CreateGrant":                  {ops(decrypt, describe), nil, ops(decrypt), nil, false, ""},
		"a constraint more":               {all, nil, ops(decrypt), subset("a", "b"), true, ""},
		"a constraint less":               {all, subset("a", "b"), ops(decrypt), nil, false, ""},
		"a constraint less, no context":   {all, subset("a", "b"), ops(describe), nil, false, ""},
		"the same subset":                 {all, subset("a", "b"), ops(decrypt), subset("a", "b"), true, ""},
		"a larger subset":                 {all, subset("a", "b"), ops(decrypt), subset("a", "b", "c", "d"), true, ""},
		"a smaller subset":                {all, subset("a", "b", "c", "d"), ops(decrypt), subset("a", "b"), false, ""},
		"another value":                   {all, subset("a", "b"), ops(decrypt), subset("a", "B"), false, ""},
		"a name in another case":          {all, subset("a", "b"), ops(decrypt), subset("A", "b"), true, ""},
		"an empty subset":                 {all, subset("a", "b"), ops(decrypt), subset(), false, ""},
		"subset to equals":                {all, subset("a", "b"), ops(decrypt), equals("a", "b"), true, ""},
		"subset to larger equals":         {all, subset("a", "b"), ops(decrypt), equals("a", "b", "c", "d"), true, ""},
		"subset to smaller equals":        {all, subset("a", "b", "c", "d"), ops(decrypt), equals("a", "b"), false, ""},
		"the same equals":                 {all, equals("a", "b"), ops(decrypt), equals("a", "b"), true, ""},
		"larger equals":                   {all, equals("a", "b"), ops(decrypt), equals("a", "b", "c", "d"), false, ""},
		"smaller equals":                  {all, equals("a", "b", "c", "d"), ops(decrypt), equals("a", "b"), false, ""},
		"equals to subset":                {all, equals("a", "b"), ops(decrypt), subset("a", "b"), false, ""},
		"equals to larger subset":         {all, equals("a", "b"), ops(decrypt), subset("a", "b", "c", "d"), false, ""},
		"the same resource":               {all, from(nil, topic), ops(decrypt), from(nil, topic), true, topic},
		"the same resource and a context": {all, from(nil, topic), ops(decrypt), from(subset("a", "b"), topic), true, topic},
		"a resource more":                 {all, nil, ops(decrypt), from(nil, topic), true, ""},
		"a resource less":                 {all, from(nil, topic), ops(decrypt), nil, false, topic},
		"another resource":                {all, from(nil, topic), ops(decrypt), from(nil, queue), false, topic},
		"called for another resource":     {all, from(nil, topic), ops(decrypt), from(nil, topic), false, queue},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			k := h.key(with(gated))
			parent := to(k.KeyId, bob.ARN, row.parentOps...)
			parent.Constraints = row.parent
			h.issue(parent)
			caller := *bob
			caller.SourceARN = row.childSource
			child := to(k.KeyId, eve.ARN, row.childOps...)
			child.Constraints = row.child
			_, err := h.CreateGrant(as(&caller), child)
			if row.allowed {
				must(t, err)
				return
			}
			wantError(t, err, "AccessDeniedException", "User: "+bob.ARN+" is not authorized to perform: kms:CreateGrant on resource: "+
				*k.Arn+" because no identity-based policy allows the kms:CreateGrant action")
			if n := len(h.grantsOn(k.KeyId)); n != 1 {
				t.Errorf("%d grants", n)
			}
		})
	}
}

func pairsOf(list []string) map[string]string {
	pairs := map[string]string{}
	for i := 0; i < len(list); i += 2 {
		pairs[list[i]] = list[i+1]
	}
	return pairs
}

// The limits are those of the grant. Whoever may create grants by a policy is
// bound by the policy alone.
func TestPoliciesAreNotHeldToTheParentGrant(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.issue(to(k.KeyId, bob.ARN, create, describe))
	child := to(k.KeyId, eve.ARN, decrypt)
	wantCode(t, second(h.CreateGrant(as(bob), child)), "AccessDeniedException")
	must(t, second(h.CreateGrant(h.grant(bob, allowAll), child)))
}

// A child does not outgrow its parent over generations, and outlives it.
func TestGrandchildren(t *testing.T) {
	h := newHarness(t)
	k := h.key(with(gated))
	parent := to(k.KeyId, bob.ARN, create, decrypt, encrypt)
	parent.Constraints = &kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{"a": "b"}}
	id, _ := h.issue(parent)
	child := to(k.KeyId, eve.ARN, create, decrypt)
	child.Constraints = &kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{"a": "b", "c": "d"}}
	must(t, second(h.CreateGrant(as(bob), child)))
	carol := userOf(account, "carol")
	grandchild := to(k.KeyId, carol.ARN, decrypt)
	grandchild.Constraints = parent.Constraints
	wantCode(t, second(h.CreateGrant(as(eve), grandchild)), "AccessDeniedException")
	grandchild.Constraints = child.Constraints
	must(t, second(h.CreateGrant(as(eve), grandchild)))
	must(t, second(h.RevokeGrant(h.ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id})))
	call := h.use(k.KeyId)[decrypt]
	must(t, call(as(carol), map[string]string{"a": "b", "c": "d"}))
	wantCode(t, call(as(carol), map[string]string{"a": "b"}), "AccessDeniedException")
}

func TestWhatListsShowOfConstraints(t *testing.T) {
	for name, row := range map[string]*kmsapi.GrantConstraints{
		"equals":     {EncryptionContextEquals: map[string]string{"a": "b"}},
		"no context": {EncryptionContextEquals: map[string]string{}},
		"subset":     {EncryptionContextSubset: map[string]string{"a": "b"}},
		"a resource": {SourceArn: new("arn:aws:sns:us-east-1:111122223333:topic")},
		"both":       {EncryptionContextSubset: map[string]string{"a": "b"}, SourceArn: new("arn:aws:sns:us-east-1:111122223333:topic")},
		"none":       nil,
		"nothing":    {},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			k := h.key()
			in := to(k.KeyId, bob.ARN, decrypt)
			in.Constraints = row
			h.issue(in)
			got := h.grantsOn(k.KeyId)[0].Constraints
			if row == nil || name == "nothing" {
				if got != nil {
					t.Errorf("constraints = %+v", got)
				}
				return
			}
			if got == nil || value(got.SourceArn) != value(row.SourceArn) ||
				(got.EncryptionContextEquals == nil) != (row.EncryptionContextEquals == nil) ||
				(got.EncryptionContextSubset == nil) != (row.EncryptionContextSubset == nil) ||
				got.EncryptionContextEquals["a"] != row.EncryptionContextEquals["a"] || got.EncryptionContextSubset["a"] != row.EncryptionContextSubset["a"] {
				t.Errorf("constraints = %+v", got)
			}
		})
	}
}

// The index finds a grant by one pair of its constraint, whichever that is.
func TestWhateverMeetsAConstraintHasItsMark(t *testing.T) {
	for _, pairs := range []map[string]string{
		{"a": "b"}, {"a": "", "b": ""}, {"": ""}, {"": "x", "y": "x"}, {"": "longest", "y": "x"}, {"a": "1", "b": "22", "c": "22"}, {"A": "x", "a": "x"},
		{"aws:dynamodb:subscriberId": "111122223333", "aws:dynamodb:tableName": "a table of some name"},
	} {
		c := constraints{Context: contextSubset, Pairs: pairs}
		found := false
		for name, v := range pairs {
			found = found || string(markOf(strings.ToUpper(name), v)) == string(c.mark())
		}
		for range 20 { // the order of a map is another each time
			found = found && string(c.mark()) == string((&constraints{Pairs: maps.Clone(pairs)}).mark())
		}
		if !found {
			t.Errorf("the mark of %v is none of its pairs, or changes", pairs)
		}
	}
	if (&constraints{Context: contextEquals}).mark() != nil {
		t.Error("no pair has a mark")
	}
	c := constraints{Pairs: map[string]string{"aws:dynamodb:subscriberId": "111122223333", "aws:dynamodb:tableName": "a table of some name"}}
	if string(c.mark()) != string(markOf("aws:dynamodb:tableName", "a table of some name")) {
		t.Error("the mark tells one table from another")
	}
}
