package iam

import (
	"context"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
)

const invalidToken = "InvalidClientTokenId: The security token included in the request is invalid"

func TestASessionOfAUserIsTheUser(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("*", "*"))
	out := must(w.sts.GetSessionToken(ada, &stsapi.GetSessionTokenRequest{}))(t)
	if want := noon.Truncate(time.Second).Add(12 * time.Hour); !out.Credentials.Expiration.Equal(want) {
		t.Errorf("expires %v, want %v", out.Credentials.Expiration, want)
	}
	session := w.holder(t, out.Credentials.AccessKeyId)
	who := must(w.sts.GetCallerIdentity(session, &stsapi.GetCallerIdentityRequest{}))(t)
	if *who.Arn != "arn:aws:iam::111122223333:user/Ada" {
		t.Errorf("the session is %s", *who.Arn)
	}
	run(t, []step{
		{"more of it", func() error { return errorOf(w.sts.GetSessionToken(session, &stsapi.GetSessionTokenRequest{})) },
			"AccessDenied: Cannot call GetSessionToken with session credentials"},
		{"a federated one", func() error {
			return errorOf(w.sts.GetFederationToken(session, &stsapi.GetFederationTokenRequest{Name: "x"}))
		}, "AccessDenied: Cannot call GetFederationToken with session credentials"},
		{"IAM", func() error { return errorOf(w.iam.ListUsers(session, &iamapi.ListUsersRequest{})) }, invalidToken},
		{"a device", func() error {
			return errorOf(w.sts.GetSessionToken(ada, &stsapi.GetSessionTokenRequest{SerialNumber: new("GAHT12345678"), TokenCode: new("123456")}))
		}, "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code."},
	})
	must(w.iam.UpdateUser(w.root, &iamapi.UpdateUserRequest{UserName: "Ada", NewUserName: new("Lovelace")}))(t)
	if c := must(w.Lookup(context.Background(), out.Credentials.AccessKeyId))(t); c.Principal.Name != "Lovelace" {
		t.Errorf("after a change of name the session is %s", c.Principal.ARN)
	}
	must(w.iam.DeleteAccessKey(w.root, &iamapi.DeleteAccessKeyRequest{UserName: new("Lovelace"), AccessKeyId: api.CallerOf(ada).AccessKeyID}))(t)
	must(w.iam.DeleteUserPolicy(w.root, &iamapi.DeleteUserPolicyRequest{UserName: "Lovelace", PolicyName: "p"}))(t)
	must(w.iam.DeleteUser(w.root, &iamapi.DeleteUserRequest{UserName: "Lovelace"}))(t)
	if c, err := w.Lookup(context.Background(), out.Credentials.AccessKeyId); err != nil || c.Active {
		t.Errorf("a session of nobody: %+v, %v", c, err)
	}
}

func TestASessionOfTheRootUserLastsAnHour(t *testing.T) {
	w := newWorld(t)
	out := must(w.sts.GetSessionToken(w.root, &stsapi.GetSessionTokenRequest{DurationSeconds: new(int32(7200))}))(t)
	c := must(w.Lookup(context.Background(), out.Credentials.AccessKeyId))(t)
	if c.Principal.Type != api.Root || c.Session.Expires.Sub(c.Session.Issued) != time.Hour {
		t.Errorf("%+v until %v", c.Principal, c.Session.Expires)
	}
}

