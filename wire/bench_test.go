package wire

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/wire/awsjson"
	"sealstack/wire/plan"
)

// putLogEvents is a PutLogEvents of n events that fill about size bytes; every
// tenth message has escapes in it.
func putLogEvents(n, size int) []byte {
	var b strings.Builder
	b.WriteString(`{"logGroupName":"/app/web","logStreamName":"host-1","logEvents":[`)
	for i := range n {
		text := strings.Repeat("x", max(size/n-50, 1))
		if i%10 == 0 {
			text += `{\"level\":\"info\"}\n`
		}
		fmt.Fprintf(&b, `{"timestamp":%d,"message":"%s"}`, 1700000000000+i, text)
		if i < n-1 {
			b.WriteByte(',')
		}
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func benchmarkDecode[In any](b *testing.B, s *api.Service, body []byte) {
	t := plan.New(s).Of(reflect.TypeFor[In]())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var in In
		var check plan.Checker
		if err := awsjson.Decode(t, body, &in, &check); err != nil || !check.OK() {
			b.Fatal(err, check.Message(true))
		}
	}
}

func BenchmarkDecodePutLogEvents10000(b *testing.B) {
	benchmarkDecode[logsapi.PutLogEventsRequest](b, logsapi.Service, putLogEvents(10_000, 1<<20))
}

func BenchmarkDecodePutLogEvents100(b *testing.B) {
	benchmarkDecode[logsapi.PutLogEventsRequest](b, logsapi.Service, putLogEvents(100, 1<<20))
}

const encryptBody = `{"KeyId":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab","Plaintext":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=","EncryptionContext":{"purpose":"test"}}`

func BenchmarkDecodeEncrypt(b *testing.B) {
	benchmarkDecode[kmsapi.EncryptRequest](b, kmsapi.Service, []byte(encryptBody))
}

func BenchmarkEncodeGetLogEvents(b *testing.B) {
	t := plan.New(logsapi.Service).Of(reflect.TypeFor[logsapi.GetLogEventsResponse]())
	var out logsapi.GetLogEventsResponse
	for i := range 10_000 {
		at, message := int64(1700000000000+i), strings.Repeat("x", 60)
		out.Events = append(out.Events, logsapi.OutputLogEvent{Timestamp: &at, IngestionTime: &at, Message: &message})
	}
	buffer := awsjson.Append(nil, t, &out)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = awsjson.Append(buffer[:0], t, &out)
	}
}

// BenchmarkEncryptThroughTheEdge is all that the edge does for a call, with a
// service that does nothing.
func BenchmarkEncryptThroughTheEdge(b *testing.B) {
	handler := New(Config{
		Doors: []api.Door{&api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Impl: quickKMS{}}},
		Auth:  &fakeAuth{},
	})
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(encryptBody))
		r.Header.Set("X-Amz-Target", "TrentService.Encrypt")
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("Authorization", "x")
		recorder := httptest.NewRecorder()
		if handler.ServeHTTP(recorder, r); recorder.Code != 200 {
			b.Fatal(recorder.Body)
		}
	}
}

type quickKMS struct{ kmsapi.API }

func (quickKMS) Encrypt(_ context.Context, in *kmsapi.EncryptRequest) (*kmsapi.EncryptResponse, error) {
	return &kmsapi.EncryptResponse{CiphertextBlob: in.Plaintext, KeyId: &in.KeyId}, nil
}
