package kms

import (
	"context"

	"sealstack/api/kmsapi"
)

// ServiceEvent is something that KMS has done without being asked: a rotation,
// the destruction of a key or of its imported material,
// a copy to a replica. The last has no details and is recorded as a call.
// https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
type ServiceEvent struct {
	Name            string // "RotateKey"
	Account, Region string
	Key             string         // ARN
	Details         map[string]any // serviceEventDetails; nil for none
}

// note tells whoever listens of an event of a key; keyId is added to the
// details.
//
// Unverified: serviceEventDetails of DeleteKey.
func (s *Service) note(ctx context.Context, r *record, name string, details map[string]any) {
	if s.noted == nil {
		return
	}
	told := map[string]any{"keyId": r.ID}
	for k, v := range details {
		told[k] = v
	}
	s.noted(ctx, ServiceEvent{Name: name, Account: r.Account, Region: r.Region, Key: r.arn(), Details: told})
}

// noteRotation tells of a rotation in each Region of the key; and that the
// replicas, if any, were given the material.
//
// Unverified: that replicas have a RotateKey event of their own.
func (s *Service) noteRotation(ctx context.Context, r *record, how kmsapi.RotationType, from, to string) {
	for _, region := range r.regions() {
		there := *r
		there.Region = region
		s.note(ctx, &there, "RotateKey", map[string]any{
			"rotationType": how, "keyOrigin": r.Origin, "previousKeyMaterialId": from, "currentKeyMaterialId": to,
		})
	}
	s.noteSynchronization(ctx, r)
}

// noteRotations tells of automatic rotations, one after the other.
func (s *Service) noteRotations(ctx context.Context, r *record, made []renewal) {
	from := r.Material
	for _, m := range made {
		s.noteRotation(ctx, r, kmsapi.RotationTypeAutomatic, from, m.id)
		from = m.id
	}
}

// noteSynchronization tells that what related keys share was copied to the
// replicas. The primary key is named.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-synchronize-multi-region-key.html
//
// Unverified: when AWS does it besides; it says periodically.
func (s *Service) noteSynchronization(ctx context.Context, r *record) {
	if r.Multi == nil || len(r.Multi.Regions) < 2 {
		return
	}
	primary := *r
	primary.Region = r.Multi.Primary
	if s.noted != nil {
		s.noted(ctx, ServiceEvent{Name: "SynchronizeMultiRegionKey", Account: r.Account, Region: primary.Region, Key: primary.arn()})
	}
}
