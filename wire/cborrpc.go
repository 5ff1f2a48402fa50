package wire

import (
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/gorilla/mux"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/cbor"
	"sealstack/wire/plan"
)

// cborProtocol is Smithy RPC v2 CBOR.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
type cborProtocol struct{}

// cborHeader names the protocol in requests and answers.
const (
	cborHeader = "Smithy-Protocol"
	cborName   = "rpc-v2-cbor"
)

func (cborProtocol) contentType() string { return "application/cbor" }

// hasCBOR reports whether a request says that it is of the protocol.
func hasCBOR(r *http.Request, _ *mux.RouteMatch) bool { return r.Header.Get(cborHeader) == cborName }

// findCBOR finds the operation in the path /service/PREFIX/operation/NAME;
// anything may stand before it.
func (e *edge) findCBOR(c *call) error {
	c.protocol = cborProtocol{}
	parts := strings.Split(c.r.URL.Path, "/")
	n := len(parts)
	if c.r.Method != http.MethodPost || n < 5 || parts[n-4] != "service" || parts[n-2] != "operation" {
		return unknownOperation(404)
	}
	s := e.services.byTarget[parts[n-3]]
	if s == nil || !s.Speaks(api.CBOR) {
		return unknownOperation(404)
	}
	c.service = s
	if c.op = s.operations[parts[n-1]]; c.op != nil {
		return nil
	}
	if s.omits(parts[n-1]) {
		return api.NotImplemented(s.ID, parts[n-1])
	}
	return unknownOperation(404)
}

func (cborProtocol) decode(c *call) (any, error) {
	t, _ := c.op.plans()
	in := reflect.New(t.Go)
	var check plan.Checker
	err := cbor.Decode(t, c.body, in.Interface(), &check)
	if syntax, ok := errors.AsType[*cbor.SyntaxError](err); ok {
		return nil, frontEnd(400, "SerializationException", syntax.Message)
	}
	if err != nil {
		return nil, err
	}
	if !check.OK() {
		return nil, violated(c, check.Message(true))
	}
	return in.Interface(), nil
}

func (p cborProtocol) answer(c *call, out any) {
	c.w.Header().Set(cborHeader, cborName)
	c.write(c.op.HTTP.Status, func(b []byte) []byte {
		_, t := c.op.plans()
		if t == nil {
			return cbor.AppendTree(b, map[string]any{})
		}
		return cbor.Append(b, t, out)
	})
}

func (cborProtocol) mark(c *call, e *api.Error) {
	c.w.Header().Set(cborHeader, cborName)
	markCompatible(c, e)
}

// refuse writes the error's name, its message if it has one, and its further
// members.
func (cborProtocol) refuse(b []byte, c *call, e *api.Error) []byte {
	members := map[string]any{"__type": written(c, e)}
	if e.Message != "" {
		members["message"] = e.Message
	}
	for name, field := range e.Fields {
		members[name] = cbor.Tree(fieldPlan(c, field), reflect.ValueOf(field))
	}
	return cbor.AppendTree(b, members)
}

func (cborProtocol) failure(f *auth.Failure, s *api.Service) *api.Error {
	return compatibleFailure(f, s)
}
