package auth

import (
	"net/http"

	"sealstack/api"
	"sealstack/auth/sigv2"
	"sealstack/auth/sigv4"
)

// AuthenticateForm returns who signed the policy of a form that a browser
// posts to S3. policy is the field as it was sent, in base64: that text is what
// is signed. field returns another field by its name in lower case, "" if there
// is none. The policy says how long the form lives; the time of signing is not
// compared with anything. The error is a [*Failure], but where [Credentials]
// fails.
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
func (a *Authenticator) AuthenticateForm(r *http.Request, svc *api.Service, policy string, field func(name string) string) (*api.Caller, error) {
	t := &attempt{Authenticator: a, r: r, svc: svc}
	old := field("x-amz-algorithm") == "" && field("awsaccesskeyid") != ""
	if f := t.parseForm(field, old); f != nil {
		return nil, f
	}
	principal, err := t.identify(r.Context())
	if err != nil {
		return nil, err
	}
	if !t.signedPolicy(policy, old) {
		f := t.failure(SignatureMismatch)
		f.StringToSign, f.SignatureProvided, f.Version2 = policy, t.auth.Signature, old
		return nil, f
	}
	c := t.caller(principal)
	c.AuthType = "POST"
	if old {
		c.SignatureVersion = sigv2.Scheme
	}
	return c, nil
}

// parseForm reads the fields of the signature.
func (t *attempt) parseForm(field func(string) string, old bool) *Failure {
	if old {
		t.takeOver(&sigv2.Authorization{AccessKeyID: field("awsaccesskeyid"), Signature: field("signature"), Token: field("x-amz-security-token")})
		return nil
	}
	var err error
	if t.auth, err = sigv4.ParseForm(field); err != nil {
		return t.malformedForS3(err.(*sigv4.Error))
	}
	return t.checkScope()
}

// signedPolicy reports whether the signature is that of the policy, or of a
// key whose secret is not known.
func (t *attempt) signedPolicy(policy string, old bool) bool {
	switch {
	case t.credential == nil:
		return true
	case old:
		return sigv2.Verify(t.credential.Secret, policy, t.auth.Signature)
	}
	return t.key().Verify([]byte(policy), t.auth.Signature)
}
