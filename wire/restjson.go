package wire

import (
	"encoding/json"
	"net/http"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/plan"
)

// restJSONProtocol is restJson1 as CloudTrail's data service speaks it: paths
// without labels, text in the query string, JSON in the body.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
type restJSONProtocol struct{ jsonProtocol }

func (restJSONProtocol) contentType() string { return "application/json" }

// findRESTJSON finds the operation of a method and a path.
func (e *edge) findRESTJSON(c *call) error {
	c.protocol = c.service.protocol
	for _, op := range c.service.operations {
		if op.HTTP.Method == c.r.Method && op.HTTP.URI == c.r.URL.Path {
			c.op = op
			return nil
		}
	}
	return unknownOperation(http.StatusNotFound)
}

// decode puts the members of the query string into the body's object, so that
// one walk decodes and validates both.
func (p restJSONProtocol) decode(c *call) (any, error) {
	t, _ := c.op.plans()
	body := map[string]json.RawMessage{}
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &body); err != nil {
			return nil, frontEnd(400, "SerializationException", "")
		}
	}
	if body == nil { // null
		body = map[string]json.RawMessage{}
	}
	place(t, c.r.URL.Query(), body)
	joined, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	c.body = joined
	return p.jsonProtocol.decode(c)
}

func place(t *plan.Type, query map[string][]string, body map[string]json.RawMessage) {
	for i := range t.Members {
		m := &t.Members[i]
		if m.Place != api.Parameter {
			continue
		}
		delete(body, m.Wire)
		if values := query[m.Wire]; len(values) > 0 {
			text, err := json.Marshal(values[0])
			if err != nil {
				panic("wire: text that cannot be JSON: " + err.Error()) // there is none
			}
			body[m.Wire] = text
		}
	}
}

func (p restJSONProtocol) answer(c *call, out any) {
	c.write(c.op.HTTP.Status, func(b []byte) []byte { return p.encode(b, c, out) })
}

// failure names a request that could not be authenticated as awsJson does, and
// has the status of awsQuery.
// https://docs.aws.amazon.com/awscloudtraildata/latest/APIReference/CommonErrors.html
func (restJSONProtocol) failure(f *auth.Failure, s *api.Service) *api.Error {
	answer := failureOf(f, s)
	return frontEnd(answer.status, answer.json, answer.message)
}

// refuse writes the message; the name is in a header.
func (restJSONProtocol) refuse(b []byte, _ *call, e *api.Error) []byte {
	text, err := json.Marshal(map[string]string{"message": e.Message})
	if err != nil {
		panic("wire: text that cannot be JSON: " + err.Error())
	}
	return append(b, text...)
}
