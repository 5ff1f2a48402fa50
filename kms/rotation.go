package kms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// maxOnDemand is how many on-demand rotations a key may have. In 2025 AWS was
// seen to refuse the eleventh; it has raised the limit since.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
const maxOnDemand = 25

// beforeAutomatic is how long before an automatic rotation none is made on
// demand.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
const beforeAutomatic = 20 * time.Minute

// rotation is the schedule of a key's automatic rotation.
// https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
type rotation struct {
	Period int32     `cbor:"1,keyasint"` // days
	Next   time.Time `cbor:"2,keyasint"`
}

// every is a schedule that begins now.
func every(days int32, now time.Time) *rotation {
	r := &rotation{Period: days}
	r.Next = now.Add(r.period())
	return r
}

func (r *rotation) period() time.Duration { return days(r.Period) }

// owed lists the rotations that are due and not made, up to now.
func (r *rotation) owed(now time.Time) (dates []time.Time) {
	for date := r.Next; !date.After(now); date = date.Add(r.period()) {
		dates = append(dates, date)
	}
	return dates
}

// due says that an automatic rotation may be owed.
func (r *record) due(now time.Time) bool {
	return r.Rotation != nil && !now.Before(r.Rotation.Next)
}

// reschedule replaces the schedule of a key, nil for none. The caller stores
// the record.
func reschedule(tx storage.Tx, r *record, to *rotation) error {
	if r.Rotation != nil {
		if err := schedules.Delete(tx, scheduleAt(r)); err != nil {
			return err
		}
	}
	if r.Rotation = to; to == nil {
		return nil
	}
	return schedules.Put(tx, scheduleAt(r), struct{}{})
}

// scheduleAt is the row of a key's next automatic rotation.
func scheduleAt(r *record) storage.Key { return storage.K(r.Rotation.Next, r.Account, r.Region, r.ID) }

// EnableKeyRotation starts automatic rotation, or changes its period.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
//
// Unverified: a changed period counts from now.
func (s *Service) EnableKeyRotation(ctx context.Context, in *kmsapi.EnableKeyRotationRequest) (*api.None, error) {
	period := or(in.RotationPeriodInDays, managedYear)
	ask := on(ctx, "EnableKeyRotation").inAccount()
	ask.set("kms:rotationperiodindays", strconv.Itoa(int(period)))
	return s.setRotation(ctx, in.KeyId, ask, every(period, s.clock.Now()))
}

// DisableKeyRotation ends automatic rotation.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKeyRotation.html
func (s *Service) DisableKeyRotation(ctx context.Context, in *kmsapi.DisableKeyRotationRequest) (*api.None, error) {
	return s.setRotation(ctx, in.KeyId, on(ctx, "DisableKeyRotation").inAccount(), nil)
}

func (s *Service) setRotation(ctx context.Context, keyID string, ask *request, to *rotation) (*api.None, error) {
	k, err := s.open(ctx, keyID, keyForms, ask)
	if err != nil {
		return nil, err
	}
	if err := k.rotates(); err != nil {
		return nil, err
	}
	return done(s.change(ctx, k, forUse, func(tx storage.Tx, r *record) error {
		return spread(tx, r, func(r *record) error { return reschedule(tx, r, to) })
	}))
}

// rotates refuses keys that have no automatic rotation of their own.
func (r *record) rotates() error {
	switch {
	case r.Spec != kmsapi.KeySpecSymmetricDefault:
		return unsupported()
	case r.Origin != kmsapi.OriginTypeAwsKms:
		return wrongOrigin(r.arn(), r.Origin)
	case !r.primary():
		return notPrimary(r.arn())
	}
	return nil
}

// GetKeyRotationStatus tells whether and when a key is rotated. Of a key that
// can't be rotated it says that it is not: Terraform's provider asks about every
// key.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyRotationStatus.html
//
// Unverified: the answer for a key with imported material.
func (s *Service) GetKeyRotationStatus(ctx context.Context, in *kmsapi.GetKeyRotationStatusRequest) (*kmsapi.GetKeyRotationStatusResponse, error) {
	k, err := s.open(ctx, in.KeyId, keyForms, on(ctx, "GetKeyRotationStatus"))
	if err != nil {
		return nil, err
	}
	state := k.state()
	if state == kmsapi.KeyStatePendingImport || k.stored() {
		return nil, wrongOrigin(k.arn(), k.Origin)
	}
	out := &kmsapi.GetKeyRotationStatusResponse{KeyId: new(k.arn()), KeyRotationEnabled: new(false)}
	if k.Rotation != nil && dying&stateBits[state] == 0 {
		out.KeyRotationEnabled = new(true)
		out.RotationPeriodInDays, out.NextRotationDate = &k.Rotation.Period, &k.Rotation.Next
	}
	return out, nil
}

