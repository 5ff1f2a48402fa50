package kms

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

func TestListGrantsShowsEveryMember(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	h.advance(90 * time.Second)
	in := to(k.KeyId, bob.ARN, encrypt, decrypt, encrypt)
	in.Name, in.RetiringPrincipal = new("n"), &eve.ARN
	in.Constraints = &kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{"a": "b"}}
	id, _ := h.issue(in)
	got := h.grantsOn(*k.Arn)
	want := []kmsapi.GrantListEntry{{
		KeyId: k.Arn, GrantId: &id, Name: new("n"), CreationDate: new(start.Add(90 * time.Second)),
		GranteePrincipal: &bob.ARN, RetiringPrincipal: &eve.ARN, IssuingAccount: new("arn:aws:iam::111122223333:root"),
		Operations: []kmsapi.GrantOperation{encrypt, decrypt}, Constraints: in.Constraints,
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ListGrants = %+v", got)
	}
	k = h.key()
	id, _ = h.issue(to(k.KeyId, bob.ARN, decrypt))
	want = []kmsapi.GrantListEntry{{
		KeyId: k.Arn, GrantId: &id, CreationDate: new(start.Add(90 * time.Second)), GranteePrincipal: &bob.ARN,
		IssuingAccount: new("arn:aws:iam::111122223333:root"), Operations: []kmsapi.GrantOperation{decrypt},
	}}
	if got := h.grantsOn(k.KeyId); !reflect.DeepEqual(got, want) {
		t.Errorf("ListGrants = %+v", got)
	}
	out, err := h.ListGrants(h.ctx, &kmsapi.ListGrantsRequest{KeyId: h.key().KeyId})
	must(t, err)
	if out.Grants == nil || len(out.Grants) != 0 || *out.Truncated || out.NextMarker != nil {
		t.Errorf("no grants: %+v", out)
	}
}

func TestFiltersOfListGrants(t *testing.T) {
	h := newHarness(t)
	k, other := h.key(), h.key()
	h.alias("alias/x", k.KeyId)
	var mine []string
	for range 3 {
		id, _ := h.issue(to(k.KeyId, bob.ARN, decrypt))
		mine = append(mine, id)
	}
	his, _ := h.issue(to(k.KeyId, eve.ARN, decrypt))
	elsewhere, _ := h.issue(to(other.KeyId, bob.ARN, decrypt))
	const service = "sns.us-east-1.amazonaws.com"
	served := &kmsapi.CreateGrantRequest{
		KeyId: k.KeyId, GranteeServicePrincipal: new(service), RetiringPrincipal: &bob.ARN, Operations: []kmsapi.GrantOperation{decrypt},
		Constraints: &kmsapi.GrantConstraints{SourceArn: new("arn:aws:sns:us-east-1:111122223333:topic")},
	}
	its, _ := h.issue(served)
	open := h.key(with(byAnyone))
	served.KeyId = open.KeyId
	public, _ := h.issue(served)
	for name, row := range map[string]struct {
		ctx           context.Context
		in            kmsapi.ListGrantsRequest
		want          []string
		code, message string
	}{
		"all":                 {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId}, append([]string{his, its}, mine...), "", ""},
		"a principal":         {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteePrincipal: &bob.ARN}, mine, "", ""},
		"another principal":   {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteePrincipal: new(rootUser(account).ARN)}, nil, "", ""},
		"an id":               {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GrantId: &his}, []string{his}, "", ""},
		"an id and its owner": {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GrantId: &mine[1], GranteePrincipal: &bob.ARN}, mine[1:2], "", ""},
		"an id and another":   {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GrantId: &his, GranteePrincipal: &bob.ARN}, nil, "", ""},
		"another key's id":    {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GrantId: &elsewhere}, nil, "", ""},
		"a service":           {api.AsService(h.ctx, service, "", ""), kmsapi.ListGrantsRequest{KeyId: *open.Arn, GranteeServicePrincipal: new(service)}, []string{public}, "", ""},
		"no service":          {h.ctx, kmsapi.ListGrantsRequest{KeyId: *open.Arn, GranteePrincipal: new(service)}, nil, "", ""},
		"no id":               {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GrantId: new("x")}, nil, "InvalidGrantIdException", "Invalid grant ID"},
		"no principal":        {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteePrincipal: new("arn:aws:s3:::bucket")}, nil, "InvalidArnException", "ARN does not refer to a valid principal: arn:aws:s3:::bucket"},
		"both":                {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteePrincipal: &bob.ARN, GranteeServicePrincipal: new(service)}, nil, "ValidationException", "You can specify either GranteePrincipal or GranteeServicePrincipal, but not both."},
		"a service by a user": {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteeServicePrincipal: new(service)}, nil, "ValidationException", "GranteeServicePrincipal can be used only by callers that are this service principal."},
		"an alias":            {h.ctx, kmsapi.ListGrantsRequest{KeyId: "alias/x"}, nil, "InvalidArnException", "Key Aliases are not supported for this operation."},
		"no key":              {h.ctx, kmsapi.ListGrantsRequest{KeyId: "invalid"}, nil, "NotFoundException", "Invalid keyId 'invalid'"},
		"too many":            {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, Limit: new(int32(101))}, nil, "ValidationException", "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"},
		"a bad marker":        {h.ctx, kmsapi.ListGrantsRequest{KeyId: k.KeyId, Marker: new("x")}, nil, "InvalidMarkerException", ""},
		"a stranger":          {as(rootUser(foreign)), kmsapi.ListGrantsRequest{KeyId: *k.Arn}, nil, "AccessDeniedException", "User: arn:aws:iam::444455556666:root is not authorized to perform: kms:ListGrants on resource: " + *k.Arn + hiddenBecause},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := h.ListGrants(row.ctx, &row.in)
			if row.code != "" {
				wantError(t, err, row.code, row.message)
				return
			}
			must(t, err)
			wantGrants(t, out, row.want)
		})
	}
}

