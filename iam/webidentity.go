package iam

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/iam/jwt"
	"sealstack/policy"
	"sealstack/storage"
)

// AssumeRoleWithWebIdentity makes temporary credentials of a role for whoever
// holds a token of an OIDC provider that the role trusts:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
//
// The token's times are held against real time, as signatures are.
func (s tokens) AssumeRoleWithWebIdentity(ctx context.Context, in *stsapi.AssumeRoleWithWebIdentityRequest) (*stsapi.AssumeRoleWithWebIdentityResponse, error) {
	a, err := s.assumption(ctx, in.RoleArn)
	if err != nil {
		return nil, err
	}
	token, err := jwt.Parse(in.WebIdentityToken)
	if err != nil {
		return nil, stsapi.InvalidIdentityTokenException("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	provider, err := s.issuerOf(ctx, a.Home, token)
	if err != nil {
		return nil, err
	}
	if err := s.checkToken(ctx, provider, token); err != nil {
		return nil, err
	}
	n := s.newSession(a.Home, 0)
	n.Provider = a.Home.arn(aProvider, "/", provider.Name)
	n.claim(&token.Claims)
	who := &policy.Principal{Type: policy.WebIdentity, Federated: n.Provider}
	keys := tokenKeys(ctx, n, provider, in.RoleSessionName, &token.Claims)
	if err := a.permitOutsider("sts:AssumeRoleWithWebIdentity", n, who, keys); err != nil {
		return nil, err
	}
	credentials, size, err := s.start(ctx, a, n, terms{in.RoleSessionName, in.DurationSeconds, in.Policy, in.PolicyArns})
	if err != nil {
		return nil, err
	}
	return &stsapi.AssumeRoleWithWebIdentityResponse{
		Credentials: credentials, AssumedRoleUser: &stsapi.AssumedRoleUser{AssumedRoleId: n.ID, Arn: n.ARN},
		SubjectFromWebIdentityToken: &token.Claims.Subject, Provider: &token.Claims.Issuer, Audience: new(audienceOf(provider, &token.Claims)),
		PackedPolicySize: size, SourceIdentity: orNil(n.SourceIdentity),
	}, nil
}

// issuerOf returns the OIDC provider of the role's account that issued the
// token.
func (s *state) issuerOf(ctx context.Context, h home, token *jwt.Token) (provider *entity, err error) {
	name := strings.TrimSuffix(strings.TrimPrefix(token.Claims.Issuer, "https://"), "/")
	err = s.view(ctx, func(tx storage.Tx) error {
		provider, err = ref{h, aProvider, name}.lookup(tx)
		return err
	})
	if err == nil && provider == nil {
		err = stsapi.InvalidIdentityTokenException("No OpenIDConnect provider found in your account for %s", token.Claims.Issuer)
	}
	return provider, err
}

// checkToken checks signature, times and audience of a token.
func (s *state) checkToken(ctx context.Context, provider *entity, token *jwt.Token) error {
	err := s.providers.verify(ctx, provider, token)
	switch {
	case errors.Is(err, errProvider), errors.Is(err, jwt.ErrNoKey):
		return stsapi.InvalidIdentityTokenException("Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	case err != nil:
		return stsapi.InvalidIdentityTokenException("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	c, now := &token.Claims, s.realClock.Now()
	expires := time.Unix(int64(c.Expires), 0)
	switch {
	case !now.Before(expires):
		return stsapi.ExpiredTokenException("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), c.Expires)
	case c.NotBefore != 0 && now.Add(auth.MaxSkew).Before(time.Unix(int64(c.NotBefore), 0)):
		return stsapi.InvalidIdentityTokenException("The ID Token is not valid yet.")
	case c.Subject == "":
		return stsapi.InvalidIdentityTokenException("Missing a required claim: sub")
	case audienceOf(provider, c) == "":
		return stsapi.InvalidIdentityTokenException("Incorrect token audience")
	}
	return nil
}

// audienceOf is the audience of a token that the provider is registered with:
// azp goes before aud. "" if it has none such.
func audienceOf(provider *entity, c *jwt.Claims) string {
	audiences := []string(c.Audience)
	if c.Party != "" {
		audiences = []string{c.Party}
	}
	for _, a := range audiences {
		if slices.Contains(provider.Clients, a) {
			return a
		}
	}
	return ""
}

// claim takes the session tags and the source identity out of the token:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
func (n *session) claim(c *jwt.Claims) {
	n.SourceIdentity, n.Transitive = c.SourceIdentity, c.Tags.Transitive
	for key, values := range c.Tags.Principal {
		if n.Tags == nil {
			n.Tags = map[string]string{}
		}
		if len(values) > 0 {
			n.Tags[key] = values[0]
		}
	}
}

// permitOutsider asks the trust policy for each action that the request needs.
// Whoever an identity provider vouches for has no policies of its own.
func (a *assumption) permitOutsider(action string, n *session, who *policy.Principal, keys auth.Keys) error {
	actions := []string{action}
	if len(n.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if n.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	for _, action := range actions {
		if a.role == nil || !allows(a.trust, &policy.Request{Action: action, Principal: who, Context: keys}) {
			return notAuthorized(action)
		}
	}
	return nil
}

func allows(p *policy.Policy, q *policy.Request) bool {
	result := p.Evaluate(q)
	return !result.Denied && result.Allowed != policy.NoMatch
}

// tokenKeys are the condition keys of a token, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func tokenKeys(ctx context.Context, n *session, provider *entity, name string, c *jwt.Claims) auth.Keys {
	keys := outsiderKeys(ctx, n, name)
	prefix := strings.ToLower(provider.Name) + ":"
	keys[prefix+"aud"], keys[prefix+"sub"] = []string{audienceOf(provider, c)}, []string{c.Subject}
	if len(c.Methods) > 0 {
		keys[prefix+"amr"] = c.Methods
	}
	return keys
}

// outsiderKeys are the condition keys of a session for whoever an identity
// provider vouches for.
func outsiderKeys(ctx context.Context, n *session, name string) auth.Keys {
	keys := auth.RequestTags(n.Tags)
	keys["sts:rolesessionname"], keys["aws:federatedprovider"] = []string{name}, []string{n.Provider}
	if len(n.Transitive) > 0 {
		keys["sts:transitivetagkeys"] = n.Transitive
	}
	if n.SourceIdentity != "" {
		keys["sts:sourceidentity"] = []string{n.SourceIdentity}
	}
	if ip := api.CallerOf(ctx).SourceIP; ip != "" {
		keys["aws:sourceip"] = []string{ip}
	}
	return keys
}
