package logs

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// CreateLogGroup makes a log group, under a KMS key if one is named: then the
// association is in effect at once. A group that exists is left as it is.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
func (s *Service) CreateLogGroup(ctx context.Context, in *logsapi.CreateLogGroupRequest) (*api.None, error) {
	p := placeOf(ctx)
	if err := s.mayCreate(ctx, in); err != nil {
		return nil, err
	}
	if len(in.LogGroupName) >= 4 && strings.EqualFold(in.LogGroupName[:4], "aws/") {
		return nil, reservedName()
	}
	if err := namesKey(in.KmsKeyId, in.LogGroupName); err != nil {
		return nil, err
	}
	g := newGroup(in, s.now())
	if err := s.free(ctx, p, g.Name); err != nil {
		return nil, err
	}
	e, d, err := s.newEpoch(ctx, &g, value(in.KmsKeyId), g.Created)
	if err != nil {
		return nil, err
	}
	g.Epochs = []epoch{e}
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if taken, err := groups.Has(tx, p.key(g.Name)); taken || err != nil {
			return either(err, groupExists)
		}
		if err := dataKeys.Put(tx, storage.K(g.ID, e.Number, 0), d); err != nil {
			return err
		}
		return groups.Put(tx, p.key(g.Name), g)
	})
}

func newGroup(in *logsapi.CreateLogGroupRequest, now int64) group {
	g := group{ID: rand.Text(), Name: in.LogGroupName, Created: now, Class: logsapi.LogGroupClassStandard, Tags: in.Tags}
	if in.LogGroupClass != nil {
		g.Class = *in.LogGroupClass
	}
	g.Protected = in.DeletionProtectionEnabled != nil && *in.DeletionProtectionEnabled
	return g
}

// mayCreate authorizes CreateLogGroup; with tags the caller must also be
// allowed to tag.
func (s *Service) mayCreate(ctx context.Context, in *logsapi.CreateLogGroupRequest) error {
	p, keys := placeOf(ctx), auth.RequestTags(in.Tags)
	if err := s.authorize(ctx, "CreateLogGroup", p.stream(in.LogGroupName, ""), keys); err != nil {
		return err
	}
	if len(in.Tags) == 0 {
		return nil
	}
	err := s.authorize(ctx, "TagResource", p.group(in.LogGroupName), keys)
	if err != nil {
		err = s.authorize(ctx, "TagLogGroup", p.stream(in.LogGroupName, ""), keys)
	}
	if e, ok := errors.AsType[*api.Error](err); ok && !e.Fault() {
		return logsapi.Service.AccessDenied("User with accountId: " + p.account + " is not authorized to perform CreateLogGroup with Tags")
	}
	return err
}

// free refuses the name of a group that exists, before KMS is asked.
func (s *Service) free(ctx context.Context, p place, name string) error {
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		taken, err := groups.Has(tx, p.key(name))
		if taken || err != nil {
			return either(err, groupExists)
		}
		return nil
	})
}

// DeleteLogGroup removes a group with its streams and events. It needs no key.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html
func (s *Service) DeleteLogGroup(ctx context.Context, in *logsapi.DeleteLogGroupRequest) (*api.None, error) {
	p := placeOf(ctx)
	if _, err := s.authorizedGroup(ctx, "DeleteLogGroup", in.LogGroupName); err != nil {
		return nil, err
	}
	var id string
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		g, err := findGroup(tx, p, in.LogGroupName)
		if err != nil {
			return err
		}
		if g.Protected {
			return groupProtected()
		}
		id = g.ID
		return dropGroup(tx, p, &g)
	})
	if err != nil {
		return nil, err
	}
	s.ring.forget(id)
	return nil, nil
}