func wantGrants(t *testing.T, out *kmsapi.ListGrantsResponse, want []string) {
	t.Helper()
	var got []string
	for _, e := range out.Grants {
		got = append(got, *e.GrantId)
	}
	if want = slices.Clone(want); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("grants %v, want %v", got, want)
	}
}

// Pages of both lists, with every filter, have each grant once.
func TestPagesOfGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	for i := range 120 {
		grant := to(k.KeyId, bob.ARN, decrypt)
		grant.RetiringPrincipal = &eve.ARN
		if i%2 == 0 {
			grant.GranteePrincipal = &eve.ARN
		}
		h.issue(grant)
	}
	grantsOf := func(grantee *string) func(limit *int32, marker *string) (*kmsapi.ListGrantsResponse, error) {
		return func(limit *int32, marker *string) (*kmsapi.ListGrantsResponse, error) {
			return h.ListGrants(h.ctx, &kmsapi.ListGrantsRequest{KeyId: k.KeyId, GranteePrincipal: grantee, Limit: limit, Marker: marker})
		}
	}
	retirable := func(limit *int32, marker *string) (*kmsapi.ListGrantsResponse, error) {
		return h.ListRetirableGrants(h.ctx, &kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &eve.ARN, Limit: limit, Marker: marker})
	}
	for name, row := range map[string]struct {
		list  func(limit *int32, marker *string) (*kmsapi.ListGrantsResponse, error)
		limit *int32
		want  []int
	}{
		"all":             {grantsOf(nil), nil, []int{50, 50, 20}},
		"all, by hundred": {grantsOf(nil), new(int32(100)), []int{100, 20}},
		"one user's":      {grantsOf(&bob.ARN), new(int32(25)), []int{25, 25, 10}},
		"to the full":     {grantsOf(&bob.ARN), new(int32(60)), []int{60}},
		"retirable":       {retirable, nil, []int{50, 50, 20}},
		"retirable, all":  {retirable, new(int32(100)), []int{100, 20}},
	} {
		t.Run(name, func(t *testing.T) {
			var marker *string
			seen := map[string]bool{}
			for i, want := range row.want {
				out, err := row.list(row.limit, marker)
				must(t, err)
				if marker = out.NextMarker; len(out.Grants) != want || *out.Truncated != (marker != nil) || *out.Truncated != (i < len(row.want)-1) {
					t.Fatalf("page %d has %d grants, truncated %t", i, len(out.Grants), *out.Truncated)
				}
				for _, e := range out.Grants {
					seen[*e.GrantId] = true
				}
			}
			total := 0
			for _, n := range row.want {
				total += n
			}
			if len(seen) != total {
				t.Errorf("%d different grants, want %d", len(seen), total)
			}
		})
	}
	first, err := grantsOf(&bob.ARN)(new(int32(1)), nil)
	must(t, err)
	for name, err := range map[string]error{
		"another filter": second(grantsOf(&eve.ARN)(nil, first.NextMarker)), "no filter": second(grantsOf(nil)(nil, first.NextMarker)),
		"another list": second(retirable(nil, first.NextMarker)),
	} {
		t.Run(name, func(t *testing.T) { wantError(t, err, "InvalidMarkerException", "") })
	}
}