func TestAFederatedSessionHasTheUsersRightsWithinItsPolicies(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("sts:*", "*"), allow("sts:GetFederationToken", "*"), allow("kms:*", "*"))
	bob := w.user(t, "Bob")
	must(w.iam.TagUser(w.root, &iamapi.TagUserRequest{UserName: "Ada", Tags: []iamapi.Tag{{Key: "Dept", Value: "a"}, {Key: "Floor", Value: "1"}}}))(t)
	get := func(ctx context.Context, in stsapi.GetFederationTokenRequest) (context.Context, *stsapi.GetFederationTokenResponse) {
		in.Name = "guest"
		out := must(w.sts.GetFederationToken(ctx, &in))(t)
		return w.holder(t, out.Credentials.AccessKeyId), out
	}
	limited, out := get(ada, stsapi.GetFederationTokenRequest{
		Policy: new(document(allow("kms:Decrypt", "*"), allow("s3:*", "*"))), Tags: []stsapi.Tag{{Key: "dept", Value: "b"}},
	})
	bare, _ := get(ada, stsapi.GetFederationTokenRequest{})
	byRoot, _ := get(w.root, stsapi.GetFederationTokenRequest{Policy: new(document(allow("s3:*", "*")))})
	if out.FederatedUser.Arn != "arn:aws:sts::111122223333:federated-user/guest" || out.FederatedUser.FederatedUserId != "111122223333:guest" {
		t.Errorf("federated user %+v", out.FederatedUser)
	}
	for name, c := range map[string]struct {
		ctx                   context.Context
		decrypt, encrypt, put bool
	}{"limited": {limited, true, false, false}, "bare": {bare, false, false, false}, "by root": {byRoot, false, false, true}} {
		for action, want := range map[string]bool{"kms:Decrypt": c.decrypt, "kms:Encrypt": c.encrypt, "s3:PutObject": c.put} {
			if got := w.allowed(c.ctx, action); got != want {
				t.Errorf("%s: %s allowed is %v", name, action, got)
			}
		}
	}
	a := must(w.Attached(context.Background(), api.CallerOf(limited)))(t)
	if len(a.Tags) != 2 || a.Tags["dept"] != "b" || a.Tags["Floor"] != "1" {
		t.Errorf("tags %v", a.Tags)
	}
	run(t, []step{
		{"without the right", func() error {
			return errorOf(w.sts.GetFederationToken(bob, &stsapi.GetFederationTokenRequest{Name: "guest"}))
		}, "AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::111122223333:federated-user/guest because no identity-based policy allows the sts:GetFederationToken action"},
		{"a key twice", func() error {
			return errorOf(w.sts.GetFederationToken(ada, &stsapi.GetFederationTokenRequest{Name: "guest", Tags: []stsapi.Tag{{Key: "a"}, {Key: "A"}}}))
		}, "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"IAM", func() error { return errorOf(w.iam.ListUsers(limited, &iamapi.ListUsersRequest{})) }, invalidToken},
		{"a role", func() error {
			return errorOf(w.sts.AssumeRole(limited, &stsapi.AssumeRoleRequest{RoleArn: "arn:aws:iam::111122223333:role/r", RoleSessionName: "s"}))
		}, "AccessDenied: Cannot call AssumeRole with federated user credentials"},
	})
}

// allowed asks the authorizer about a resource without a policy.
func (w *world) allowed(ctx context.Context, action string) bool {
	return w.authorizer.Authorize(ctx, &auth.Request{Service: stsapi.Service, Action: action, Resource: "*"}) == nil
}

func TestGetAccessKeyInfoReadsTheKey(t *testing.T) {
	w := newWorld(t)
	key := api.CallerOf(w.user(t, "Ada")).AccessKeyID
	if got := must(w.sts.GetAccessKeyInfo(w.root, &stsapi.GetAccessKeyInfoRequest{AccessKeyId: key}))(t); *got.Account != account {
		t.Errorf("account %s", *got.Account)
	}
	wantError(t, "an old key", errorOf(w.sts.GetAccessKeyInfo(w.root, &stsapi.GetAccessKeyInfoRequest{AccessKeyId: "AKIAIOSFODNN7EXAMPLE"})),
		"ValidationError: Provided accessKeyID is not valid")
}

func TestAuthorizationMessagesAreDecoded(t *testing.T) {
	w := newWorld(t)
	bob := w.user(t, "Bob")
	message := w.EncodeAuthorizationMessage(`{"allowed":false}`)
	if got := must(w.sts.DecodeAuthorizationMessage(w.root, &stsapi.DecodeAuthorizationMessageRequest{EncodedMessage: message}))(t); *got.DecodedMessage != `{"allowed":false}` {
		t.Errorf("decoded %s", *got.DecodedMessage)
	}
	for _, bad := range []string{"!", "aGVsbG8=", message[4:]} {
		wantError(t, bad, errorOf(w.sts.DecodeAuthorizationMessage(w.root, &stsapi.DecodeAuthorizationMessageRequest{EncodedMessage: bad})),
			"InvalidAuthorizationMessageException: The specified message is invalid.")
	}
	wantError(t, "without the right", errorOf(w.sts.DecodeAuthorizationMessage(bob, &stsapi.DecodeAuthorizationMessageRequest{EncodedMessage: message})),
		"AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: sts:DecodeAuthorizationMessage on resource: * because no identity-based policy allows the sts:DecodeAuthorizationMessage action")
}

func TestWhatIsNotCarriedSaysSo(t *testing.T) {
	w := newWorld(t)
	wantError(t, "AssumeRoot", errorOf(w.sts.AssumeRoot(w.root, &stsapi.AssumeRootRequest{})), "NotImplemented: sts:AssumeRoot is not implemented by Sealstack.")
}
