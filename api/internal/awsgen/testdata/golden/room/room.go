// Package room implements two operations of tinyapi, one of them by a type
// that it embeds.
package room

import (
	"context"

	"sealstack/api"
	"sealstack/api/internal/awsgen/testdata/golden/tinyapi"
)

// Service implements a part of tinyapi.API.
type Service struct {
	tinyapi.Unimplemented
	pinger
}

// PutThing is implemented by the type itself.
func (*Service) PutThing(context.Context, *tinyapi.PutThingRequest) (*tinyapi.PutThingOutput, error) {
	return &tinyapi.PutThingOutput{}, nil
}

// Ping is implemented, and says which of two embedded methods is meant.
func (s *Service) Ping(ctx context.Context, in *api.None) (*api.None, error) {
	return s.pinger.Ping(ctx, in)
}

type pinger struct{}

func (pinger) Ping(context.Context, *api.None) (*api.None, error) { return &api.None{}, nil }

// Smaller implements nothing.
type Smaller struct{ tinyapi.Unimplemented }

// Other is no service.
type Other struct{}
