package s3sim

import (
	"strconv"

	"sealstack/api"
)

// Unverified: the fields beside the sentences about forms.

func malformedForm() *api.Error {
	return badRequest("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
}

func noFile() *api.Error {
	return invalidArgument("POST requires exactly one file upload per request.", "file", "0")
}

func missingField(name string) *api.Error {
	return invalidArgument("Bucket POST must contain a field named '"+name+"'.  If it is specified, please check the order of the fields.", name, "")
}

func fieldsTooLarge() *api.Error {
	return badRequest("MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large.").
		With("MaxPostPreDataLengthBytes", strconv.Itoa(maxFields))
}

func invalidFormPolicy(message string) *api.Error {
	return badRequest("InvalidPolicyDocument", "Invalid Policy: "+message)
}

func againstFormPolicy(message string) *api.Error {
	return denied("Invalid according to Policy: " + message)
}

func formTooSmall(size, least int64) *api.Error {
	return badRequest("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
		With("ProposedSize", strconv.FormatInt(size, 10)).With("MinSizeAllowed", strconv.FormatInt(least, 10))
}

func formTooLarge(size, most int64) *api.Error {
	return badRequest("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size").
		With("ProposedSize", strconv.FormatInt(size, 10)).With("MaxSizeAllowed", strconv.FormatInt(most, 10))
}
