package s3sim

import (
	"errors"

	"sealstack/api"
)

// inRegion refuses a request that is signed for another Region than the
// bucket's, and says which it is: clients sign again and go on. A service that
// passes a request on knows the Region; a signature without one is taken.
//
// Of AWS's answers, which depend on the endpoint's Region and its age, this is
// the one that sends no client to another host:
// https://docs.aws.amazon.com/AmazonS3/latest/API/UsingRouting.html
func (b *bucket) inRegion(c *api.Caller) error {
	if c.Region == b.Region || c.SignatureVersion != "AWS4-HMAC-SHA256" || len(c.Via) > 0 || c.Type == api.AWSService {
		return nil
	}
	return b.tellRegion(wrongRegion(c.Region, b.Region, c.AuthType == "REST-QUERY-STRING"))
}

// tellRegion adds the bucket's Region to the headers of an error.
func (b *bucket) tellRegion(err error) error {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.With("header:x-amz-bucket-region", b.Region)
	}
	return err
}

func wrongRegion(signed, region string, presigned bool) *api.Error {
	wrong := "the region '" + signed + "' is wrong; expecting '" + region + "'"
	if presigned {
		return badRequest("AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter; "+wrong).With("Region", region)
	}
	return badRequest("AuthorizationHeaderMalformed", "The authorization header is malformed; "+wrong).With("Region", region)
}
