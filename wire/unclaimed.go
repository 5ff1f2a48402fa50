package wire

import (
	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/awsquery"
)

// unclaimed answers what belongs to no service at the edge, in the form of S3,
// to which AWS's path and host names would lead such a request.
type unclaimed struct{ queryProtocol }

func (unclaimed) contentType() string { return "application/xml" }

func (unclaimed) refuse(b []byte, c *call, e *api.Error) []byte {
	b = append(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>"...)
	b = awsquery.AppendElement(b, "Code", e.Code)
	b = awsquery.AppendElement(b, "Message", e.Message)
	b = awsquery.AppendElement(b, "RequestId", c.requestID)
	return append(b, "</Error>"...)
}

func (unclaimed) failure(f *auth.Failure, _ *api.Service) *api.Error {
	return frontEnd(403, "AccessDenied", f.Error())
}

// noS3 says that there is no S3 here.
func noS3() *api.Error {
	return frontEnd(501, "NotImplemented", "The request names no service that Sealstack has, so it is one for S3, which Sealstack does not have yet.")
}
