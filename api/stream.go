package api

import "iter"

// Stream is the event stream of an answer (StartLiveTail, GetLogObject). E is
// a struct with one pointer for each kind of event, of which exactly one is
// set. The edge ranges over the stream and sends each event at once; it breaks
// off when the client has gone. An error ends the stream: an [Error] that the
// model lists for the stream is sent as an exception message.
type Stream[E any] iter.Seq2[*E, error]

// Events ranges over the stream with the type of its events erased.
func (s Stream[E]) Events() iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		s(func(e *E, err error) bool { return yield(e, err) })
	}
}

// EventStream is a [Stream] whose type is erased, as the edge sees it. Each
// event is a pointer to the stream's union struct.
type EventStream interface {
	Events() iter.Seq2[any, error]
}
