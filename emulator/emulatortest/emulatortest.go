// Package emulatortest starts Sealstack inside a Go test:
//
//	server := emulatortest.Start(t)
//	// point a client at server.URL
//
// Everything is kept in memory and gone at the end of the test, unless a data
// directory is given. Tests of any module may import it.
package emulatortest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"sealstack/emulator"
)

// Server is an emulator that listens on a port of its own.
type Server struct {
	// URL is the endpoint for clients. It stays the same over a restart.
	URL string

	t       testing.TB
	config  emulator.Config
	current atomic.Pointer[emulator.Emulator]
}

// Option changes the configuration of the emulator.
type Option func(*emulator.Config)

// WithDataDir keeps the emulator's data in a directory, so that it outlives a
// [Server.Restart].
func WithDataDir(dir string) Option {
	return func(c *emulator.Config) { c.Ephemeral, c.DataDir = false, dir }
}

// WithTiming sets the profile of AWS's delays; without it there are none.
func WithTiming(t emulator.Timing) Option {
	return func(c *emulator.Config) { c.Timing = t }
}

// WithConfig changes any part of the configuration.
func WithConfig(change func(*emulator.Config)) Option { return change }

// Start starts an emulator and stops it at the end of the test. Without
// options it keeps everything in memory and has no delays.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s := &Server{t: t, config: emulator.DefaultConfig()}
	s.config.Ephemeral, s.config.Timing = true, emulator.Instant
	s.config.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	for _, o := range options {
		o(&s.config)
	}
	s.start()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.current.Load().Handler().ServeHTTP(w, r)
	}))
	s.URL = server.URL
	t.Cleanup(func() {
		server.Close()
		s.stop()
	})
	return s
}

// Emulator returns the running emulator.
func (s *Server) Emulator() *emulator.Emulator { return s.current.Load() }

// Now returns the emulator's time.
func (s *Server) Now() time.Time { return s.Emulator().Clock().Now() }

// Advance moves the emulator's clock; what became due has then been done.
func (s *Server) Advance(by time.Duration) {
	s.t.Helper()
	if err := s.Emulator().Advance(context.Background(), by); err != nil {
		s.t.Fatalf("advance by %s: %v", by, err)
	}
}

// Restart stops the emulator and starts it again over the same data. No call
// may be under way.
func (s *Server) Restart() {
	s.t.Helper()
	s.stop()
	s.start()
}

func (s *Server) start() {
	s.t.Helper()
	e, err := emulator.Start(context.Background(), s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	s.current.Store(e)
}

func (s *Server) stop() {
	if err := s.Emulator().Close(); err != nil {
		s.t.Errorf("close: %v", err)
	}
}
