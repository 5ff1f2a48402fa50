package iam

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"sealstack/api/stsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/iam/saml"
	"sealstack/policy"
	"sealstack/storage"
)

// redeemTime is how long after it was issued a SAML assertion can be used.
const redeemTime = 5 * time.Minute

// AssumeRoleWithSAML makes temporary credentials of a role for whoever a SAML
// provider vouches for that the role trusts:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
//
// The assertion's times are held against real time, as signatures are.
//
// Unverified: the order of the checks.
func (s tokens) AssumeRoleWithSAML(ctx context.Context, in *stsapi.AssumeRoleWithSAMLRequest) (*stsapi.AssumeRoleWithSAMLResponse, error) {
	a, err := s.assumption(ctx, in.RoleArn)
	if err != nil {
		return nil, err
	}
	voucher, err := s.vouch(ctx, a.Home, in)
	if err != nil {
		return nil, err
	}
	n := s.newSession(a.Home, 0)
	n.Provider = in.PrincipalArn
	name, err := voucher.enter(n)
	if err != nil {
		return nil, err
	}
	who := &policy.Principal{Type: policy.SAML, Federated: n.Provider}
	if !voucher.grants(in.RoleArn, in.PrincipalArn) {
		return nil, notAuthorized("sts:AssumeRoleWithSAML")
	}
	if err := a.permitOutsider("sts:AssumeRoleWithSAML", n, who, voucher.keys(ctx, n, name)); err != nil {
		return nil, err
	}
	seconds, err := voucher.seconds(in.DurationSeconds)
	if err != nil {
		return nil, err
	}
	a.end = s.onClock(voucher.SessionEnd)
	credentials, size, err := s.start(ctx, a, n, terms{name, seconds, in.Policy, in.PolicyArns})
	if err != nil {
		return nil, err
	}
	return &stsapi.AssumeRoleWithSAMLResponse{
		Credentials: credentials, AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: n.ID, Arn: n.ARN},
		PackedPolicySize: size, Subject: &voucher.Subject, SubjectType: new(voucher.subjectType()), Issuer: &voucher.Issuer,
		Audience: &voucher.Recipient, NameQualifier: new(voucher.qualifier()), SourceIdentity: orNil(n.SourceIdentity),
	}, nil
}

// onClock returns what the emulator's clock will show at an instant of real
// time; zero stays zero.
func (s *state) onClock(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return s.clock.Now().Add(t.Sub(s.realClock.Now())).Truncate(time.Second)
}

// vouch checks a SAML response: signature, issuer, recipient, audience, times.
//
// Unverified: the sentences for providers in other accounts, unknown
// recipients, encrypted assertions and those that are not valid yet.
func (s *state) vouch(ctx context.Context, h home, in *stsapi.AssumeRoleWithSAMLRequest) (*voucher, error) {
	r, e, err := s.samlProviderOf(ctx, h, in.PrincipalArn)
	if err != nil {
		return nil, err
	}
	m, err := saml.ParseMetadata([]byte(e.Metadata))
	if err != nil {
		return nil, err
	}
	now := s.realClock.Now()
	a, err := saml.Verify(in.SAMLAssertion, m.Certificates, now)
	switch {
	case err != nil:
		return nil, badResponse(err)
	case !e.valid(now):
		return nil, badToken("Response signature invalid")
	case a.Issuer != m.EntityID:
		return nil, badToken("Issuer not present in specified provider")
	case !isRecipient(h.Partition, e.ID, a.Recipient):
		return nil, badToken("Response does not contain the required recipient")
	case !a.MeantFor(audiences(h.Partition)...) && !a.MeantFor(a.Recipient):
		return nil, badToken("Response does not contain the required audience")
	}
	return &voucher{a, r}, redeemable(a, now)
}

// samlProviderOf returns the SAML provider with that ARN, which is in the
// account of the role.
func (s *state) samlProviderOf(ctx context.Context, h home, text string) (r ref, e *entity, err error) {
	parsed, err := arn.Parse(text)
	if err != nil || parsed.Service != "iam" || parsed.Kind() != string(aSAML) || parsed.ID() == "" {
		return r, nil, invalid("%s is invalid", text)
	}
	r = ref{home{parsed.Partition, parsed.Account}, aSAML, parsed.ID()}
	err = s.view(ctx, func(tx storage.Tx) error {
		e, err = r.lookup(tx)
		return err
	})
	if err == nil && (e == nil || r.Home != h || r.arn(e) != text) {
		err = badToken("Specified provider doesn't exist")
	}
	return r, e, err
}

// badResponse is AWS's error for a response that does not hold.
func badResponse(err error) error {
	switch {
	case errors.Is(err, saml.ErrEncoding):
		return badToken("Invalid base64 SAMLResponse")
	case errors.Is(err, saml.ErrSignature):
		return badToken("Response signature invalid")
	case errors.Is(err, saml.ErrRejected):
		return stsapi.IDPRejectedClaimException("The identity provider did not authenticate the user.")
	case errors.Is(err, saml.ErrEncrypted):
		return badToken("The SAML assertion is encrypted and the provider has no private key.")
	}
	return badToken("Invalid SAML response")
}

// redeemable holds the assertion's times against now. Clocks may differ a
// little where an assertion is not valid yet.
func redeemable(a *saml.Assertion, now time.Time) error {
	soon := now.Add(auth.MaxSkew)
	switch {
	case a.Issued.After(soon), a.ValidFrom.After(soon):
		return badToken("The SAML assertion is not valid yet.")
	case now.After(a.Issued.Add(redeemTime)), !now.Before(a.RedeemBefore):
		return stsapi.ExpiredTokenException("Token must be redeemed within 5 minutes of issuance")
	case !a.ValidBefore.IsZero() && !now.Before(a.ValidBefore), !a.SessionEnd.IsZero() && !now.Before(a.SessionEnd):
		return stsapi.ExpiredTokenException("Token must be redeemed within 5 minutes of issuance")
	}
	return nil
}

// signIn is the host of a partition's sign-in pages, which are the recipients
// of SAML responses.
var signIn = map[string]string{
	arn.AWS: "signin.aws.amazon.com", "aws-cn": "signin.amazonaws.cn", "aws-us-gov": "signin.amazonaws-us-gov.com",
}

// audiences are the names by which assertions mean AWS. The Recipient is one
// too.
//
// Unverified: those of China and GovCloud.
func audiences(partition string) []string {
	urn := map[string]string{arn.AWS: "urn:amazon:webservices", "aws-cn": "urn:amazon:webservices:cn-north-1", "aws-us-gov": "urn:amazon:webservices:govcloud"}
	return []string{"https://" + signIn[partition] + "/saml", urn[partition]}
}

// isRecipient reports whether url is a sign-in page: the one of all Regions or
// of one, or that of the provider alone.
func isRecipient(partition, id, url string) bool {
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
	region, own := strings.CutSuffix(host, signIn[partition])
	good := own && (region == "" || regional.MatchString(region))
	return strings.HasPrefix(url, "https://") && good && (path == "saml" || path == "saml/acs/"+id)
}

var regional = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+\.$`)