// The list has the grants on keys of all accounts, in one Region.
func TestListRetirableGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	theirs, err := h.CreateKey(as(rootUser(foreign)), &kmsapi.CreateKeyRequest{})
	must(t, err)
	far, err := h.CreateKey(in("eu-west-1"), &kmsapi.CreateKeyRequest{})
	must(t, err)
	issue := func(ctx context.Context, key, retiring string) string {
		grant := to(key, mallory.ARN, decrypt)
		grant.RetiringPrincipal = &retiring
		out, err := h.CreateGrant(ctx, grant)
		must(t, err)
		return *out.GrantId
	}
	mine := issue(h.ctx, k.KeyId, bob.ARN)
	abroad := issue(as(rootUser(foreign)), theirs.KeyMetadata.KeyId, bob.ARN)
	distant := issue(in("eu-west-1"), far.KeyMetadata.KeyId, bob.ARN)
	issue(h.ctx, k.KeyId, eve.ARN)
	issue(h.ctx, k.KeyId, bob.ARN+"2")
	self := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:ListRetirableGrants","Resource":"` + bob.ARN + `"}}`
	h.grant(bob, self)
	const service = "sns.us-east-1.amazonaws.com"
	denied := func(who, on string) string {
		return "User: " + who + " is not authorized to perform: kms:ListRetirableGrants on resource: " + on + " because no "
	}
	for name, row := range map[string]struct {
		ctx           context.Context
		in            kmsapi.ListRetirableGrantsRequest
		want          []string
		code, message string
	}{
		"the root user":      {h.ctx, kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN}, []string{mine, abroad}, "", ""},
		"himself":            {as(bob), kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN}, []string{mine, abroad}, "", ""},
		"another Region":     {in("eu-west-1"), kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN}, []string{distant}, "", ""},
		"a service":          {api.AsService(h.ctx, service, "", ""), kmsapi.ListRetirableGrantsRequest{RetiringServicePrincipal: new(service)}, nil, "", ""},
		"another":            {as(bob), kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &eve.ARN}, nil, "AccessDeniedException", denied(bob.ARN, eve.ARN) + "identity-based policy allows the kms:ListRetirableGrants action"},
		"another account's":  {h.ctx, kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &mallory.ARN}, nil, "AccessDeniedException", denied(rootUser(account).ARN, mallory.ARN) + "resource-based policy allows the kms:ListRetirableGrants action"},
		"nobody":             {h.ctx, kmsapi.ListRetirableGrantsRequest{}, nil, "ValidationException", "You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both."},
		"both":               {h.ctx, kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN, RetiringServicePrincipal: new(service)}, nil, "ValidationException", "You must specify either RetiringPrincipal or RetiringServicePrincipal, but not both."},
		"no principal":       {h.ctx, kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: new("bob")}, nil, "InvalidArnException", "ARN does not refer to a valid principal: bob"},
		"a user's service":   {h.ctx, kmsapi.ListRetirableGrantsRequest{RetiringServicePrincipal: new(service)}, nil, "ValidationException", "RetiringServicePrincipal can be used only by callers that are this service principal."},
		"another service":    {api.AsService(h.ctx, "sqs.amazonaws.com", "", ""), kmsapi.ListRetirableGrantsRequest{RetiringServicePrincipal: new(service)}, nil, "ValidationException", "RetiringServicePrincipal can be used only by callers that are this service principal."},
		"a page too large":   {h.ctx, kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &bob.ARN, Limit: new(int32(101))}, nil, "ValidationException", "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"},
		"without permission": {as(eve), kmsapi.ListRetirableGrantsRequest{RetiringPrincipal: &eve.ARN}, nil, "AccessDeniedException", denied(eve.ARN, eve.ARN) + "identity-based policy allows the kms:ListRetirableGrants action"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := h.ListRetirableGrants(row.ctx, &row.in)
			if row.code != "" {
				wantError(t, err, row.code, row.message)
				return
			}
			must(t, err)
			wantGrants(t, out, row.want)
		})
	}
}

