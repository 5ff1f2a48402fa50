package wire

import (
	"strconv"

	"sealstack/api"
	"sealstack/auth"
	"sealstack/wire/xmltext"
)

// unclaimed answers what belongs to no service at the edge, in the form of S3,
// to which AWS's path and host names would lead such a request.
type unclaimed struct{ queryProtocol }

func (unclaimed) contentType() string { return "application/xml" }

func (unclaimed) refuse(b []byte, c *call, e *api.Error) []byte {
	b = append(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>"...)
	b = xmltext.Element(b, "Code", e.Code)
	b = xmltext.Element(b, "Message", e.Message)
	b = xmltext.Element(b, "RequestId", c.requestID)
	return append(b, "</Error>"...)
}

func (unclaimed) failure(f *auth.Failure, _ *api.Service) *api.Error {
	return frontEnd(403, "AccessDenied", f.Error())
}

// noService says that nothing here takes the request.
func noService(signedFor string) *api.Error {
	if signedFor != "" && signedFor != "s3" {
		return frontEnd(501, "NotImplemented", "The request is signed for the service "+strconv.Quote(signedFor)+", which Sealstack does not have.")
	}
	return frontEnd(501, "NotImplemented", "The request names no service that Sealstack has, so it is one for S3, which is not running.")
}
