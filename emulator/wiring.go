package emulator

import (
	"context"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/cloudtraildataapi"
	"sealstack/api/cloudwatchapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/organizationsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/cloudtrail"
	"sealstack/iam"
	"sealstack/kms"
	"sealstack/kms/attestation"
	"sealstack/logs"
	"sealstack/metrics"
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
	e.recorders = &recorders{}
	c := e.clients()
	e.identity(c)
	e.data(c)
	e.trail(c)
	*e.recorders = recorders{e.iam, e.trails}
	doors := []api.Door{
		c.kms.Endpoint, c.logs.Endpoint, c.iam.Endpoint, c.sts.Endpoint, c.organizations.Endpoint, c.cloudtrail.Endpoint, c.audit.Endpoint,
		c.cloudwatch.Endpoint,
	}
	for i, d := range doors {
		doors[i] = e.gate.around(d)
	}
	doors = append(doors, c.s3.Endpoint) // its bodies stream: its calls stay outside the gate
	authenticator := e.authenticator()
	e.handler = withConnection(wire.New(wire.Config{
		Doors: doors, Auth: authenticator, Control: e.control(), Log: e.log,
		Recorder: e.recorders,
		CORS:     s3sim.NewCORS(e.s3, e.config.CORSOrigins), Forms: s3sim.NewForms(c.s3, authenticator, clock.Real()), Buckets: e.s3,
	}))
}

// recorders hear of every call, one after the other.
type recorders []api.Recorder

// Record implements api.Recorder.
func (list *recorders) Record(ctx context.Context, c api.Call) {
	for _, r := range *list {
		r.Record(ctx, c)
	}
}

// clients call the services through their doors, as the network does. A
// service stands behind its door when it has been made.
type clients struct {
	kms           kmsapi.Client
	logs          logsapi.Client
	iam           iamapi.Client
	sts           stsapi.Client
	organizations organizationsapi.Client
	s3            s3api.Client
	cloudtrail    cloudtrailapi.Client
	audit         cloudtraildataapi.Client
	cloudwatch    cloudwatchapi.Client
}

func (e *Emulator) clients() *clients {
	return &clients{
		kms:           kmsapi.Client{Endpoint: &api.Endpoint[kmsapi.API]{Service: kmsapi.Service, Recorder: e.recorders}},
		logs:          logsapi.Client{Endpoint: &api.Endpoint[logsapi.API]{Service: logsapi.Service, Recorder: e.recorders}},
		iam:           iamapi.Client{Endpoint: &api.Endpoint[iamapi.API]{Service: iamapi.Service, Recorder: e.recorders}},
		sts:           stsapi.Client{Endpoint: &api.Endpoint[stsapi.API]{Service: stsapi.Service, Recorder: e.recorders}},
		organizations: organizationsapi.Client{Endpoint: &api.Endpoint[organizationsapi.API]{Service: organizationsapi.Service, Recorder: e.recorders}},
		s3:            s3api.Client{Endpoint: &api.Endpoint[s3api.API]{Service: s3api.Service, Recorder: e.recorders}},
		audit:         cloudtraildataapi.Client{Endpoint: &api.Endpoint[cloudtraildataapi.API]{Service: cloudtraildataapi.Service, Recorder: e.recorders}},
		cloudtrail:    cloudtrailapi.Client{Endpoint: &api.Endpoint[cloudtrailapi.API]{Service: cloudtrailapi.Service, Recorder: e.recorders}},
		cloudwatch:    cloudwatchapi.Client{Endpoint: &api.Endpoint[cloudwatchapi.API]{Service: cloudwatchapi.Service, Recorder: e.recorders}},
	}
}

// identity makes IAM, STS, Organizations and the authorizer.
func (e *Emulator) identity(c *clients) {
	authorizer := &lateAuthorizer{}
	e.iam = iam.New(iam.Config{Store: e.store, Root: e.root, Clock: e.clock, Authorizer: authorizer})
	c.iam.Endpoint.Impl, c.sts.Endpoint.Impl = e.iam.IAM(), e.iam.STS()
	e.orgs = organizations.New(organizations.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: authorizer, Roles: c.iam,
	})
	c.organizations.Endpoint.Impl = e.orgs
	e.decisions = auth.NewDecisions(decisionsKept)
	e.authorizer = auth.NewAuthorizer(e.iam, e.clock, auth.WithDecisions(e.decisions), auth.WithOrganizations(e.orgs))
	authorizer.Authorizer = e.authorizer
	e.sweeps.Register("iam", e.gate.sweep(func(ctx context.Context, _ time.Time) error { return e.iam.Sweep(ctx) }))
}

// data makes KMS and the services whose data its keys protect. They call it
// through its own door, from inside the gate.
func (e *Emulator) data(c *clients) {
	delays, _ := e.config.delays()                           // checked at the start
	roots, _ := attestation.Roots(e.config.AttestationRoots) // checked at the start
	e.kms = kms.New(kms.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer, Principals: principals{e.iam},
		GrantDelay: delays.grant, KeyStoreDelay: delays.keyStore, Quotas: e.config.kmsQuotas(),
		AttestationRoots: roots, ProxyTimeout: e.config.proxyTimeout(), ProxyEndpoints: e.config.ProxyEndpoints, Noted: e.noteKeyEvent,
	})
	e.logs = logs.New(logs.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer, Keys: c.kms,
		AssociationDelay: delays.association, DataKeyLifetime: delays.dataKey, Buckets: c.s3, Metrics: c.cloudwatch, STS: c.sts,
	})
	e.s3 = s3sim.New(s3sim.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer, Keys: c.kms,
		BucketKeyLifetime: delays.dataKey, RestoreAtOnce: e.config.Timing != AWS,
	})
	e.metrics = metrics.New(metrics.Config{Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer})
	c.cloudwatch.Endpoint.Impl = e.metrics
	if e.throttle = e.kmsThrottle(); e.throttle != nil {
		c.kms.Endpoint.Limiter = e.throttle
	}
	c.kms.Endpoint.Impl, c.logs.Endpoint.Impl, c.s3.Endpoint.Impl = e.kms, e.logs, e.s3
	e.sweeps.Register("kms", e.gate.sweep(e.kms.Sweep))
	e.sweeps.Register("logs", e.gate.sweep(e.logs.Sweep))
	e.sweeps.Register("cloudwatch", e.gate.sweep(e.metrics.Sweep))
	e.sweeps.Register("s3", e.gate.sweep(e.s3.Sweep))
}

// trail makes CloudTrail.
func (e *Emulator) trail(c *clients) {
	delays, _ := e.config.delays() // checked at the start
	digests := cloudtrail.DigestSSES3
	if e.config.DigestEncryption == DigestSSEKMS {
		digests = cloudtrail.DigestSSEKMS
	}
	e.trails = cloudtrail.New(cloudtrail.Config{
		Store: e.store, Root: e.root, Clock: e.clock, Authorizer: e.authorizer,
		S3: c.s3, Keys: c.kms, Logs: c.logs, STS: c.sts, Organizations: standings{c.organizations, e.orgs}, Roles: c.iam,
		DeliveryInterval: delays.delivery, DigestInterval: delays.digest, DigestEncryption: digests,
		DataKeyLifetime: delays.dataKey,
		TLS:             tlsOf, Bucket: e.s3.Place,
	})
	c.cloudtrail.Endpoint.Impl, c.audit.Endpoint.Impl = e.trails, e.trails
	e.sweeps.Register("cloudtrail", e.gate.sweep(e.trails.Sweep))
}
