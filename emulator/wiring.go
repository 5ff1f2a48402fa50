package emulator

import (
	"context"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/organizationsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/iam"
	"sealstack/kms"
	"sealstack/logs"
	"sealstack/organizations"
	"sealstack/s3sim"
	"sealstack/wire"
)

// lateAuthorizer is an authorizer that is set after the services that use it
// are made: IAM and Organizations decide nothing without it, and it asks both.
type lateAuthorizer struct{ *auth.Authorizer }

// wire makes the services and the edge over them.
func (e *Emulator) wire() {
	e.sweeps = clock.NewSweeps(e.clock, func(name string, err error) { e.log.Error("sweep", "room", name, "error", err) })
	doors := e.identity()
	doors = append(doors, e.data()...)
	for i, d := range doors {
		doors[i] = e.gate.around(d)
	}
	// S3's bodies stream: its calls stay outside the gate.
	doors = append(doors, &api.Endpoint[s3api.API]{Service: s3api.Service, Impl: e.s3, Recorder: e.iam})
	e.handler = wire.New(wire.Config{Doors: doors, Auth: e.authenticator(), Control: e.control(), Log: e.log})
}

// identity makes IAM, STS, Organizations and the authorizer.
func (e *Emulator) identity() []api.Door {
	authorizer := &lateAuthorizer{}
	e.iam = iam.New(iam.Config{Store: e.store, Root: e.root, Clock: e.clock, Authorizer: authorizer})
	iamDoor := &api.Endpoint[iamapi.API]{Service: iamapi.Service, Impl: e.iam.IAM(), Recorder: e.iam}
	e.orgs = organizations.New(organizations.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: authorizer, Roles: iamapi.Client{Endpoint: iamDoor},
	})
	e.decisions = auth.NewDecisions(decisionsKept)
	e.authorizer = auth.NewAuthorizer(e.iam, e.clock, auth.WithDecisions(e.decisions), auth.WithOrganizations(e.orgs))
	authorizer.Authorizer = e.authorizer
	e.sweeps.Register("iam", e.gate.sweep(func(ctx context.Context, _ time.Time) error { return e.iam.Sweep(ctx) }))
	return []api.Door{
		iamDoor,
		&api.Endpoint[stsapi.API]{Service: stsapi.Service, Impl: e.iam.STS(), Recorder: e.iam},
		&api.Endpoint[organizationsapi.API]{Service: organizationsapi.Service, Impl: e.orgs, Recorder: e.iam},
	}
}

// data makes KMS and the services whose data its keys protect. They call it
// through its own door, from inside the gate.
func (e *Emulator) data() []api.Door {
	delays, _ := e.config.delays() // checked at the start
	e.kms = kms.New(kms.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer, Principals: principals{e.iam},
		GrantDelay: delays.grant,
	})
	kmsDoor := &api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Impl: e.kms, Recorder: e.iam}
	e.logs = logs.New(logs.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer,
		Keys:             kmsapi.Client{Endpoint: kmsDoor},
		AssociationDelay: delays.association, DataKeyLifetime: delays.dataKey,
	})
	e.s3 = s3sim.New(s3sim.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer,
		Keys: kmsapi.Client{Endpoint: kmsDoor}, BucketKeyLifetime: delays.dataKey,
	})
	e.sweeps.Register("s3", e.gate.sweep(e.s3.Sweep))
	e.sweeps.Register("kms", e.gate.sweep(e.kms.Sweep))
	e.sweeps.Register("logs", e.gate.sweep(e.logs.Sweep))
	return []api.Door{kmsDoor, &api.Endpoint[logsapi.API]{Service: logsapi.Service, Impl: e.logs, Recorder: e.iam}}
}
