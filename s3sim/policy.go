package s3sim

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/arn"
	"sealstack/policy"
	"sealstack/storage"
)

// maxPolicy is the longest bucket policy, in bytes.
const maxPolicy = 20 << 10

// GetBucketPolicy returns the policy of a bucket as it was put.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
func (s *Service) GetBucketPolicy(ctx context.Context, in *s3api.GetBucketPolicyRequest) (*s3api.GetBucketPolicyOutput, error) {
	b, err := s.openPolicy(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketPolicy")
	if err != nil {
		return nil, err
	}
	var p policyRecord
	err = s.view(ctx, func(tx storage.Tx) (err error) {
		p, err = policies.Get(tx, b.at())
		if errors.Is(err, storage.ErrNotFound) {
			return noBucketPolicy(b.Name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &s3api.GetBucketPolicyOutput{Policy: &p.Document}, nil
}

// openPolicy opens a bucket for an action on its policy. Only the owner's
// account has these, and its root user is never locked out:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (s *Service) openPolicy(ctx context.Context, name string, expected *string, action string) (*bucket, error) {
	b, err := s.find(ctx, name, expected)
	if err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	if c.Type == api.Root && c.Account == b.Account {
		return b, nil
	}
	if err := s.authorize(ctx, b, ask{action: action}); err != nil {
		return nil, err
	}
	if c.Account != b.Account {
		return nil, fail("MethodNotAllowed", 405, "The specified method is not allowed against this resource.").With("ResourceType", "BUCKETPOLICY")
	}
	return b, nil
}

// GetBucketPolicyStatus tells whether the policy makes the bucket public.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
func (s *Service) GetBucketPolicyStatus(ctx context.Context, in *s3api.GetBucketPolicyStatusRequest) (*s3api.GetBucketPolicyStatusOutput, error) {
	b, err := s.open(ctx, in.Bucket, in.ExpectedBucketOwner, "GetBucketPolicyStatus")
	if err != nil {
		return nil, err
	}
	if b.Policy == "" {
		return nil, noBucketPolicy(b.Name)
	}
	return &s3api.GetBucketPolicyStatusOutput{PolicyStatus: &s3api.PolicyStatus{IsPublic: new(b.Public)}}, nil
}

// PutBucketPolicy replaces the policy of a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
func (s *Service) PutBucketPolicy(ctx context.Context, in *s3api.PutBucketPolicyRequest) (*api.None, error) {
	b, err := s.openPolicy(ctx, in.Bucket, in.ExpectedBucketOwner, "PutBucketPolicy")
	if err != nil {
		return nil, err
	}
	p, err := b.readPolicy(in.Policy)
	if err != nil {
		return nil, err
	}
	public := isPublic(p, in.Policy)
	if public && b.Block != nil && value(b.Block.BlockPublicPolicy) {
		return nil, publicPolicyBlocked(api.CallerOf(ctx).ARN, b.arn(""))
	}
	revision := rand.Text()
	return nil, s.change(ctx, b, func(tx storage.Tx, r *bucketRecord) error {
		r.Policy, r.Public = revision, public
		return policies.Put(tx, r.at(), policyRecord{Revision: revision, Document: in.Policy})
	})
}

// DeleteBucketPolicy removes the policy of a bucket, if it has one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
func (s *Service) DeleteBucketPolicy(ctx context.Context, in *s3api.DeleteBucketPolicyRequest) (*api.None, error) {
	b, err := s.openPolicy(ctx, in.Bucket, in.ExpectedBucketOwner, "DeleteBucketPolicy")
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, b, func(tx storage.Tx, r *bucketRecord) error {
		r.Policy, r.Public = "", false
		return policies.Delete(tx, r.at())
	})
}

// readPolicy refuses a document that S3 would not store: malformed, too long,
// or about other resources than the bucket and its objects.
//
// Unverified: which of AWS's sentences goes with which fault of the syntax.
func (b *bucket) readPolicy(document string) (*policy.Policy, error) {
	if len(document) > maxPolicy {
		return nil, badRequest("PolicyTooLarge", "Policy document exceeds maximum allowed size of 20480 bytes")
	}
	p, err := policy.Parse(policy.Resource, []byte(document))
	if err != nil {
		return nil, malformedPolicy(policyFault(err))
	}
	for i := range p.Statements {
		for _, r := range p.Statements[i].Resources() {
			if !b.about(r) {
				return nil, malformedPolicy("Policy has invalid resource")
			}
		}
		for _, action := range p.Statements[i].Actions() {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), "s3:") {
				return nil, malformedPolicy("Policy has invalid action")
			}
		}
		if !reaches(&p.Statements[i]) {
			return nil, malformedPolicy("Action does not apply to any resource(s) in statement")
		}
	}
	return p, nil
}

// policyFault is S3's sentence for a fault of the syntax.
func policyFault(err error) string {
	e, ok := errors.AsType[*policy.SyntaxError](err)
	if !ok {
		return "Policies must be valid JSON and the first byte must be '{'"
	}
	switch e.Reason {
	case policy.BadPrincipal:
		return "Invalid principal in policy"
	case policy.MissingPrincipal:
		return "Missing required field Principal"
	case policy.NotJSON:
		return "Policies must be valid JSON and the first byte must be '{'"
	}
	return "Invalid policy syntax."
}

// about reports whether a Resource element can name the bucket or objects in
// it.
func (b *bucket) about(resource string) bool {
	name, _, _ := strings.Cut(resource, "/")
	return arn.Match(strings.ReplaceAll(name, "${aws:", "*${aws:"), b.arn("")) || resource == "*"
}

// fixedKeys are the condition keys that, held against fixed values, keep a
// statement about everyone from being public:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
var fixedKeys = map[string]bool{
	"aws:sourcearn": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourceowner": true, "aws:sourceaccount": true,
	"aws:sourceip": true, "aws:userid": true, "s3:x-amz-server-side-encryption-aws-kms-key-id": true, "s3:dataaccesspointarn": true,
	"s3:dataaccesspointaccount": true, "aws:principalorgid": true, "aws:principalarn": true, "aws:principalaccount": true,
}

// isPublic reports whether a policy allows anything to everyone.
func isPublic(p *policy.Policy, document string) bool {
	conditions := conditionsOf(document)
	for i := range p.Statements {
		st := &p.Statements[i]
		if st.Effect == policy.Allow && toEveryone(st) && (i >= len(conditions) || !fixed(conditions[i])) {
			return true
		}
	}
	return false
}

func toEveryone(st *policy.Statement) bool {
	if st.NotPrincipal {
		return true
	}
	for _, e := range st.Principals() {
		if e.Form == policy.Everyone {
			return true
		}
	}
	return false
}

// conditionBlock is operator to key to values.
type conditionBlock map[string]map[string]any

// conditionsOf gives the Condition of each statement of a valid document.
func conditionsOf(document string) []conditionBlock {
	type statement struct{ Condition conditionBlock }
	var many struct{ Statement []statement }
	if json.Unmarshal([]byte(document), &many) != nil {
		var one struct{ Statement statement }
		if json.Unmarshal([]byte(document), &one) != nil {
			return nil
		}
		many.Statement = []statement{one.Statement}
	}
	blocks := make([]conditionBlock, len(many.Statement))
	for i, st := range many.Statement {
		blocks[i] = st.Condition
	}
	return blocks
}

// fixed reports whether a condition holds one of the keys against values
// without wildcards or variables.
func fixed(block conditionBlock) bool {
	for operator, keys := range block {
		if strings.Contains(operator, "Not") || strings.HasSuffix(operator, "IfExists") || operator == "Null" {
			continue
		}
		for key, values := range keys {
			if fixedKeys[strings.ToLower(key)] && constant(values) {
				return true
			}
		}
	}
	return false
}

func constant(values any) bool {
	list, ok := values.([]any)
	if !ok {
		list = []any{values}
	}
	for _, v := range list {
		text, ok := v.(string)
		if !ok || strings.ContainsAny(text, "*?$") || text == "0.0.0.0/0" || text == "::/0" {
			return false
		}
	}
	return len(list) > 0
}
