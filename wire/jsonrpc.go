package wire

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/awsjson"
	"sealstack/wire/plan"
)

// jsonProtocol is awsJson1.1, or awsJson1.0.
type jsonProtocol struct{ old bool }

func (p jsonProtocol) contentType() string {
	if p.old {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

func (jsonProtocol) decode(c *call) (any, error) {
	t, _ := c.op.plans()
	in := reflect.New(t.Go)
	var check plan.Checker
	err := awsjson.Decode(t, c.body, in.Interface(), &check)
	if syntax, ok := errors.AsType[*awsjson.SyntaxError](err); ok {
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

// validationCode is the error with which an operation answers violated
// constraints: the old operations of CloudWatch Logs and some of CloudTrail
// declare InvalidParameterException for it, all others answer with the
// ValidationException that no model needs to declare.
// Unverified: CloudTrail.
func validationCode(op *api.Operation) string {
	if op.Declares("InvalidParameterException") {
		return "InvalidParameterException"
	}
	return "ValidationException"
}

func (p jsonProtocol) answer(c *call, out any) {
	c.write(c.op.HTTP.Status, func(b []byte) []byte { return p.encode(b, c, out) })
}

func (jsonProtocol) mark(c *call, e *api.Error) { markCompatible(c, e) }

// encode writes nothing for an operation without output; one with an output
// that has no members is answered with {}.
func (jsonProtocol) encode(b []byte, c *call, out any) []byte {
	if _, t := c.op.plans(); t != nil {
		return awsjson.Append(b, t, out)
	}
	return b
}

// refuse writes the error's name, its message if it has one, and its further
// members.
func (jsonProtocol) refuse(b []byte, c *call, e *api.Error) []byte {
	b = append(b, `{"__type":`...)
	b = awsjson.AppendString(b, written(c, e))
	if e.Message != "" {
		b = append(b, `,"`...)
		b = append(b, messageKey(c, e)...)
		b = append(b, `":`...)
		b = awsjson.AppendString(b, e.Message)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		b = append(b, ',')
		b = awsjson.AppendString(b, name)
		b = append(b, ':')
		b = awsjson.Append(b, fieldPlan(c, e.Fields[name]), e.Fields[name])
	}
	return append(b, '}')
}

// messageKey is the member that holds an error's message: AWS's front end
// capitalizes it in the two errors that it makes for all services, unless the
// operation has the error in its model. Authentication failures are spelled as
// modelled errors are, as recorded from CloudWatch Logs.
func messageKey(c *call, e *api.Error) string {
	if c.op != nil && c.op.Declares(e.Shape) {
		return "message"
	}
	switch e.Code {
	case "AccessDeniedException", "SerializationException":
		return "Message"
	}
	return "message"
}

// fieldPlan returns the plan of a further member of an error.
func fieldPlan(c *call, value any) *plan.Type {
	return c.service.planner.Of(reflect.TypeOf(value))
}

func (jsonProtocol) failure(f *auth.Failure, s *api.Service) *api.Error {
	return compatibleFailure(f, s)
}
