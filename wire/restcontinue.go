package wire

import (
	"net/http"
	"strings"
)

// continueEmpty tells a client to go on with a body of no bytes, which net/http
// leaves out. botocore asks with every PutObject and UploadPart, the AWS CLI
// with it; where the answer to an empty body is the first that it sees, it
// reads the next answer on the same connection wrongly and waits for a minute.
//
// Unverified: that S3 says 100 Continue to an empty body.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPUT.html
func (c *call) continueEmpty() {
	if c.r.ContentLength != 0 || !c.r.ProtoAtLeast(1, 1) || c.r.ProtoMajor > 1 || !strings.EqualFold(c.r.Header.Get("Expect"), "100-continue") {
		return
	}
	h := c.w.Header().Clone()
	clear(c.w.Header()) // they are the answer's
	c.w.WriteHeader(http.StatusContinue)
	for name, values := range h {
		c.w.Header()[name] = values
	}
}
