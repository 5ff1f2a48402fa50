package wire

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/awsquery"
	"sealstack/wire/plan"
	"sealstack/wire/xmltext"
)

// queryProtocol is awsQuery.
type queryProtocol struct{}

// faultNamespace is that of errors made before a service was found.
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

func (queryProtocol) contentType() string { return "text/xml" }

func (queryProtocol) decode(c *call) (any, error) {
	t, _ := c.op.plans()
	in := reflect.New(t.Go)
	var check plan.Checker
	err := awsquery.Decode(t, c.form, in.Interface(), &check)
	if bad, ok := errors.AsType[*awsquery.InputError](err); ok {
		return nil, frontEnd(400, "MalformedInput", bad.Message)
	}
	if err != nil {
		return nil, err
	}
	if !check.OK() {
		return nil, frontEnd(400, "ValidationError", check.Message(echoes(c.service)))
	}
	return in.Interface(), nil
}

// echoes reports whether a service prints the values that break a constraint.
// IAM has not done so since 2024.
func echoes(s *service) bool { return s.ID != "iam" }

func (p queryProtocol) answer(c *call, out any) {
	c.write(c.op.HTTP.Status, func(b []byte) []byte { return p.encode(b, c, out) })
}

func (queryProtocol) mark(c *call, e *api.Error) { mark(c, e) }

func (queryProtocol) encode(b []byte, c *call, out any) []byte {
	_, t := c.op.plans()
	a := awsquery.Answer{Operation: c.op.Name, Namespace: c.service.XMLNamespace, RequestID: c.requestID}
	return a.Append(b, t, out)
}

func (queryProtocol) refuse(b []byte, c *call, e *api.Error) []byte {
	namespace := faultNamespace
	if c.op != nil {
		namespace = c.service.XMLNamespace
	}
	fault := "Sender"
	if e.Fault() {
		fault = "Receiver"
	}
	b = append(b, `<ErrorResponse xmlns="`+namespace+`"><Error>`...)
	b = xmltext.Element(b, "Type", fault)
	b = xmltext.Element(b, "Code", e.Code)
	if e.Message != "" {
		b = xmltext.Element(b, "Message", e.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		b = awsquery.AppendValue(b, name, fieldPlan(c, e.Fields[name]), e.Fields[name])
	}
	b = append(b, `</Error>`...)
	b = xmltext.Element(b, "RequestId", c.requestID)
	return append(b, `</ErrorResponse>`...)
}

func (queryProtocol) failure(f *auth.Failure, s *api.Service) *api.Error {
	answer := failureOf(f, s)
	return frontEnd(answer.status, answer.query, answer.message)
}
