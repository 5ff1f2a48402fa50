package emulator

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"sealstack/wire"
)

// drainTime is how long calls under way may take to finish when serving ends.
const drainTime = 10 * time.Second

// Serve answers on the listener until ctx ends, then lets the calls under way
// finish, for ten seconds at most. It closes the listener.
func (e *Emulator) Serve(ctx context.Context, l net.Listener) error {
	return e.serve(ctx, l, drainTime)
}

// serve is Serve with another patience than drainTime.
func (e *Emulator) serve(ctx context.Context, l net.Listener, patience time.Duration) error {
	server := wire.NewServer(e.handler, e.log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	switch err := server.Shutdown(drain); {
	case errors.Is(err, context.DeadlineExceeded): // a client that stalls is no reason to fail
		return server.Close()
	case err != nil:
		return errors.Join(err, server.Close())
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
