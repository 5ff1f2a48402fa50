package wire

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/cloudtraildataapi"
	"sealstack/auth"
)

// fakeAudit answers what it was sent.
type fakeAudit struct {
	last *cloudtraildataapi.PutAuditEventsRequest
}

func (f *fakeAudit) PutAuditEvents(_ context.Context, in *cloudtraildataapi.PutAuditEventsRequest) (*cloudtraildataapi.PutAuditEventsResponse, error) {
	switch f.last = in; in.ChannelArn {
	case "arn:none":
		return nil, cloudtraildataapi.ChannelNotFound("The channel %q could not be found.", "none")
	case "arn:denied":
		return nil, cloudtraildataapi.Service.AccessDenied("no")
	case "arn:panic":
		panic("oops: secret")
	}
	out := &cloudtraildataapi.PutAuditEventsResponse{Failed: []cloudtraildataapi.ResultErrorEntry{}}
	for _, e := range in.AuditEvents {
		out.Successful = append(out.Successful, cloudtraildataapi.AuditEventResultEntry{EventID: "e-" + e.Id, Id: e.Id})
	}
	return out, nil
}

func newAuditWorld() (*world, *fakeAudit) {
	f := &fakeAudit{}
	return newWorld(func(c *Config) {
		c.Doors = append(c.Doors, &api.Endpoint[cloudtraildataapi.API]{Service: cloudtraildataapi.Service, Impl: f})
	}), f
}

// audit sends a request to CloudTrail's data service.
func (w *world) audit(target, body string, headers ...string) *httptest.ResponseRecorder {
	return w.send("POST", target, body, append([]string{"Content-Type", "application/json", "Authorization", signed("cloudtrail-data")}, headers...)...)
}

const oneEvent = `{"auditEvents":[{"id":"1","eventData":"{\"a\":1}"}]}`

func TestRESTJSONBindsTheQueryStringAndTheBody(t *testing.T) {
	w, f := newAuditWorld()
	got := w.audit("/PutAuditEvents?channelArn=arn%3Aa%2Fb&externalId=e%3D%2B&other=1", oneEvent)
	expect(t, got, 200, `{"failed":[],"successful":[{"eventID":"e-1","id":"1"}]}`)
	for name, want := range map[string]string{"Content-Type": "application/json", "X-Amzn-Requestid": "id-1", "X-Amzn-Errortype": ""} {
		if v := got.Header().Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if f.last == nil || f.last.ChannelArn != "arn:a/b" || f.last.ExternalId == nil || *f.last.ExternalId != "e=+" || f.last.AuditEvents[0].EventData != `{"a":1}` {
		t.Errorf("the service got %+v", f.last)
	}
}

func TestMembersOfTheQueryStringAreNotReadFromTheBody(t *testing.T) {
	w, f := newAuditWorld()
	body := strings.Replace(oneEvent, "{", `{"channelArn":"arn:body","externalId":"from-body",`, 1)
	if got := w.audit("/PutAuditEvents?channelArn=arn:query", body); got.Code != 200 || f.last.ChannelArn != "arn:query" || f.last.ExternalId != nil {
		t.Errorf("%d %s: %+v", got.Code, got.Body, f.last)
	}
	f.last = nil
	if got := w.audit("/PutAuditEvents", body); got.Code != 400 || f.last != nil {
		t.Errorf("a request without a channel: %d %s", got.Code, got.Body)
	}
}

func TestRESTJSONRefusesBadRequests(t *testing.T) {
	const at = "/PutAuditEvents?channelArn=arn:a"
	for name, test := range map[string]struct {
		target, body string
		status       int
		code         string
		contains     string
	}{
		"text":                {at, `no`, 400, "SerializationException", ""},
		"half an object":      {at, `{"auditEvents":[`, 400, "SerializationException", ""},
		"two objects":         {at, oneEvent + oneEvent, 400, "SerializationException", ""},
		"a list":              {at, `[]`, 400, "SerializationException", ""},
		"a number":            {at, `{"auditEvents":7}`, 400, "SerializationException", ""},
		"null":                {at, `null`, 400, "ValidationException", "auditEvents"},
		"no body":             {at, ``, 400, "ValidationException", "auditEvents"},
		"no events":           {at, `{"auditEvents":[]}`, 400, "ValidationException", "auditEvents"},
		"an event without id": {at, `{"auditEvents":[{"eventData":"x"}]}`, 400, "ValidationException", "id"},
		"too many events":     {at, `{"auditEvents":[` + strings.Repeat(`{"id":"1","eventData":"x"},`, 100) + `{"id":"1","eventData":"x"}]}`, 400, "ValidationException", "100"},
		"no ARN":              {"/PutAuditEvents?channelArn=x", oneEvent, 400, "ValidationException", "channelArn"},
		"a bad external id":   {at + "&externalId=%00%00", oneEvent, 400, "ValidationException", "externalId"},
		"too large":           {at, `{"auditEvents":[{"id":"1","eventData":"` + strings.Repeat("x", 1<<16) + `"}]}`, 413, "RequestEntityTooLargeException", "too large"},
		"another path":        {"/PutAuditEvent?channelArn=arn:a", oneEvent, 404, "UnknownOperationException", ""},
		"not there":           {"/PutAuditEvents?channelArn=arn:none", oneEvent, 400, "ChannelNotFound", `The channel \"none\" could not be found.`},
		"denied":              {"/PutAuditEvents?channelArn=arn:denied", oneEvent, 403, "AccessDeniedException", "no"},
		"a fault":             {"/PutAuditEvents?channelArn=arn:panic", oneEvent, 500, "InternalFailure", "unknown error"},
	} {
		w, f := newAuditWorld()
		got := w.audit(test.target, test.body)
		if got.Code != test.status || got.Header().Get("x-amzn-ErrorType") != test.code || !strings.Contains(got.Body.String(), test.contains) {
			t.Errorf("%s: %d %s %s", name, got.Code, got.Header().Get("x-amzn-ErrorType"), got.Body)
		}
		if !strings.HasPrefix(got.Body.String(), `{"message":`) || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: the body is %s", name, got.Body)
		}
		if test.code == "ValidationException" && f.last != nil {
			t.Errorf("%s: the service was called", name)
		}
	}
}

func TestRESTJSONAuthenticatesBeforeItReadsTheInput(t *testing.T) {
	w, f := newAuditWorld()
	w.auth.failure = &auth.Failure{Kind: auth.UnknownKey}
	if got := w.audit("/PutAuditEvents?channelArn=arn:a", "no"); got.Code != 403 || got.Header().Get("x-amzn-ErrorType") != "UnrecognizedClientException" || f.last != nil {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
}
