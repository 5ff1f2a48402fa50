package logs

import (
	"context"
	"errors"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/logs/protect"
	"sealstack/storage"
)

func init() {
	accountPolicyKinds[logsapi.PolicyTypeDataProtectionPolicy].check = func(s *Service, ctx context.Context, document string) error {
		_, err := s.parseProtection(ctx, "PutAccountPolicy", document)
		return err
	}
}

// PutDataProtectionPolicy sets which sensitive data of a group's later events
// is audited and masked. What was ingested before stays as it is.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html
func (s *Service) PutDataProtectionPolicy(ctx context.Context, in *logsapi.PutDataProtectionPolicyRequest) (*logsapi.PutDataProtectionPolicyResponse, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.authorizedGroup(ctx, "PutDataProtectionPolicy", name)
	if err != nil {
		return nil, err
	}
	if g.Class == logsapi.LogGroupClassDelivery {
		return nil, logsapi.InvalidParameterException("Data protection is not supported for log groups of class %s.", g.Class) // Unverified: AWS's code and sentence
	}
	if _, err := s.parseProtection(ctx, "PutDataProtectionPolicy", in.PolicyDocument); err != nil {
		return nil, err
	}
	now := s.now()
	err = s.edit(ctx, placeOf(ctx), name, func(g *group) error {
		g.Protection, g.Unprotected = g.Protection.replaced(in.PolicyDocument, now), false
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &logsapi.PutDataProtectionPolicyResponse{
		LogGroupIdentifier: &in.LogGroupIdentifier, PolicyDocument: &in.PolicyDocument, LastUpdatedTime: &now,
	}, nil
}

// replaced returns the rule with another text.
func (r *groupRule) replaced(text string, now int64) *groupRule {
	next := groupRule{Text: text, Created: now, Updated: now}
	if r != nil {
		next.Created = r.Created
	}
	return &next
}

// parseProtection reads a policy and tries the destinations of its findings,
// which must exist.
func (s *Service) parseProtection(ctx context.Context, operation, document string) (*protect.Policy, error) {
	p, err := protect.Parse([]byte(document))
	if e, ok := errors.AsType[*protect.Invalid](err); ok {
		return nil, badProtection(e.Reason)
	}
	if e, ok := errors.AsType[*protect.Unsupported](err); ok {
		return nil, api.NotImplemented("logs", operation+" with the data identifier "+e.Identifier)
	}
	if err != nil {
		return nil, err
	}
	d := p.Destinations
	if d != (protect.Destinations{}) {
		// Unverified: that the other permissions that AWS's console uses for
		// findings are not asked for by the operation.
		if err := s.authorizeAccount(ctx, "CreateLogDelivery"); err != nil {
			return nil, err
		}
	}
	if d.DeliveryStream != "" {
		return nil, api.NotImplemented("logs", operation+" with findings to Firehose")
	}
	if d.LogGroup != "" {
		if _, err := s.group(ctx, d.LogGroup); err != nil {
			return nil, err
		}
	}
	if d.Bucket == "" {
		return p, nil
	}
	return p, s.findingsBucket(ctx, d.Bucket)
}

// findingsBucket tries a bucket as the service that delivers findings.
func (s *Service) findingsBucket(ctx context.Context, bucket string) error {
	if s.buckets == nil {
		return noSuchBucket()
	}
	if _, err := s.buckets.GetBucketAcl(asDelivery(ctx), &s3api.GetBucketAclRequest{Bucket: bucket}); err != nil {
		return refusedByBucket(err, "GetBucketAcl")
	}
	return nil
}

// badProtection refuses a policy document.
//
// Unverified: AWS's sentences.
func badProtection(reason string) error {
	return logsapi.InvalidParameterException("Invalid data protection policy document: %s.", reason)
}

// GetDataProtectionPolicy returns a group's own policy; of a group without
// one the identifier alone.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetDataProtectionPolicy.html
func (s *Service) GetDataProtectionPolicy(ctx context.Context, in *logsapi.GetDataProtectionPolicyRequest) (*logsapi.GetDataProtectionPolicyResponse, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	g, err := s.authorizedGroup(ctx, "GetDataProtectionPolicy", name)
	if err != nil {
		return nil, err
	}
	out := &logsapi.GetDataProtectionPolicyResponse{LogGroupIdentifier: &in.LogGroupIdentifier}
	if p := g.Protection; p != nil {
		out.PolicyDocument, out.LastUpdatedTime = &p.Text, &p.Updated
	}
	return out, nil
}

// DeleteDataProtectionPolicy ends a group's own policy. What was ingested
// under it stays masked.
//
// Unverified: the latter, and the answer for a group without policy.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDataProtectionPolicy.html
func (s *Service) DeleteDataProtectionPolicy(ctx context.Context, in *logsapi.DeleteDataProtectionPolicyRequest) (*api.None, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, "DeleteDataProtectionPolicy", name, func(g *group) error {
		if g.Protection == nil {
			return logsapi.ResourceNotFoundException("The specified data protection policy does not exist.")
		}
		g.Protection, g.Unprotected = nil, true
		return nil
	})
}

// protectionStatus returns what DescribeLogGroups shows of a group.
func (g *group) protectionStatus() *logsapi.DataProtectionStatus {
	status := logsapi.DataProtectionStatusActivated
	switch {
	case g.Protection != nil:
	case g.Unprotected:
		status = logsapi.DataProtectionStatusDeleted
	default:
		return nil
	}
	return &status
}

// inherited returns the properties that all of the account's groups have.
func (s *Service) inherited(ctx context.Context) (properties []logsapi.InheritedProperty, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		properties = nil
		all, err := policiesInForce(tx, placeOf(ctx), logsapi.PolicyTypeDataProtectionPolicy)
		if len(all) > 0 {
			properties = []logsapi.InheritedProperty{logsapi.InheritedPropertyAccountDataProtection}
		}
		return err
	})
	return properties, err
}
