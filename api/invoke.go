package api

import (
	"context"
	"reflect"
)

// Op is one operation of a service with the API interface S.
type Op[S, In, Out any] struct {
	*Operation
	do func(S, context.Context, *In) (*Out, error)
}

// NewOp describes an operation; generated code calls it.
func NewOp[S, In, Out any](name string, do func(S, context.Context, *In) (*Out, error), http HTTP, errors ...string) Op[S, In, Out] {
	op := Op[S, In, Out]{do: do, Operation: &Operation{
		Name: name, Input: reflect.TypeFor[In](), Output: reflect.TypeFor[Out](), Errors: errors, HTTP: http,
	}}
	op.call = func(d Door, c *invocation) (any, error) {
		out, err := Invoke(c.ctx, d.(*Endpoint[S]), op, c.in.(*In))
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	return op
}

// invocation is the argument of an erased call.
type invocation struct {
	ctx context.Context
	in  any
}

// Door is an [Endpoint] whose types are erased, as the edge holds it.
type Door interface {
	// Describe returns the service behind the door.
	Describe() *Service
	// Call passes in, a pointer to op.Input, through the door. The answer is a
	// pointer to op.Output, or nil with the error.
	Call(ctx context.Context, op *Operation, in any) (any, error)
}

// Endpoint is the one door to a service whose API interface is S, for the
// edge and for the other services of the process alike.
type Endpoint[S any] struct {
	Service  *Service
	Impl     S
	Recorder Recorder // may be nil: then nobody hears of the calls
	Limiter  Limiter  // may be nil: then every call reaches the service
}

// Limiter may refuse a call before the service sees it. It must be quick and
// safe for concurrent use.
type Limiter interface {
	// Admit returns the error that the call is answered with, nil if it may go
	// on. In is a pointer to op.Input.
	Admit(ctx context.Context, op *Operation, in any) error
}

// Describe returns the service behind the door.
func (e *Endpoint[S]) Describe() *Service { return e.Service }

// Call passes an input whose type is erased through the door.
func (e *Endpoint[S]) Call(ctx context.Context, op *Operation, in any) (any, error) {
	return op.call(e, &invocation{ctx, in})
}

// Invoke passes one call through the door: the service answers it, then the
// recorder hears of it. The context holds the [Caller].
func Invoke[S, In, Out any](ctx context.Context, e *Endpoint[S], op Op[S, In, Out], in *In) (*Out, error) {
	var out *Out
	err := e.admit(ctx, op.Operation, in)
	if err == nil {
		out, err = op.do(e.Impl, ctx, in)
	}
	if e.Recorder != nil {
		e.Recorder.Record(ctx, Call{Service: e.Service, Operation: op.Operation, In: in, Out: out, Err: err})
	}
	return out, err
}

// admit asks the limiter, if there is one.
func (e *Endpoint[S]) admit(ctx context.Context, op *Operation, in any) error {
	if e.Limiter == nil {
		return nil
	}
	return e.Limiter.Admit(ctx, op, in)
}

// Call is what a [Recorder] hears of a call that has been answered.
type Call struct {
	Service   *Service
	Operation *Operation
	In        any   // pointer to Operation.Input; nil if the parameters could not be read
	Out       any   // pointer to Operation.Output, nil pointer on error, nil without In
	Err       error // nil on success
}

// Recorder hears of every call once it has been answered. It must take what
// it needs by value and return without waiting for I/O.
type Recorder interface {
	Record(ctx context.Context, c Call)
}
