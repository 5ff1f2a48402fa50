package emulator_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"sealstack/emulator/emulatortest"
)

// scene is a key, and a user who may only describe it.
type scene struct {
	*testing.T
	server *emulatortest.Server
	keyARN string
	reader *kms.Client // the user's
}

const readerARN = "arn:aws:iam::000000000000:user/reader"

func newScene(t *testing.T) *scene {
	s := &scene{T: t, server: emulatortest.Start(t)}
	key, err := kmsOf(s.server, root).CreateKey(t.Context(), &kms.CreateKeyInput{})
	s.ok(err)
	s.keyARN = *key.KeyMetadata.Arn
	users := iamOf(s.server)
	_, err = users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("reader")})
	s.ok(err)
	_, err = users.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("reader"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Sid":"look","Effect":"Allow","Action":"kms:DescribeKey","Resource":"*"}]}`),
	})
	s.ok(err)
	pair, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: aws.String("reader")})
	s.ok(err)
	s.reader = kmsOf(s.server, credentials{*pair.AccessKey.AccessKeyId, *pair.AccessKey.SecretAccessKey}.provider())
	return s
}

func (s *scene) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// explanation is what the tests look at in an explained decision.
type explanation struct {
	Allowed   bool
	Sentence  string
	Principal struct{ ARN string }
	Policies  []struct {
		Kind       string
		Statements []struct{ Sid string }
	}
	Remedy json.RawMessage
}

func (s *scene) get(method, path, body string, want int) (e explanation) {
	s.Helper()
	status, answer := control(s.T, s.server, method, path, body)
	if status != want {
		s.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
	}
	s.ok(json.Unmarshal([]byte(answer), &e))
	return e
}

func TestADenialNamesItsDecisionWhichCanBeAskedFor(t *testing.T) {
	s := newScene(t)
	_, err := s.reader.Encrypt(t.Context(), &kms.EncryptInput{KeyId: &s.keyARN, Plaintext: []byte("x")})
	failed, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok {
		t.Fatalf("Encrypt = %v", err)
	}
	id := failed.Response.Header.Get("x-sealstack-decision-id")
	e := s.get("GET", "decisions/"+id, "", 200)
	if e.Allowed || e.Principal.ARN != readerARN || !strings.Contains(err.Error(), e.Sentence) || len(e.Policies) != 2 || len(e.Remedy) == 0 {
		t.Errorf("decision %s: %+v", id, e)
	}
}

func TestAnAllowedCallHasNoDecisionHeaderButIsOnRecord(t *testing.T) {
	s := newScene(t)
	_, err := s.reader.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &s.keyARN})
	s.ok(err)
	_, answer := control(t, s.server, "GET", "decisions?principal=user/reader&action=kms:DescribeKey&resource="+s.keyARN, "")
	var list struct {
		Decisions []struct {
			ID      string
			Allowed bool
		}
	}
	s.ok(json.Unmarshal([]byte(answer), &list))
	if len(list.Decisions) != 1 || !list.Decisions[0].Allowed {
		t.Fatalf("decisions: %s", answer)
	}
	if e := s.get("GET", "decisions/"+list.Decisions[0].ID, "", 200); !e.Allowed {
		t.Errorf("explained: %+v", e)
	}
}

func TestDecisionsThatCanNotBeFound(t *testing.T) {
	s := newScene(t)
	s.get("GET", "decisions/999999", "", 404)
	s.get("GET", "decisions/x", "", 404)
	s.get("GET", "decisions?limit=0", "", 400)
	s.get("POST", "reset", "", 200)
	if _, answer := control(t, s.server, "GET", "decisions", ""); answer != `{"decisions":[]}` {
		t.Errorf("after a reset: %s", answer)
	}
}

func TestAPreviewTellsWhatACallWouldMeet(t *testing.T) {
	s := newScene(t)
	for _, c := range []struct {
		name, principal, action, resource, more string
		allowed                                 bool
	}{
		{"a user, allowed", readerARN, "kms:DescribeKey", s.keyARN, "", true},
		{"a user, denied", readerARN, "kms:Decrypt", s.keyARN, "", false},
		{"root", "arn:aws:iam::000000000000:root", "kms:Decrypt", s.keyARN, "", true},
		{"another account's root", "arn:aws:iam::111122223333:root", "kms:Decrypt", s.keyARN, "", false},
		{"a service", "logs.eu-central-1.amazonaws.com", "kms:Decrypt", s.keyARN, `,"encryptionContext":{"aws:logs:arn":"x"}`, false},
		{"an action on no resource", readerARN, "kms:ListKeys", "*", "", false},
		{"another service", readerARN, "logs:GetLogEvents", "arn:aws:logs:eu-central-1:000000000000:log-group:g:log-stream:s", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.T = t
			e := s.get("POST", "decisions/preview", `{"principal":"`+c.principal+`","action":"`+c.action+`","resource":"`+c.resource+`"`+c.more+`}`, 200)
			if e.Allowed != c.allowed || e.Allowed == (e.Sentence != "") {
				t.Errorf("preview: %+v", e)
			}
		})
	}
}

func TestAPreviewOfWhatIsNotThereIsABadRequest(t *testing.T) {
	s := newScene(t)
	for body, want := range map[string]int{
		`{`:  400,
		`{}`: 400,
		`{"principal":"arn:aws:iam::000000000000:user/none","action":"kms:Decrypt","resource":"*"}`:                                                            400,
		`{"principal":"` + readerARN + `","action":"ec2:Run","resource":"*"}`:                                                                                  400,
		`{"principal":"` + readerARN + `","action":"kms:Decrypt","resource":"x"}`:                                                                              400,
		`{"principal":"` + readerARN + `","action":"kms:Decrypt","resource":"*","colour":"red"}`:                                                               400,
		`{"principal":"` + readerARN + `","action":"kms:Decrypt","resource":"arn:aws:kms:eu-central-1:000000000000:key/00000000-0000-4000-8000-000000000000"}`: 400,
	} {
		s.get("POST", "decisions/preview", body, want)
	}
}
