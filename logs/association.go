package logs

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/storage"
)

// AssociateKmsKey begins an encryption epoch under a KMS key, in effect after
// the association delay. What was ingested before stays under its own key.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
func (s *Service) AssociateKmsKey(ctx context.Context, in *logsapi.AssociateKmsKeyRequest) (*api.None, error) {
	if err := namesKey(&in.KmsKeyId, cmp.Or(value(in.LogGroupName), value(in.ResourceIdentifier))); err != nil {
		return nil, err
	}
	if in.LogGroupName == nil && value(in.ResourceIdentifier) == placeOf(ctx).arn(queryResults) {
		return nil, s.associateResults(ctx, "AssociateKmsKey", in.KmsKeyId)
	}
	name, err := associated(ctx, in.LogGroupName, in.ResourceIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, s.associate(ctx, "AssociateKmsKey", name, in.KmsKeyId)
}

// namesKey refuses a key that is given and empty: who asks for encryption must
// not get a group without it.
//
// Unverified: AWS's answer; it is the one for a key that is not named by its ARN.
func namesKey(key *string, resource string) error {
	if key != nil && *key == "" {
		return keyNotFound(resource)
	}
	return nil
}

// DisassociateKmsKey begins an epoch under the key that the service owns, in
// effect after the association delay. What was ingested under the KMS key
// stays under it.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DisassociateKmsKey.html
func (s *Service) DisassociateKmsKey(ctx context.Context, in *logsapi.DisassociateKmsKeyRequest) (*api.None, error) {
	if in.LogGroupName == nil && value(in.ResourceIdentifier) == placeOf(ctx).arn(queryResults) {
		return nil, s.associateResults(ctx, "DisassociateKmsKey", "")
	}
	name, err := associated(ctx, in.LogGroupName, in.ResourceIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, s.associate(ctx, "DisassociateKmsKey", name, "")
}

// associated returns the log group that an association is about.
func associated(ctx context.Context, name, resource *string) (string, error) {
	switch {
	case name != nil && resource != nil:
		return "", logsapi.InvalidParameterException("Only one of logGroupName and resourceIdentifier can be specified.") // Unverified: AWS's sentence
	case name != nil:
		return *name, nil
	case resource == nil:
		return "", logsapi.InvalidParameterException("Either logGroupName or resourceIdentifier must be specified.") // Unverified: AWS's sentence
	}
	return groupName(ctx, *resource)
}

// associate begins a new epoch for the group: key is the ARN of a KMS key or
// empty. The data key is made before the epoch is written, outside any
// transaction, so that a refused key changes nothing.
func (s *Service) associate(ctx context.Context, action, name, key string) error {
	p := placeOf(ctx)
	g, err := s.authorizedGroup(ctx, action, name)
	if err != nil {
		return err
	}
	if key == "" && g.latest().Key == "" {
		return nil
	}
	e, d, err := s.newEpoch(ctx, &g, key, s.now()+s.delay.Milliseconds())
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		now, err := findGroup(tx, p, name)
		if err != nil {
			return err
		}
		if now.ID != g.ID || now.latest().Number != g.latest().Number {
			return conflicting()
		}
		now.Epochs = append(now.Epochs, e)
		if err := dataKeys.Put(tx, storage.K(g.ID, e.Number, 0), d); err != nil {
			return err
		}
		return groups.Put(tx, p.key(name), now)
	})
}

// newEpoch returns the epoch that follows the group's latest, and its first
// data key. Making that key is how CloudWatch Logs finds out whether it may
// use the KMS key for this group.
func (s *Service) newEpoch(ctx context.Context, g *group, key string, from int64) (epoch, dataKey, error) {
	e := epoch{Key: key, From: from}
	if len(g.Epochs) > 0 {
		e.Number = g.latest().Number + 1
		e.From = max(from, g.latest().From)
	}
	groupARN := g.arn(placeOf(ctx))
	if err := keyNamed(ctx, key, g); err != nil {
		return e, dataKey{}, err
	}
	d, err := s.ring.create(ctx, g, groupARN, e, 0)
	return e, d, notAssociated(err, groupARN)
}

// keyNamed refuses a KMS key that is not named by the ARN of a key.
func keyNamed(ctx context.Context, key string, g *group) error {
	if key == "" {
		return nil
	}
	a, err := arn.Parse(key)
	if err != nil || a.Service != "kms" || !strings.HasPrefix(a.Resource, "key/") {
		return keyNotFound(g.Name)
	}
	if p := placeOf(ctx); a.Region != p.region || a.Partition != p.partition {
		return keyNotAllowed(g.arn(p))
	}
	return nil
}

// notAssociated turns KMS's refusal of the first data key into AWS's error.
func notAssociated(err error, groupARN string) error {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Fault() {
		return err
	}
	switch e.Shape {
	case "DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException", "UnsupportedOperationException":
		return keyNotUsable(groupARN)
	}
	return keyNotAllowed(groupARN)
}
