package iam

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// GetCallerIdentity tells who calls. No permission is needed, and no policy
// can forbid it:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (s tokens) GetCallerIdentity(ctx context.Context, _ *stsapi.GetCallerIdentityRequest) (*stsapi.GetCallerIdentityResponse, error) {
	c := api.CallerOf(ctx)
	return &stsapi.GetCallerIdentityResponse{UserId: &c.ID, Account: &c.Account, Arn: &c.ARN}, nil
}

// permitSTS asks whether the caller may do an action of STS on something of
// its own account.
func (s *state) permitSTS(ctx context.Context, action, resource string, keys auth.Keys) error {
	return s.authorizer.Authorize(ctx, &auth.Request{
		Service: stsapi.Service, Action: action, Resource: resource, Keys: keys,
	})
}

// Lengths of sessions, see the DurationSeconds of GetSessionToken and
// GetFederationToken.
const (
	userSession = 12 * time.Hour // unless it says otherwise
	rootSession = time.Hour      // at most, for the root user
)

// longTerm refuses callers with temporary credentials, who may not ask for
// more of them, and whoever is neither a user nor the root user.
func longTerm(ctx context.Context, operation string) error {
	c := api.CallerOf(ctx)
	if c.Session != nil || c.Type != api.User && c.Type != api.Root {
		return stsapi.Service.AccessDenied("Cannot call " + operation + " with session credentials")
	}
	return nil
}

// userDuration is how long a session lasts that a user or root user asks for.
func userDuration(ctx context.Context, seconds *int32) time.Duration {
	d := userSession
	if seconds != nil {
		d = time.Duration(*seconds) * time.Second
	}
	if api.CallerOf(ctx).Type == api.Root {
		d = min(d, rootSession)
	}
	return d
}

// newSession starts a session of d from now.
func (s *state) newSession(h home, d time.Duration) *session {
	now := s.now()
	return &session{Home: h, Issued: now, Expires: now.Add(d)}
}

// noDevice answers callers who bring a code of a multi-factor device: nobody
// has one here.
func noDevice(serial, code *string) error {
	if serial == nil && code == nil {
		return nil
	}
	return stsapi.Service.AccessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
}

// GetSessionToken makes temporary credentials of the calling user. No
// permission is needed:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
func (s tokens) GetSessionToken(ctx context.Context, in *stsapi.GetSessionTokenRequest) (*stsapi.GetSessionTokenResponse, error) {
	if err := longTerm(ctx, "GetSessionToken"); err != nil {
		return nil, err
	}
	if err := noDevice(in.SerialNumber, in.TokenCode); err != nil {
		return nil, err
	}
	n := s.newSession(homeOf(ctx), userDuration(ctx, in.DurationSeconds))
	n.Type, n.ID = api.User, api.CallerOf(ctx).ID
	credentials, err := s.issue(ctx, n)
	if err != nil {
		return nil, err
	}
	return &stsapi.GetSessionTokenResponse{Credentials: credentials}, nil
}

