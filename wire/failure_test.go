package wire

import (
	"strings"
	"testing"

	"sealstack/api/kmsapi"
	"sealstack/api/stsapi"
	"sealstack/auth"
)

func TestEveryKindOfFailureHasAnAnswer(t *testing.T) {
	for kind := auth.MissingToken; !strings.HasPrefix(kind.String(), "FailureKind("); kind++ {
		for _, detail := range []string{"", "detail"} {
			f := &auth.Failure{Kind: kind, Detail: detail}
			js := jsonProtocol{}.failure(f, kmsapi.Service)
			if js.Status != 400 || !strings.HasSuffix(js.Code, "Exception") || js.Message == "" {
				t.Errorf("%v over JSON: %+v", kind, js)
			}
			q := queryProtocol{}.failure(f, stsapi.Service)
			if q.Status != 400 && q.Status != 403 || q.Code == "" || strings.HasSuffix(q.Code, "Exception") || q.Message == "" {
				t.Errorf("%v over query: %+v", kind, q)
			}
		}
	}
}

func TestFailuresTellNothingOfTheSignature(t *testing.T) {
	f := &auth.Failure{Kind: auth.SignatureMismatch, StringToSign: "AWS4-HMAC-SHA256\n...", CanonicalRequest: "POST\n/", SignatureProvided: "abc"}
	if message := (jsonProtocol{}).failure(f, kmsapi.Service).Message; strings.Contains(message, "POST") || strings.Contains(message, "abc") {
		t.Error(message)
	}
}

func TestTheWrongServiceIsToldTheRightOne(t *testing.T) {
	f := &auth.Failure{Kind: auth.WrongService, Service: "s3", Expected: "kms"}
	if got := (jsonProtocol{}).failure(f, kmsapi.Service).Message; got != "Credential should be scoped to correct service: 'kms'." {
		t.Error(got)
	}
	if got := (queryProtocol{}).failure(f, stsapi.Service).Message; got != "Credential should be scoped to correct service: 'sts'." {
		t.Error(got)
	}
}

func TestAMissingSignatureReadsDifferentlyInEachProtocol(t *testing.T) {
	f := &auth.Failure{Kind: auth.MissingToken}
	if got := (jsonProtocol{}).failure(f, kmsapi.Service).Message; got != "Missing Authentication Token" {
		t.Error(got)
	}
	if got := (queryProtocol{}).failure(f, stsapi.Service).Message; got != "Request is missing Authentication Token" {
		t.Error(got)
	}
}