// Each row's condition allows a call of the first kind and not of the second.
func TestConditionKeysOfGrants(t *testing.T) {
	h := newHarness(t)
	k := h.key()
	const service, topic = "sns.us-east-1.amazonaws.com", "arn:aws:sns:us-east-1:111122223333:topic"
	id, _ := h.issue(to(k.KeyId, bob.ARN, decrypt))
	type call func(context.Context) error
	create := func(changes ...func(*kmsapi.CreateGrantRequest)) call {
		return func(ctx context.Context) error {
			in := to(k.KeyId, bob.ARN, decrypt, encrypt)
			for _, change := range changes {
				change(in)
			}
			return second(h.CreateGrant(ctx, in))
		}
	}
	operations := func(list ...kmsapi.GrantOperation) func(*kmsapi.CreateGrantRequest) {
		return func(in *kmsapi.CreateGrantRequest) { in.Operations = list }
	}
	constrain := func(c kmsapi.GrantConstraints) func(*kmsapi.CreateGrantRequest) {
		return func(in *kmsapi.CreateGrantRequest) { in.Constraints = &c }
	}
	toService := func(in *kmsapi.CreateGrantRequest) {
		in.GranteePrincipal, in.GranteeServicePrincipal, in.RetiringServicePrincipal = nil, new(service), new(service)
		in.Constraints = &kmsapi.GrantConstraints{SourceArn: new(topic)}
	}
	retiring := func(arn string) func(*kmsapi.CreateGrantRequest) {
		return func(in *kmsapi.CreateGrantRequest) { in.RetiringPrincipal = &arn }
	}
	list := func(ctx context.Context) error {
		return second(h.ListGrants(ctx, &kmsapi.ListGrantsRequest{KeyId: k.KeyId}))
	}
	revoke := func(ctx context.Context) error {
		err := second(h.RevokeGrant(ctx, &kmsapi.RevokeGrantRequest{KeyId: k.KeyId, GrantId: id, DryRun: new(true)}))
		if err != nil && strings.HasPrefix(err.Error(), "DryRun") {
			return nil
		}
		return err
	}
	via := func(c call) call {
		return func(ctx context.Context) error { return c(api.Forward(ctx, "ebs.amazonaws.com")) }
	}
	plainly := func(c func(context.Context, map[string]string, ...string) error) call {
		return func(ctx context.Context) error { return c(ctx, nil) }
	}
	equals := constrain(kmsapi.GrantConstraints{EncryptionContextEquals: map[string]string{"App": "a"}})
	subset := constrain(kmsapi.GrantConstraints{EncryptionContextSubset: map[string]string{"app": "b", "env": "c"}})
	for condition, row := range map[string]struct{ yes, no call }{
		`"ForAllValues:StringEquals":{"kms:GrantOperations":["Encrypt","Decrypt"]}`:     {create(), create(operations(encrypt, describe))},
		`"ForAnyValue:StringEquals":{"kms:GrantOperations":"RetireGrant"}`:              {create(operations(encrypt, retire)), create()},
		`"StringEquals":{"kms:GrantConstraintType":"EncryptionContextEquals"}`:          {create(equals), create(subset)},
		`"StringEquals":{"kms:GrantConstraintType":"EncryptionContextSubset"}`:          {create(subset), create()},
		`"StringEquals":{"kms:GrantConstraintType":"SourceArn"}`:                        {create(toService), create(equals)},
		`"ArnLike":{"kms:GrantConstraintSourceArn":"arn:aws:sns:*:111122223333:*"}`:     {create(toService), create(equals)},
		`"StringEquals":{"kms:GranteePrincipal":"` + bob.ARN + `"}`:                     {create(), create(toService)},
		`"StringEquals":{"kms:GranteeServicePrincipal":"` + service + `"}`:              {create(toService), create()},
		`"StringEquals":{"kms:RetiringPrincipal":"` + eve.ARN + `"}`:                    {create(retiring(eve.ARN)), create(retiring(bob.ARN))},
		`"Null":{"kms:RetiringPrincipal":"true"}`:                                       {create(), create(retiring(bob.ARN))},
		`"StringEquals":{"kms:RetiringServicePrincipal":"` + service + `"}`:             {create(toService), create(retiring(bob.ARN))},
		`"StringEquals":{"kms:EncryptionContext:app":"a"}`:                              {create(equals), create(subset)},
		`"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"env"}`:                {create(subset), create(equals)},
		`"Null":{"kms:EncryptionContextKeys":"true"}`:                                   {create(), create(subset)},
		`"Null":{"kms:EncryptionAlgorithm":"true"}`:                                     {create(), plainly(h.use(k.KeyId)[encrypt])},
		`"Bool":{"kms:GrantIsForAWSResource":"true"}`:                                   {via(create()), create()},
		`"Bool":{"kms:GrantIsForAWSResource":"false"}`:                                  {list, via(list)},
		`"StringEquals":{"kms:ViaService":"ebs.us-east-1.amazonaws.com"}`:               {via(create()), create()},
		`"Bool":{"kms:GrantIsForAWSResource":true},"StringLike":{"kms:ViaService":"*"}`: {via(revoke), revoke},
	} {
		t.Run(condition, func(t *testing.T) {
			ctx := h.grant(userOf(account, "admin"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Condition":{`+condition+`}}}`)
			must(t, row.yes(ctx))
			wantCode(t, row.no(ctx), "AccessDeniedException")
		})
	}
}

// Grants are there after a restart: they work, are listed and can be ended.
func TestARestartKeepsGrants(t *testing.T) {
	dir := t.TempDir()
	h := openDir(t, dir)
	k := h.key(with(gated))
	grant := to(k.KeyId, bob.ARN, encrypt, describe)
	grant.Name, grant.RetiringPrincipal = new("n"), &eve.ARN
	grant.Constraints = &kmsapi.GrantConstraints{EncryptionContextEquals: map[string]string{}}
	id, token := h.issue(grant)
	before := h.grantsOn(k.KeyId)
	must(t, h.store.Close())

	h = openDir(t, dir)
	h.grantDelay = time.Hour
	if after := h.grantsOn(k.KeyId); fmt.Sprint(*after[0].GrantId, *after[0].CreationDate, after[0].Constraints.EncryptionContextEquals) !=
		fmt.Sprint(*before[0].GrantId, *before[0].CreationDate, before[0].Constraints.EncryptionContextEquals) {
		t.Errorf("grants after the restart: %+v", after)
	}
	call := h.use(k.KeyId)[encrypt]
	wantCode(t, call(as(bob), nil), "AccessDeniedException")
	must(t, call(as(bob), nil, token))
	wantCode(t, call(as(bob), map[string]string{"a": "b"}, token), "AccessDeniedException")
	if again, _ := h.issue(grant); again != id {
		t.Error("the name is forgotten")
	}
	must(t, second(h.RetireGrant(as(eve), &kmsapi.RetireGrantRequest{GrantToken: &token})))
	if n := len(h.grantsOn(k.KeyId)); n != 0 {
		t.Errorf("%d grants", n)
	}
	must(t, h.store.Check(h.ctx))
}
