// Package emulator is the wiring: it opens the store, makes the services and
// lets each call the others through the same door as the network. It is the
// only room that knows all the others; cmd/emulator and tests import it.
package emulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"sealstack/auth"
	"sealstack/clock"
	"sealstack/cloudtrail"
	"sealstack/iam"
	"sealstack/kms"
	"sealstack/logs"
	"sealstack/metrics"
	"sealstack/organizations"
	"sealstack/s3sim"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// sweepInterval is how often, in real time, what has become due is done.
const sweepInterval = time.Second

// Emulator is a running Sealstack. Its methods are safe for concurrent use.
type Emulator struct {
	config   Config
	log      *slog.Logger
	store    storage.Store
	root     *seal.Root
	clock    *clock.Movable
	moving   sync.Mutex // held while the clock's offset changes
	gate     gate       // shut while everything is emptied
	sweeps   *clock.Sweeps
	iam      *iam.Service
	orgs     *organizations.Service
	kms      *kms.Service
	throttle *kms.Throttle // nil: no request quotas
	logs     *logs.Service
	metrics  *metrics.Service
	s3       *s3sim.Service
	trails   *cloudtrail.Service
	handler  http.Handler

	recorders  *recorders
	authorizer *auth.Authorizer
	decisions  *auth.Decisions
	stop       func()
}

// Start opens the data directory and returns an emulator that is ready to
// answer. The context bounds the start only. A data directory that another
// process holds, or that a newer version wrote, is an error that says so.
func Start(ctx context.Context, c Config) (*Emulator, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	e := &Emulator{config: c, log: c.Log, clock: clock.NewMovable(clock.Real())}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if err := e.open(); err != nil {
		return nil, err
	}
	if err := e.restoreClock(ctx); err != nil {
		return nil, errors.Join(err, e.store.Close())
	}
	e.wire()
	e.sweeps.Run(ctx)
	e.stop = e.sweeps.Start(sweepInterval)
	return e, nil
}

// Handler answers AWS's clients, and the control routes below /_emulator/.
func (e *Emulator) Handler() http.Handler { return e.handler }

// Clock is the time by which everything in the emulator happens.
func (e *Emulator) Clock() clock.Clock { return e.clock }

// Close stops the sweeps, waits for queries and exports at work, has IAM and
// CloudTrail write down what they hold in memory, and closes the store. Calls
// under way must have ended.
func (e *Emulator) Close() error {
	e.stop()
	e.logs.Settle()
	return errors.Join(e.iam.Sweep(context.Background()), e.trails.Close(), e.store.Close())
}

func (e *Emulator) authenticator() *auth.Authenticator {
	mode := auth.Lenient
	if e.config.Auth == Strict {
		mode = auth.Strict
	}
	return auth.NewAuthenticator(auth.Options{
		Mode: mode, DefaultAccount: e.config.Account, DefaultRegion: e.config.Region,
		RootAccessKey: e.config.RootAccessKey, RootSecretKey: e.config.RootSecretKey,
		Credentials: e.iam, RealClock: clock.Real(), EmulatorClock: e.clock,
	})
}
