package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/iam"
)

// decisionsKept bounds the decisions that can be asked about, in memory.
const decisionsKept = 4096

// listed is how many decisions a list has unless its query says otherwise.
const listed = 100

// decision explains one decision on record, by the ID that the answer to a
// denied call has in the header x-sealstack-decision-id.
func (e *Emulator) decision(r *http.Request) (any, error) {
	found, ok := e.decisions.Find(r.PathValue("id"))
	if !ok {
		return nil, notOnRecord(r.PathValue("id"))
	}
	return found, nil
}

func notOnRecord(id string) error {
	return api.NewError("", "NotFound", http.StatusNotFound, "decision %q is not among the last %d", id, decisionsKept)
}

// listDecisions lists decisions on record, newest first.
func (e *Emulator) listDecisions(r *http.Request) (any, error) {
	q := r.URL.Query()
	f := auth.Filter{
		Principal: q.Get("principal"), Action: q.Get("action"), Resource: q.Get("resource"),
		RequestID: q.Get("request"), Denied: q.Get("denied") == "true", Limit: listed,
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, badRequest{fmt.Errorf("limit %q is not a positive number", text)}
		}
		f.Limit = n
	}
	return map[string]any{"decisions": e.decisions.List(f)}, nil
}

// preview is what a caller of the preview route sends.
type preview struct {
	Principal string              `json:"principal"` // ARN of a root user, user, role or session, or a service principal
	Action    string              `json:"action"`    // "kms:Decrypt"
	Resource  string              `json:"resource"`  // ARN, or "*"
	Region    string              `json:"region"`    // of the call; else the resource's
	Context   map[string][]string `json:"context"`   // condition keys of the request
	// EncryptionContext is that of a call to KMS.
	EncryptionContext map[string]string `json:"encryptionContext"`
}

// previewDecision explains what a call would meet, without making it.
func (e *Emulator) previewDecision(r *http.Request) (any, error) {
	var in preview
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, badRequest{fmt.Errorf(`the body must be {"principal":ARN,"action":"kms:Decrypt","resource":ARN}: %w`, err)}
	}
	caller, err := e.iam.Impersonate(r.Context(), in.Principal, e.regionOf(&in))
	if errors.Is(err, iam.ErrNoPrincipal) {
		return nil, badRequest{fmt.Errorf("there is no principal %q", in.Principal)}
	}
	if err != nil {
		return nil, err
	}
	ctx := api.WithCaller(r.Context(), caller)
	question, err := e.question(ctx, &in)
	if err != nil {
		return nil, err
	}
	return e.authorizer.Explain(ctx, question)
}

// regionOf returns the Region in which the call would be made.
func (e *Emulator) regionOf(in *preview) string {
	if in.Region != "" {
		return in.Region
	}
	if a, err := arn.Parse(in.Resource); err == nil && a.Region != "" {
		return a.Region
	}
	return e.config.Region
}

// question puts a preview as the service itself would ask: a KMS key brings
// its policy, its grants and its properties.
func (e *Emulator) question(ctx context.Context, in *preview) (*auth.Request, error) {
	prefix, action, ok := strings.Cut(in.Action, ":")
	service := services[strings.ToLower(prefix)]
	if !ok || service == nil {
		return nil, badRequest{fmt.Errorf("action %q is of no service here", in.Action)}
	}
	keys := auth.Keys{}
	for name, values := range in.Context {
		keys[strings.ToLower(name)] = values
	}
	a, err := arn.Parse(in.Resource)
	if in.Resource != "*" && err != nil {
		return nil, badRequest{fmt.Errorf("resource %q is neither an ARN nor *", in.Resource)}
	}
	if service == kmsapi.Service && a.Kind() == "key" {
		return e.kms.Question(ctx, action, in.Resource, in.EncryptionContext, keys)
	}
	return &auth.Request{Service: service, Action: in.Action, Resource: in.Resource, Account: a.Account, Keys: keys}, nil
}

// services are those whose actions can be asked about, by prefix.
var services = map[string]*api.Service{
	"kms": kmsapi.Service, "logs": logsapi.Service, "iam": iamapi.Service, "sts": stsapi.Service,
	"s3": s3api.Service, "cloudtrail": cloudtrailapi.Service,
}
