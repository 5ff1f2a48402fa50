package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"sealstack/api"
	"sealstack/arn"
)

// maxControlBody bounds the body of a control request, in bytes.
const maxControlBody = 64 << 10

// control answers the routes below /_emulator/: what a test needs and AWS
// does not have.
func (e *Emulator) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_emulator/health", e.answer(e.health))
	mux.HandleFunc("GET /_emulator/clock", e.answer(e.readClock))
	mux.HandleFunc("POST /_emulator/clock/advance", e.answer(e.advanceClock))
	mux.HandleFunc("POST /_emulator/reset", e.answer(e.reset))
	mux.HandleFunc("GET /_emulator/log-groups", e.answer(e.logGroups))
	mux.HandleFunc("GET /_emulator/topics", e.answer(e.listTopics))
	mux.HandleFunc("PUT /_emulator/topics", e.answer(e.subscribe))
	mux.HandleFunc("PUT /_emulator/log-destinations", e.answer(e.putAddress))
	mux.HandleFunc("GET /_emulator/log-destinations", e.answer(e.listAddresses))
	mux.HandleFunc("DELETE /_emulator/log-destinations", e.answer(e.deleteAddress))
	mux.HandleFunc("GET /_emulator/log-dead-letters", e.answer(e.deadLetters))
	mux.HandleFunc("GET /_emulator/decisions", e.answer(e.listDecisions))
	mux.HandleFunc("GET /_emulator/decisions/{id}", e.answer(e.decision))
	mux.HandleFunc("POST /_emulator/decisions/preview", e.answer(e.previewDecision))
	mux.HandleFunc("GET /_emulator/kms/clusters", e.answer(e.listClusters))
	mux.HandleFunc("PUT /_emulator/kms/clusters/{id}", e.answer(e.putCluster))
	mux.HandleFunc("DELETE /_emulator/kms/clusters/{id}", e.answer(e.deleteCluster))
	mux.HandleFunc("PUT /_emulator/kms/endpoint-services/{name}", e.answer(e.putEndpointService))
	return http.NewCrossOriginProtection().Handler(mux)
}

// answer writes what fn returns as JSON: an *api.Error with its status, a bad
// request as 400.
func (e *Emulator) answer(fn func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		body, err := fn(r)
		if err != nil {
			status = statusOf(err)
			body = map[string]string{"error": err.Error()}
		}
		if status == http.StatusInternalServerError {
			e.log.Error("control", "path", r.URL.Path, "error", err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(body)
	}
}

// badRequest is an error of whoever sent a control request.
type badRequest struct{ error }

func statusOf(err error) int {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Status
	}
	if _, ok := errors.AsType[badRequest](err); ok {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func (e *Emulator) health(*http.Request) (any, error) {
	return map[string]string{"status": "ok"}, nil
}

// clockState is what the clock routes answer.
type clockState struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"` // ahead of real time
}

func (e *Emulator) readClock(*http.Request) (any, error) {
	return clockState{e.clock.Now(), e.clock.Offset().String()}, nil
}

func (e *Emulator) advanceClock(r *http.Request) (any, error) {
	var in struct {
		Duration string `json:"duration"`
	}
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err == nil && decoder.More() {
		err = errors.New("something follows")
	}
	if err != nil {
		return nil, badRequest{fmt.Errorf(`the body must be {"duration":"5m"}: %w`, err)}
	}
	by, err := ParseDuration(in.Duration)
	if err != nil || by < 0 {
		return nil, badRequest{fmt.Errorf("%q is not a duration such as 90s, 5m or 7d", in.Duration)}
	}
	switch err := e.Advance(r.Context(), by); {
	case errors.Is(err, ErrTooFar):
		return nil, badRequest{err}
	case err != nil:
		return nil, err
	}
	return e.readClock(r)
}

func (e *Emulator) reset(r *http.Request) (any, error) {
	return struct{}{}, e.Reset(r.Context())
}

// logGroups tells of one log group what AWS does not show: its encryption
// epochs.
func (e *Emulator) logGroups(r *http.Request) (any, error) {
	q := r.URL.Query()
	name, region, account := q.Get("name"), q.Get("region"), q.Get("account")
	if region == "" {
		region = e.config.Region
	}
	if account == "" {
		account = e.config.Account
	}
	if name == "" || !arn.ValidRegion(region) || !accountPattern.MatchString(account) {
		return nil, badRequest{errors.New("the query must be name=LOG_GROUP, with region=REGION and account=ACCOUNT where they are not the defaults")}
	}
	return e.logs.Inspect(asRoot(r.Context(), account, region), name)
}

// asRoot returns a context in which the account's root user calls.
func asRoot(ctx context.Context, account, region string) context.Context {
	partition := arn.PartitionOf(region)
	return api.WithCaller(ctx, &api.Caller{
		Principal: api.Principal{Type: api.Root, Account: account, ARN: "arn:" + partition + ":iam::" + account + ":root", ID: account},
		Partition: partition, Region: region,
	})
}
