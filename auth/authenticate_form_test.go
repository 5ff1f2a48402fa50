package auth

import (
	"net/http/httptest"
	"testing"

	"sealstack/api"
	"sealstack/auth/sigv2"
	"sealstack/auth/sigv4"
)

const formPolicy = "eyJleHBpcmF0aW9uIjogIjIwMjYtMDUtMDRUMTM6MDA6MDBaIn0="

// form returns the fields of a form signed with the user's key.
func form(policy string) map[string]string {
	scope := sigv4.ScopeAt(noon, "eu-west-1", "s3")
	key := sigv4.DeriveKey(secret, scope)
	return map[string]string{
		"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": userKey + "/" + scope.String(),
		"x-amz-date": noon.Format(sigv4.TimeFormat), "x-amz-signature": key.Sign([]byte(policy)),
	}
}

func (a *Authenticator) form(fields map[string]string) (*api.Caller, error) {
	return a.AuthenticateForm(httptest.NewRequest("POST", "/bucket", nil), s3Service, formPolicy, func(name string) string { return fields[name] })
}

func TestAFormIsItsSigners(t *testing.T) {
	old := map[string]string{"awsaccesskeyid": userKey, "signature": sigv2.Sign(secret, formPolicy)}
	for version, fields := range map[string]map[string]string{"AWS4-HMAC-SHA256": form(formPolicy), "AWS": old} {
		for _, a := range []*Authenticator{authenticator(), authenticator(strict)} {
			c, err := a.form(fields)
			if err != nil {
				t.Fatal(err)
			}
			if c.Principal != alice("aws") || c.SignatureVersion != version || c.AuthType != "POST" {
				t.Errorf("got %+v", c)
			}
			if want := map[string]string{"AWS": "us-east-1"}[version]; want != "" && c.Region != want || want == "" && c.Region != "eu-west-1" {
				t.Errorf("got Region %s", c.Region)
			}
		}
	}
}

// The example of the S3 API Reference, "Example: Browser-Based Upload using
// HTTP POST (Using AWS Signature Version 4)".
func TestTheExampleOfASignedFormHasItsDocumentedSignature(t *testing.T) {
	const policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9"
	key := sigv4.DeriveKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", sigv4.Scope{Date: "20151229", Region: "us-east-1", Service: "s3", Terminator: "aws4_request"})
	if !key.Verify([]byte(policy), "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e") {
		t.Errorf("got %s", key.Sign([]byte(policy)))
	}
}

func TestAFormNotSignedAsItShouldBeIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change map[string]string
		kind   FailureKind
	}{
		"another signature":   {map[string]string{"x-amz-signature": "00"}, SignatureMismatch},
		"another algorithm":   {map[string]string{"x-amz-algorithm": "AWS4-X"}, PresignInvalid},
		"no date":             {map[string]string{"x-amz-date": ""}, PresignIncomplete},
		"date in words":       {map[string]string{"x-amz-date": "today"}, PresignInvalid},
		"another day":         {map[string]string{"x-amz-date": "20260505T120000Z"}, WrongDate},
		"four parts":          {map[string]string{"x-amz-credential": "a/b/c/d"}, PresignInvalid},
		"another service":     {map[string]string{"x-amz-credential": userKey + "/20260504/eu-west-1/kms/aws4_request"}, WrongService},
		"no such Region":      {map[string]string{"x-amz-credential": userKey + "/20260504/nowhere/s3/aws4_request"}, WrongRegion},
		"unknown key":         {map[string]string{"x-amz-credential": "AKIANOBODY/20260504/eu-west-1/s3/aws4_request"}, UnknownKey},
		"token of nobody":     {map[string]string{"x-amz-security-token": "x"}, InvalidToken},
		"version 2, unsigned": {map[string]string{"x-amz-algorithm": "", "awsaccesskeyid": userKey}, SignatureMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			fields := form(formPolicy)
			for field, value := range tt.change {
				fields[field] = value
			}
			_, err := authenticator(strict).form(fields)
			mustFail(t, err, tt.kind)
		})
	}
	_, err := authenticator().form(form("another policy"))
	if f := mustFail(t, err, SignatureMismatch); f.StringToSign != formPolicy || f.AccessKeyID != userKey {
		t.Errorf("got %+v", f)
	}
}