// GetFederationToken makes temporary credentials for somebody whom the calling
// user vouches for. They allow what both the user's policies and the session
// policies allow:
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
func (s tokens) GetFederationToken(ctx context.Context, in *stsapi.GetFederationTokenRequest) (*stsapi.GetFederationTokenResponse, error) {
	if err := longTerm(ctx, "GetFederationToken"); err != nil {
		return nil, err
	}
	h, c := homeOf(ctx), api.CallerOf(ctx)
	n := s.newSession(h, userDuration(ctx, in.DurationSeconds))
	n.Type, n.Name, n.ID = api.FederatedUser, in.Name, h.Account+":"+in.Name
	n.ARN = "arn:" + h.Partition + ":sts::" + h.Account + ":federated-user/" + in.Name
	n.Issuer, n.IssuerID = c.ARN, c.ID
	var err error
	if n.Tags, err = sessionTags(in.Tags); err != nil {
		return nil, err
	}
	if err := s.permitFederation(ctx, n.ARN, in.Tags); err != nil {
		return nil, err
	}
	size, err := s.limit(ctx, n, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	credentials, err := s.issue(ctx, n)
	if err != nil {
		return nil, err
	}
	return &stsapi.GetFederationTokenResponse{
		Credentials: credentials, PackedPolicySize: size,
		FederatedUser: &stsapi.FederatedUser{FederatedUserId: n.ID, Arn: n.ARN},
	}, nil
}

func (s *state) permitFederation(ctx context.Context, resource string, tags []stsapi.Tag) error {
	keys := sessionTagKeys(tags)
	if err := s.permitSTS(ctx, "sts:GetFederationToken", resource, keys); err != nil || len(tags) == 0 {
		return err
	}
	return s.permitSTS(ctx, "sts:TagSession", resource, keys)
}

// GetAccessKeyInfo returns the account of an access key, which the key's id
// tells.
//
// Unverified: the answer to an id that tells no account.
func (s tokens) GetAccessKeyInfo(ctx context.Context, in *stsapi.GetAccessKeyInfoRequest) (*stsapi.GetAccessKeyInfoResponse, error) {
	if err := s.permitSTS(ctx, "sts:GetAccessKeyInfo", "*", nil); err != nil {
		return nil, err
	}
	account := accountOfKey(in.AccessKeyId)
	if account == "" {
		return nil, invalid("Provided accessKeyID is not valid")
	}
	return &stsapi.GetAccessKeyInfoResponse{Account: &account}, nil
}

const messageLabel = "sts authorization message"

// EncodeAuthorizationMessage returns what DecodeAuthorizationMessage decodes:
// for services that tell the details of a denial in encoded form.
func (s *Service) EncodeAuthorizationMessage(message string) string {
	return encodeBase64(s.root.Seal(messageLabel, []byte(message)))
}

// DecodeAuthorizationMessage tells the details of a denial.
func (s tokens) DecodeAuthorizationMessage(ctx context.Context, in *stsapi.DecodeAuthorizationMessageRequest) (*stsapi.DecodeAuthorizationMessageResponse, error) {
	if err := s.permitSTS(ctx, "sts:DecodeAuthorizationMessage", "*", nil); err != nil {
		return nil, err
	}
	sealed, err := decodeBase64(in.EncodedMessage)
	if err == nil {
		sealed, err = s.root.Open(messageLabel, sealed)
	}
	if err != nil {
		return nil, stsapi.InvalidAuthorizationMessageException("The specified message is invalid.")
	}
	return &stsapi.DecodeAuthorizationMessageResponse{DecodedMessage: new(string(sealed))}, nil
}

// sessionTags reads the tags of a request. Keys are unique whatever their case.
func sessionTags(tags []stsapi.Tag) (map[string]string, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	out := make(map[string]string, len(tags))
	for _, t := range tags {
		if hasFolded(out, t.Key) {
			return nil, badParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		out[t.Key] = t.Value
	}
	return out, nil
}

// sessionTagKeys are aws:RequestTag/KEY and aws:TagKeys.
func sessionTagKeys(tags []stsapi.Tag) auth.Keys {
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return auth.RequestTags(m)
}

// badParameter is the error of STS for tags that cannot be.
func badParameter(sentence string) *api.Error {
	return api.NewError("InvalidParameterValue", "InvalidParameterValue", 400, "%s", sentence)
}

// limit adds the session policies to a session and returns PackedPolicySize:
// nil where there is nothing to pack.
//
// Unverified: how AWS packs is its secret. Here the size is what policy, ARNs
// and tags have in characters, in percent of 2048; the sentence for a policy
// that does not exist.
func (s *state) limit(ctx context.Context, n *session, document *string, arns []stsapi.PolicyDescriptorType) (*int32, error) {
	size := 0
	if document != nil {
		if err := checkSessionPolicy(*document); err != nil {
			return nil, err
		}
		n.Policies = []string{*document}
		size += len(*document)
	}
	for _, a := range arns {
		n.PolicyARNs = append(n.PolicyARNs, deref(a.Arn))
		size += len(deref(a.Arn))
	}
	for key, value := range n.Tags {
		size += len(key) + len(value)
	}
	if size == 0 {
		return nil, nil
	}
	percent := int32((size*100 + maxPacked - 1) / maxPacked)
	if size > maxPacked {
		return nil, stsapi.PackedPolicyTooLargeException("Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
	}
	return &percent, s.checkSessionPolicies(ctx, n)
}

// maxPacked is how much session policies and tags may have together.
const maxPacked = 2048

func (s *state) checkSessionPolicies(ctx context.Context, n *session) error {
	return s.view(ctx, func(tx storage.Tx) error {
		for _, text := range n.PolicyARNs {
			m, err := findPolicy(tx, n.Home, text)
			if err != nil {
				return err
			}
			if m == nil {
				return invalid("Policy %s does not exist or is not attachable.", text)
			}
		}
		return nil
	})
}

// checkSession refuses the calls of IAM and STS that sessions of users may not
// make without a second factor:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html
func checkSession(c *api.Caller) error {
	if c.Session == nil || c.Session.MFA || c.Type == api.AssumedRole {
		return nil
	}
	return api.NewError("InvalidClientTokenId", "InvalidClientTokenId", 403, "The security token included in the request is invalid")
}

// sentenceOf is AWS's sentence for an action of STS that a role's trust policy
// or the caller's own policies don't allow: with the reason where the latter
// lack it for a role of the same account.
//
// Unverified: which reasons AWS names.
func sentenceOf(err error, c *api.Caller, action string, a *assumption) error {
	denied, ok := err.(*api.Error)
	own := a.Home.Account == c.Account
	if !ok || denied.Code != "AccessDenied" || own && strings.Contains(denied.Message, "identity-based policy") {
		return err
	}
	who := c.ARN
	if who == "" {
		who = "anonymous"
	}
	return stsapi.Service.AccessDenied(fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", who, action, a.resource))
}
