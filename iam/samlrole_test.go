package iam

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/iam/saml/samltest"
)

// federation is a world with a SAML provider and a role that trusts it.
type federation struct {
	*world
	idp  *samltest.Provider
	role string
}

// newFederation trusts the provider with a condition: "" for none.
func newFederation(t *testing.T, condition string) *federation {
	f := &federation{world: newWorld(t), idp: samltest.New(t, "https://idp.example.com", noon)}
	f.realClock = clock.Fixed(noon)
	must(f.iam.CreateSAMLProvider(f.root, &iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: f.idp.Metadata()}))(t)
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	f.role = must(f.iam.CreateRole(f.root, &iamapi.CreateRoleRequest{RoleName: "fed", AssumeRolePolicyDocument: document(
		`{"Effect":"Allow","Principal":{"Federated":"` + samlARN + `"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"]` + condition + `}`)}))(t).Role.Arn
	return f
}

// claim is what the provider says for the role at noon.
func (f *federation) claim() samltest.Claims { return f.idp.Claim(noon, f.role, samlARN, "ada@x") }

func (f *federation) assume(said string, in stsapi.AssumeRoleWithSAMLRequest) (*stsapi.AssumeRoleWithSAMLResponse, error) {
	in.SAMLAssertion = said
	if in.RoleArn == "" {
		in.RoleArn = f.role
	}
	if in.PrincipalArn == "" {
		in.PrincipalArn = samlARN
	}
	return f.sts.AssumeRoleWithSAML(context.Background(), &in)
}

func TestARoleIsAssumedWithASAMLAssertion(t *testing.T) {
	f := newFederation(t, `{"StringEquals":{"saml:aud":"https://signin.aws.amazon.com/saml"}}`)
	must(f.iam.PutRolePolicy(f.root, &iamapi.PutRolePolicyRequest{RoleName: "fed", PolicyName: "p", PolicyDocument: document(
		`{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"red","aws:SourceIdentity":"Ada"}}}`)}))(t)
	c := f.claim().With("PrincipalTag:Team", "red").With("PrincipalTag:Floor", "1").With("TransitiveTagKeys", "Team").With("SourceIdentity", "Ada")
	out := must(f.assume(f.idp.Say(t, c), stsapi.AssumeRoleWithSAMLRequest{}))(t)
	sum := sha1.Sum([]byte("https://idp.example.com" + account + "/idp"))
	for what, got := range map[string][2]string{
		"arn": {out.AssumedRoleUser.Arn, "arn:aws:sts::111122223333:assumed-role/fed/ada@x"}, "subject": {*out.Subject, "ada"},
		"type": {*out.SubjectType, "persistent"}, "issuer": {*out.Issuer, f.idp.Issuer}, "audience": {*out.Audience, c.Recipient},
		"qualifier": {*out.NameQualifier, base64.StdEncoding.EncodeToString(sum[:])}, "source identity": {*out.SourceIdentity, "Ada"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s is %s, want %s", what, got[0], got[1])
		}
	}
	if want := noon.Truncate(time.Second).Add(time.Hour); !out.Credentials.Expiration.Equal(want) {
		t.Errorf("expires %v, want %v", out.Credentials.Expiration, want)
	}
	session := f.holder(t, out.Credentials.AccessKeyId)
	if s := api.CallerOf(session).Session; s.Provider != samlARN || s.Tags["Team"] != "red" || s.Tags["Floor"] != "1" || s.SourceIdentity != "Ada" {
		t.Errorf("session %+v", s)
	}
	wantError(t, "what tags and source identity allow", errorOf(f.iam.ListUsers(session, &iamapi.ListUsersRequest{})), "")
	if got := f.errorCode(errorOf(f.iam.ListRoles(session, &iamapi.ListRolesRequest{}))); got != "AccessDenied" {
		t.Errorf("what nothing allows: %s", got)
	}
	next := f.Service.IAM()
	second := must(next.CreateRole(f.root, &iamapi.CreateRoleRequest{RoleName: "second", AssumeRolePolicyDocument: trusting(`"AWS":"` + f.role + `"`)}))(t).Role.Arn
	chained, _ := f.world.assume(t, session, stsapi.AssumeRoleRequest{RoleArn: second, RoleSessionName: "s"})
	if s := api.CallerOf(chained).Session; s.Tags["Team"] != "red" || len(s.Tags) != 1 || s.SourceIdentity != "Ada" {
		t.Errorf("the next role's session %+v", s)
	}
}

