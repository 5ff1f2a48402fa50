package wire

import (
	"cmp"
	"fmt"

	"sealstack/api"
	"sealstack/auth"
)

// refusal is how the services other than S3 answer a request that could not be
// authenticated. awsJson services answer all of them with status 400.
type refusal struct {
	json, query string // the code in each protocol
	status      int    // over awsQuery
	message     string
}

var (
	missing   = refusal{json: "MissingAuthenticationTokenException", query: "MissingAuthenticationToken", status: 403}
	malformed = refusal{json: "IncompleteSignatureException", query: "IncompleteSignature", status: 400}
	unknown   = refusal{json: "UnrecognizedClientException", query: "InvalidClientTokenId", status: 403}
	expired   = refusal{json: "ExpiredTokenException", query: "ExpiredToken", status: 403}
	mismatch  = refusal{json: "InvalidSignatureException", query: "SignatureDoesNotMatch", status: 403}
)

const mismatchMessage = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

func (r refusal) saying(message string) refusal {
	r.message = message
	return r
}

// failureOf returns the answer to a failure at s. Where auth found a sentence
// of AWS's it stands. The kinds that only S3 knows can't come up elsewhere;
// they would be answered as malformed.
func failureOf(f *auth.Failure, s *api.Service) refusal {
	switch f.Kind {
	case auth.MissingToken:
		if s.Protocol == api.Query {
			return missing.saying("Request is missing Authentication Token")
		}
		return missing.saying("Missing Authentication Token")
	case auth.UnknownKey, auth.InvalidToken:
		return unknown.saying("The security token included in the request is invalid.")
	case auth.ExpiredToken:
		return expired.saying("The security token included in the request is expired")
	case auth.SignatureMismatch, auth.PayloadMismatch:
		return mismatch.saying(mismatchMessage)
	case auth.Skewed, auth.WrongDate, auth.WrongTerminator, auth.HeadersNotSigned:
		return mismatch.saying(cmp.Or(f.Detail, mismatchMessage))
	case auth.WrongRegion:
		return mismatch.saying(cmp.Or(f.Detail, "Credential should be scoped to a valid region."))
	case auth.WrongService:
		return mismatch.saying(cmp.Or(f.Detail, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", s.SigningName)))
	}
	return malformed.saying(cmp.Or(f.Detail, "The request is signed in a form that can't be read."))
}