// RotateKeyOnDemand gives a key new material at once, or makes imported
// material current that waits for it. Nothing else changes.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
func (s *Service) RotateKeyOnDemand(ctx context.Context, in *kmsapi.RotateKeyOnDemandRequest) (*kmsapi.RotateKeyOnDemandResponse, error) {
	k, err := s.openOwn(ctx, in.KeyId, "RotateKeyOnDemand")
	if err != nil {
		return nil, err
	}
	if k.Spec != kmsapi.KeySpecSymmetricDefault {
		return nil, unsupported()
	}
	if k.stored() {
		return nil, wrongOrigin(k.arn(), k.Origin)
	}
	if !k.primary() {
		return nil, notPrimary(k.arn())
	}
	if err := require(k.arn(), k.state(), forRotation); err != nil {
		return nil, err
	}
	if err := k.rotatable(s.clock.Now(), s.quotas.OnDemandRotations); err != nil {
		return nil, err
	}
	if err := s.rotateNow(ctx, k); err != nil {
		return nil, err
	}
	return &kmsapi.RotateKeyOnDemandResponse{KeyId: new(k.arn())}, nil
}

// rotatable refuses another rotation on demand.
func (r *record) rotatable(now time.Time, quota int) error {
	switch {
	case r.OnDemand >= quota:
		return onDemandLimit(r.arn())
	case r.Rotation != nil && r.Rotation.Next.Sub(now) < beforeAutomatic:
		return rotationSoon()
	}
	return nil
}

// rotateNow makes one rotation on demand.
func (s *Service) rotateNow(ctx context.Context, k *key) error {
	if k.Origin == kmsapi.OriginTypeExternal {
		was := k.Material
		var now record
		err := s.change(ctx, k, forRotation, func(tx storage.Tx, r *record) error {
			r.OnDemand++
			defer func() { now = *r }()
			return s.promote(tx, r, s.clock.Now())
		})
		if err == nil {
			s.noteRotation(ctx, &now, kmsapi.RotationTypeOnDemand, was, now.Material)
		}
		return err
	}
	m, err := s.renew(ctx, &k.record)
	if err != nil {
		return fmt.Errorf("kms: rotate %s: %w", k.arn(), err)
	}
	now := s.clock.Now()
	err = s.change(ctx, k, forRotation, func(tx storage.Tx, r *record) error {
		if err := r.rotatable(now, s.quotas.OnDemandRotations); err != nil {
			return err
		}
		if !slices.Equal(r.regions(), k.regions()) {
			return rotationSoon() // replicated meanwhile
		}
		r.OnDemand++
		return s.install(tx, r, m, now, kmsapi.RotationTypeOnDemand)
	})
	if err != nil {
		return errors.Join(err, s.discard(ctx, m))
	}
	s.noteRotation(ctx, &k.record, kmsapi.RotationTypeOnDemand, k.Material, m.id)
	return nil
}

// catchUp makes the automatic rotations that the key or its primary key is
// owed: each at its date, so that it does not matter when somebody looks.
func (s *Service) catchUp(ctx context.Context, r *record) error {
	primary, err := s.primaryOf(ctx, r)
	now := s.clock.Now()
	if err != nil || primary == nil || !primary.due(now) || forUse&stateBits[primary.state()] == 0 {
		return err
	}
	dates := primary.Rotation.owed(now)
	made := make([]renewal, 0, len(dates))
	for range dates {
		m, err := s.renew(ctx, primary)
		if err != nil {
			return errors.Join(err, s.discard(ctx, made...))
		}
		made = append(made, m)
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return s.rotateAll(tx, primary, made, dates) })
	if err != nil {
		err = errors.Join(err, s.discard(ctx, made...))
	}
	if errors.Is(err, errTaken) {
		return nil
	}
	if err == nil {
		s.noteRotations(ctx, primary, made)
	}
	return err
}

// rotateAll stores automatic rotations. errTaken if the key has changed since
// it was read.
func (s *Service) rotateAll(tx storage.Tx, was *record, made []renewal, dates []time.Time) error {
	r, err := s.current(tx, was.Account, was.Region, was.ID)
	if err != nil {
		return err
	}
	if r.Rotation == nil || !r.Rotation.Next.Equal(was.Rotation.Next) || !slices.Equal(r.regions(), was.regions()) || r.state() != was.state() {
		return errTaken
	}
	for i, date := range dates {
		if err := s.install(tx, &r, made[i], date, kmsapi.RotationTypeAutomatic); err != nil {
			return err
		}
	}
	next := every(was.Rotation.Period, dates[len(dates)-1])
	err = spread(tx, &r, func(r *record) error { return reschedule(tx, r, next) })
	return errors.Join(err, keys.Put(tx, r.place(), r))
}

// resume brings the schedule of a key up to date that was disabled: one
// rotation that was missed in the meantime is made at once, the others are not.
// https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
func resume(tx storage.Tx, r *record, now time.Time) error {
	if !r.due(now) || !r.primary() {
		return nil
	}
	to := &rotation{Period: r.Rotation.Period, Next: now}
	return spread(tx, r, func(r *record) error { return reschedule(tx, r, to) })
}

// sweepRotations makes the automatic rotations that are owed at now.
func (s *Service) sweepRotations(ctx context.Context, now time.Time) error {
	rows, err := rowsUntil(ctx, s, schedules, now)
	if err != nil {
		return err
	}
	var failed []error
	for _, at := range rows {
		part := at.Strings()
		_, err := s.find(ctx, name{account: part[1], region: part[2], id: part[3]})
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