func TestAssertionsThatSTSDoesNotTake(t *testing.T) {
	f := newFederation(t, "")
	stranger := samltest.New(t, f.idp.Issuer, noon)
	change := func(fn func(*samltest.Claims)) string {
		c := f.claim()
		fn(&c)
		return f.idp.Say(t, c)
	}
	with := func(name string, values ...string) string { return f.idp.Say(t, f.claim().With(name, values...)) }
	good := f.idp.Say(t, f.claim())
	expired := "ExpiredTokenException: Token must be redeemed within 5 minutes of issuance"
	denied := "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML"
	name := "InvalidIdentityToken: RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
	required := "InvalidIdentityToken: RoleSessionName is required in AuthnResponse"
	source := `InvalidIdentityToken: Source Identity must match [a-zA-Z_0-9+=,.@-]{2,64} and not begin with "aws:"`
	recipient := "InvalidIdentityToken: Response does not contain the required recipient"
	tag := "InvalidIdentityToken: The SAML assertion has an invalid session tag."
	for what, c := range map[string]struct {
		said string
		in   stsapi.AssumeRoleWithSAMLRequest
		want string
	}{
		"good":                   {good, stsapi.AssumeRoleWithSAMLRequest{}, ""},
		"no ARN of a role":       {good, stsapi.AssumeRoleWithSAMLRequest{RoleArn: samlARN}, "ValidationError: " + samlARN + " is invalid"},
		"no ARN of a provider":   {good, stsapi.AssumeRoleWithSAMLRequest{PrincipalArn: f.role}, "ValidationError: " + f.role + " is invalid"},
		"another provider":       {good, stsapi.AssumeRoleWithSAMLRequest{PrincipalArn: samlARN + "x"}, "InvalidIdentityToken: Specified provider doesn't exist"},
		"another account's":      {good, stsapi.AssumeRoleWithSAMLRequest{PrincipalArn: "arn:aws:iam::444455556666:saml-provider/idp"}, "InvalidIdentityToken: Specified provider doesn't exist"},
		"another role":           {good, stsapi.AssumeRoleWithSAMLRequest{RoleArn: f.role + "x"}, denied},
		"no base64":              {"%%%", stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: Invalid base64 SAMLResponse"},
		"no response":            {"aGVsbG8=", stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: Invalid SAML response"},
		"a stranger's":           {stranger.Say(t, f.claim()), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: Response signature invalid"},
		"another issuer":         {change(func(c *samltest.Claims) { c.Issuer = "https://other" }), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: Issuer not present in specified provider"},
		"another audience":       {change(func(c *samltest.Claims) { c.Audience = []string{"https://other"} }), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: Response does not contain the required audience"},
		"AWS by its other name":  {change(func(c *samltest.Claims) { c.Audience = []string{"x", "urn:amazon:webservices"} }), stsapi.AssumeRoleWithSAMLRequest{}, ""},
		"another recipient":      {change(func(c *samltest.Claims) { c.Recipient = "https://evil.com/signin.aws.amazon.com/saml" }), stsapi.AssumeRoleWithSAMLRequest{}, recipient},
		"a recipient like AWS":   {change(func(c *samltest.Claims) { c.Recipient = "https://evil.signin.aws.amazon.com/saml" }), stsapi.AssumeRoleWithSAMLRequest{}, recipient},
		"a recipient in clear":   {change(func(c *samltest.Claims) { c.Recipient = "http://signin.aws.amazon.com/saml" }), stsapi.AssumeRoleWithSAMLRequest{}, recipient},
		"a Region's recipient":   {change(func(c *samltest.Claims) { c.Recipient = "https://eu-west-1.signin.aws.amazon.com/saml" }), stsapi.AssumeRoleWithSAMLRequest{}, ""},
		"another provider's":     {change(func(c *samltest.Claims) { c.Recipient += "/acs/SAMLSPX" }), stsapi.AssumeRoleWithSAMLRequest{}, recipient},
		"issued long ago":        {change(func(c *samltest.Claims) { c.Issued, c.RedeemBefore = noon.Add(-301*time.Second), noon.Add(time.Hour) }), stsapi.AssumeRoleWithSAMLRequest{}, expired},
		"to be redeemed before":  {change(func(c *samltest.Claims) { c.RedeemBefore = noon }), stsapi.AssumeRoleWithSAMLRequest{}, expired},
		"not valid any more":     {change(func(c *samltest.Claims) { c.ValidBefore = noon }), stsapi.AssumeRoleWithSAMLRequest{}, expired},
		"over":                   {change(func(c *samltest.Claims) { c.SessionEnd = noon }), stsapi.AssumeRoleWithSAMLRequest{}, expired},
		"not valid yet":          {change(func(c *samltest.Claims) { c.ValidFrom = noon.Add(auth.MaxSkew + time.Minute) }), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: The SAML assertion is not valid yet."},
		"of a clock a bit ahead": {change(func(c *samltest.Claims) { c.Issued = noon.Add(time.Minute) }), stsapi.AssumeRoleWithSAMLRequest{}, ""},
		"no role":                {with("Role"), stsapi.AssumeRoleWithSAMLRequest{}, denied},
		"another role's":         {with("Role", f.role+"x,"+samlARN), stsapi.AssumeRoleWithSAMLRequest{}, denied},
		"the other way round":    {with("Role", "a,b", samlARN+" , "+f.role), stsapi.AssumeRoleWithSAMLRequest{}, ""},
		"no session name":        {with("RoleSessionName"), stsapi.AssumeRoleWithSAMLRequest{}, required},
		"two session names":      {with("RoleSessionName", "ab", "cd"), stsapi.AssumeRoleWithSAMLRequest{}, required},
		"a short session name":   {with("RoleSessionName", "a"), stsapi.AssumeRoleWithSAMLRequest{}, name},
		"a wild session name":    {with("RoleSessionName", "a b"), stsapi.AssumeRoleWithSAMLRequest{}, name},
		"a wild source":          {with("SourceIdentity", "a b"), stsapi.AssumeRoleWithSAMLRequest{}, source},
		"AWS's source":           {with("SourceIdentity", "aws:x"), stsapi.AssumeRoleWithSAMLRequest{}, source},
		"a tag with two values":  {with("PrincipalTag:a", "b", "c"), stsapi.AssumeRoleWithSAMLRequest{}, tag},
		"a tag without a key":    {with("PrincipalTag:", "b"), stsapi.AssumeRoleWithSAMLRequest{}, tag},
		"a long tag":             {with("PrincipalTag:a", strings.Repeat("x", 257)), stsapi.AssumeRoleWithSAMLRequest{}, tag},
		"a tag twice":            {f.idp.Say(t, f.claim().With("PrincipalTag:a", "x").With("PrincipalTag:A", "y")), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"a key to pass on":       {with("TransitiveTagKeys", "a"), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidParameterValue: The specified transitive tag key must be included in the requested tags."},
		"a wild duration":        {with("SessionDuration", "899"), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: SessionDuration in AuthnResponse must be between 900 and 43200"},
		"no duration":            {with("SessionDuration", "long"), stsapi.AssumeRoleWithSAMLRequest{}, "InvalidIdentityToken: SessionDuration in AuthnResponse must be between 900 and 43200"},
		"too long":               {good, stsapi.AssumeRoleWithSAMLRequest{DurationSeconds: new(int32(7200))}, "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"no session policy":      {good, stsapi.AssumeRoleWithSAMLRequest{Policy: new("{")}, "MalformedPolicyDocument: This policy contains invalid Json"},
	} {
		_, err := f.assume(c.said, c.in)
		wantError(t, what, err, c.want)
	}
}

func TestHowLongASAMLSessionLasts(t *testing.T) {
	f := newFederation(t, "")
	must(f.iam.UpdateRole(f.root, &iamapi.UpdateRoleRequest{RoleName: "fed", MaxSessionDuration: new(int32(14400))}))(t)
	must(0, f.clock.Advance(24*time.Hour))(t) // a test that runs ahead of the provider's clock
	until := func(end time.Time, c samltest.Claims) samltest.Claims {
		c.SessionEnd = end
		return c
	}
	for name, c := range map[string]struct {
		claim samltest.Claims
		asked *int32
		want  time.Duration
	}{
		"nothing said":               {f.claim(), nil, time.Hour},
		"by the assertion":           {f.claim().With("SessionDuration", "7200"), nil, 2 * time.Hour},
		"by the request":             {f.claim().With("SessionDuration", "7200"), new(int32(900)), 15 * time.Minute},
		"until the session's end":    {until(noon.Add(10*time.Minute), f.claim()), nil, 10 * time.Minute},
		"an end after the session's": {until(noon.Add(3*time.Hour), f.claim()), nil, time.Hour},
	} {
		out, err := f.assume(f.idp.Say(t, c.claim), stsapi.AssumeRoleWithSAMLRequest{DurationSeconds: c.asked})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := out.Credentials.Expiration.Sub(f.clock.Now().Truncate(time.Second)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestConditionsOnSAMLAssertions(t *testing.T) {
	sum := sha1.Sum([]byte("https://idp.example.com" + account + "/idp"))
	qualifier := base64.StdEncoding.EncodeToString(sum[:])
	denied := "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML"
	for condition, want := range map[string]string{
		`{"StringEquals":{"saml:aud":"https://signin.aws.amazon.com/saml"}}`:                   "",
		`{"StringEquals":{"saml:aud":"urn:amazon:webservices"}}`:                               denied,
		`{"StringEquals":{"SAML:iss":"https://idp.example.com"}}`:                              "",
		`{"StringEquals":{"saml:iss":"https://other.example.com"}}`:                            denied,
		`{"StringEquals":{"saml:sub":"ada","saml:sub_type":"persistent"}}`:                     "",
		`{"StringEquals":{"saml:sub":"eve"}}`:                                                  denied,
		`{"StringEquals":{"saml:sub_type":"transient"}}`:                                       denied,
		`{"StringEquals":{"saml:doc":"111122223333/idp"}}`:                                     "",
		`{"StringEquals":{"saml:doc":"444455556666/idp"}}`:                                     denied,
		`{"StringEquals":{"saml:namequalifier":"` + qualifier + `"}}`:                          "",
		`{"StringEquals":{"saml:namequalifier":"x"}}`:                                          denied,
		`{"ForAnyValue:StringEquals":{"saml:edupersonaffiliation":"staff"}}`:                   "",
		`{"ForAllValues:StringEquals":{"saml:edupersonaffiliation":"staff"}}`:                  denied,
		`{"StringLike":{"saml:mail":"*@example.com"}}`:                                         "",
		`{"StringEquals":{"sts:RoleSessionName":"ada@x"}}`:                                     "",
		`{"StringEquals":{"sts:RoleSessionName":"eve"}}`:                                       denied,
		`{"StringEquals":{"aws:RequestTag/Team":"red"}}`:                                       "",
		`{"StringEquals":{"aws:RequestTag/Team":"blue"}}`:                                      denied,
		`{"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}}`:                               "",
		`{"StringEquals":{"sts:SourceIdentity":"Eve"}}`:                                        denied,
		`{"StringEquals":{"aws:FederatedProvider":"` + samlARN + `"}}`:                         "",
		`{"Null":{"saml:eduorglegalname":"true"}}`:                                             "",
		`{"ForAnyValue:StringEquals":{"sts:TransitiveTagKeys":"Team"}}`:                        denied,
		`{"StringEquals":{"saml:https://aws.amazon.com/SAML/Attributes/RoleSessionName":"x"}}`: denied,
	} {
		f := newFederation(t, condition)
		c := f.claim().With("PrincipalTag:Team", "red")
		c.Attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"] = []string{"member", "staff"}
		c.Attributes["urn:oid:0.9.2342.19200300.100.1.3"] = []string{"ada@example.com"}
		_, err := f.assume(f.idp.Say(t, c), stsapi.AssumeRoleWithSAMLRequest{})
		wantError(t, condition, err, want)
	}
}

func TestATrustPolicyMustAllowTagsAndSourceIdentity(t *testing.T) {
	f := newFederation(t, "")
	must(f.iam.UpdateAssumeRolePolicy(f.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "fed", PolicyDocument: document(
		`{"Effect":"Allow","Principal":{"Federated":"` + samlARN + `"},"Action":"sts:AssumeRoleWithSAML"}`)}))(t)
	for name, c := range map[string]struct {
		claim samltest.Claims
		want  string
	}{
		"neither": {f.claim(), ""},
		"tags":    {f.claim().With("PrincipalTag:a", "b"), "AccessDenied: Not authorized to perform sts:TagSession"},
		"source":  {f.claim().With("SourceIdentity", "Ada"), "AccessDenied: Not authorized to perform sts:SetSourceIdentity"},
	} {
		_, err := f.assume(f.idp.Say(t, c.claim), stsapi.AssumeRoleWithSAMLRequest{})
		wantError(t, name, err, c.want)
	}
	must(f.iam.UpdateAssumeRolePolicy(f.root, &iamapi.UpdateAssumeRolePolicyRequest{RoleName: "fed", PolicyDocument: trusting(`"AWS":"*"`)}))(t)
	_, err := f.assume(f.idp.Say(t, f.claim()), stsapi.AssumeRoleWithSAMLRequest{})
	wantError(t, "a role for everybody of AWS", err, "AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML")
}

func TestAProviderThatChangesItsKeyOrExpires(t *testing.T) {
	f := newFederation(t, "")
	next := samltest.New(t, f.idp.Issuer, noon)
	describe := func(attributes string, ders ...[]byte) func() error {
		return func() error {
			return errorOf(f.iam.UpdateSAMLProvider(f.root, &iamapi.UpdateSAMLProviderRequest{
				SAMLProviderArn: samlARN, SAMLMetadataDocument: new(samltest.Describe(f.idp.Issuer, attributes, ders...)),
			}))
		}
	}
	by := func(p *samltest.Provider) func() error {
		return func() error { return errorOf(f.assume(p.Say(t, f.claim()), stsapi.AssumeRoleWithSAMLRequest{})) }
	}
	bad := "InvalidIdentityToken: Response signature invalid"
	run(t, []step{
		{"the old key", by(f.idp), ""}, {"the new key", by(next), bad},
		{"both", describe("", f.idp.Certificate, next.Certificate), ""}, {"the old key still", by(f.idp), ""}, {"the new key too", by(next), ""},
		{"the new one alone", describe("", next.Certificate), ""}, {"not the old key", by(f.idp), bad}, {"but the new key", by(next), ""},
		{"expired metadata", describe(`validUntil="2026-03-01T12:00:00Z"`, next.Certificate), ""}, {"no key", by(next), bad},
	})
	must(f.iam.DeleteSAMLProvider(f.root, &iamapi.DeleteSAMLProviderRequest{SAMLProviderArn: samlARN}))(t)
	wantError(t, "deleted", by(next)(), "InvalidIdentityToken: Specified provider doesn't exist")
}