// dropGroup removes the group and everything in it.
func dropGroup(tx storage.Tx, p place, g *group) error {
	for e, err := range streams.Scan(tx, storage.Range{Prefix: storage.K(g.ID)}) {
		if err != nil {
			return err
		}
		if err := dropSegments(tx, e.Value.ID); err != nil {
			return err
		}
	}
	for _, drop := range []func(storage.Tx, storage.Key) (int, error){
		streams.DeletePrefix, moments.DeletePrefix, dataKeys.DeletePrefix, usages.DeletePrefix, forwards.DeletePrefix,
	} {
		if _, err := drop(tx, storage.K(g.ID)); err != nil {
			return err
		}
	}
	if _, err := syslogConfigurations.DeletePrefix(tx, p.key(g.Name)); err != nil {
		return err
	}
	return groups.Delete(tx, p.key(g.Name))
}

// dropSegments removes the segments of a stream.
func dropSegments(tx storage.Tx, streamID string) error {
	for e, err := range segments.Scan(tx, storage.Range{Prefix: storage.K(streamID)}) {
		if err != nil {
			return err
		}
		if err := tx.DropBlob(e.Value.Blob); err != nil {
			return err
		}
		if err := segments.Delete(tx, e.Key); err != nil {
			return err
		}
	}
	return nil
}

// PutLogGroupDeletionProtection sets whether DeleteLogGroup is refused.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogGroupDeletionProtection.html
func (s *Service) PutLogGroupDeletionProtection(ctx context.Context, in *logsapi.PutLogGroupDeletionProtectionRequest) (*api.None, error) {
	name, err := groupName(ctx, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, s.change(ctx, "PutLogGroupDeletionProtection", name, func(g *group) error {
		g.Protected = in.DeletionProtectionEnabled
		return nil
	})
}

// authorizedGroup asks whether the caller may perform the action on the group
// and returns it. The permission comes first: whether a group exists is not
// told to those who may not know.
func (s *Service) authorizedGroup(ctx context.Context, action, name string) (group, error) {
	p := placeOf(ctx)
	g, err := s.group(ctx, name)
	if denied := s.authorize(ctx, action, p.stream(name, ""), auth.ResourceTags(g.Tags)); denied != nil {
		return g, denied
	}
	return g, err
}

// group reads the group of that name.
func (s *Service) group(ctx context.Context, name string) (g group, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		g, err = findGroup(tx, placeOf(ctx), name)
		return err
	})
	return g, err
}

// change authorizes the action and applies fn to the group.
func (s *Service) change(ctx context.Context, action, name string, fn func(*group) error) error {
	p := placeOf(ctx)
	if _, err := s.authorizedGroup(ctx, action, name); err != nil {
		return err
	}
	return s.edit(ctx, p, name, fn)
}

// edit applies fn to the group and stores it.
func (s *Service) edit(ctx context.Context, p place, name string, fn func(*group) error) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		g, err := findGroup(tx, p, name)
		if err != nil {
			return err
		}
		if err := fn(&g); err != nil {
			return err
		}
		return groups.Put(tx, p.key(name), g)
	})
}

// groupName returns the name of the group that an identifier, a name or an
// ARN, stands for.
func groupName(ctx context.Context, identifier string) (string, error) {
	if !strings.HasPrefix(identifier, "arn:") {
		return identifier, nil
	}
	p := placeOf(ctx)
	a, err := arn.Parse(strings.TrimSuffix(identifier, ":*"))
	if err != nil || a.Service != "logs" || a.Region != p.region || a.Account != p.account {
		return "", badIdentifier(identifier)
	}
	name, ok := strings.CutPrefix(a.Resource, "log-group:")
	if !ok || name == "" || strings.Contains(name, ":") {
		return "", badIdentifier(identifier)
	}
	return name, nil
}

// named returns the group that a call means by one of its two members.
func named(ctx context.Context, name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", nameAndARN()
	case name != nil:
		return *name, nil
	case identifier != nil:
		return groupName(ctx, *identifier)
	}
	return "", noName()
}

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// either returns err, or what otherwise returns if there is none.
func either(err error, otherwise func() error) error {
	if err != nil {
		return err
	}
	return otherwise()
}
