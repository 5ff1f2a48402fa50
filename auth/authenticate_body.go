package auth

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sealstack/auth/sigv4"
)

// coverBody sees to it that a body sent to S3 is checked against what the
// signature says of it.
func (t *attempt) coverBody(body []byte) error {
	if !t.s3() {
		return nil // the hash of the body has been signed
	}
	payload, err := sigv4.ParsePayload(t.payload)
	switch {
	case err != nil:
		return t.sentence(PayloadHashInvalid, t.payload)
	case payload.Chunked:
		return t.unchunk(payload)
	case payload.Hash == "":
		return nil
	case body != nil || t.r.Body == nil || t.r.Body == http.NoBody:
		if got := sigv4.HashPayload(body); !strings.EqualFold(got, payload.Hash) {
			return t.bodyFailure(&sigv4.Error{Problem: sigv4.PayloadMismatch, Value: got})
		}
		return nil
	}
	t.r.Body = &coveredBody{Reader: sigv4.NewHashReader(t.r.Body, payload.Hash), Closer: t.r.Body, t: t}
	return nil
}

// anonymousBody takes the framing off the body of a request without a
// signature.
func (t *attempt) anonymousBody() error {
	if t.payload = t.r.Header.Get("X-Amz-Content-Sha256"); t.payload == "" {
		return nil
	}
	return t.coverBody(nil)
}

// unchunk replaces the body by a reader of what is in its chunks.
func (t *attempt) unchunk(payload sigv4.Payload) error {
	h := t.r.Header
	length, err := strconv.ParseInt(h.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return t.failure(MissingLength)
	}
	if t.r.Body == nil {
		t.r.Body = http.NoBody
	}
	reader := sigv4.NewChunkReader(t.r.Body, sigv4.ChunkOptions{
		Payload: payload, Length: length, Trailer: listed(h.Values("X-Amz-Trailer")),
		Chain: sigv4.Chain{Key: t.key(), Time: t.auth.Time, Scope: t.auth.Scope, Previous: t.auth.Signature},
	})
	t.r.Body = &coveredBody{Reader: reader, Closer: t.r.Body, t: t, chunks: reader}
	t.r.ContentLength = length
	dropChunked(h)
	return nil
}

// listed splits a header that holds a list.
func listed(values []string) (items []string) {
	for item := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// dropChunked takes aws-chunked, which says how the body was sent and not
// what it is, out of Content-Encoding.
func dropChunked(h http.Header) {
	codings := listed(h.Values("Content-Encoding"))
	kept := slices.DeleteFunc(codings, func(coding string) bool { return strings.EqualFold(coding, "aws-chunked") })
	h.Del("Content-Encoding")
	if len(kept) > 0 {
		h.Set("Content-Encoding", strings.Join(kept, ","))
	}
}

// coveredBody is a body that is checked while it is read.
type coveredBody struct {
	io.Reader
	io.Closer
	t      *attempt
	chunks *sigv4.ChunkReader
}

func (b *coveredBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == nil {
		return n, nil
	}
	if err == io.EOF && b.chunks != nil {
		b.t.r.Trailer = b.chunks.Trailer()
	}
	if problem := (*sigv4.Error)(nil); errors.As(err, &problem) {
		return n, b.t.bodyFailure(problem)
	}
	return n, err
}

var bodyKinds = map[sigv4.Problem]FailureKind{
	sigv4.PayloadMismatch: PayloadMismatch, sigv4.IncompleteBody: IncompleteBody,
	sigv4.MalformedChunk: MalformedChunk, sigv4.ChunkTooSmall: ChunkTooSmall,
	sigv4.MalformedTrailer: MalformedTrailer,
	sigv4.ChunkMismatch:    SignatureMismatch, sigv4.TrailerMismatch: SignatureMismatch,
}

func (t *attempt) bodyFailure(p *sigv4.Error) *Failure {
	f := t.failure(bodyKinds[p.Problem])
	switch f.Kind {
	case PayloadMismatch:
		f.ClientHash, f.ServerHash = t.payload, p.Value
	case ChunkTooSmall:
		f.Detail = p.Value
	case SignatureMismatch:
		f.StringToSign, f.SignatureProvided = p.Value, p.Provided
	}
	return f
}
