package restxml

import (
	"cmp"
	"strconv"

	"sealstack/api"
	"sealstack/wire/plan"
)

// S3 does not report violated constraints as the other services do: each fault
// has its own code and sentence.

func fault(status int, code, message string) *api.Error {
	return &api.Error{Shape: code, Code: code, Message: message, Status: status}
}

// The codes of faults of a document.
const (
	malformed = "MalformedXML"
	missing   = "MissingRequestBodyError"
)

// OfDocument reports whether a fault found by [Decode] is one of the document
// in the body.
func OfDocument(e *api.Error) bool { return e.Code == malformed || e.Code == missing }

// malformedXML refuses a body that is not the XML document that its operation
// takes.
func malformedXML() *api.Error {
	return fault(400, malformed, "The XML you provided was not well-formed or did not validate against our published schema")
}

// missingBody refuses an empty body where a document must be.
func missingBody() *api.Error {
	return fault(400, missing, "Request Body is empty")
}

func invalidURI() *api.Error {
	return fault(400, "InvalidURI", "Couldn't parse the specified URI.")
}

func invalidBucketName(name string) *api.Error {
	return fault(400, "InvalidBucketName", "The specified bucket is not valid.").With("BucketName", name)
}

func keyTooLong(size int) *api.Error {
	return fault(400, "KeyTooLongError", "Your key is too long").
		With("Size", strconv.Itoa(size)).With("MaxSizeAllowed", strconv.Itoa(maxKey))
}

// methodNotAllowed refuses a method.
// Unverified: the types of resource other than those of buckets and objects.
func methodNotAllowed(method, resource string) *api.Error {
	return fault(405, "MethodNotAllowed", "The specified method is not allowed against this resource.").
		With("Method", method).With("ResourceType", resource)
}

// notAForm refuses a POST to a bucket that brings no form.
// Unverified: the condition's words.
func notAForm() *api.Error {
	return fault(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold").
		With("Condition", "Bucket POST must be of the enclosure-type multipart/form-data")
}

// missingMember refuses a request without a header or parameter that it must
// have.
// Unverified: the sentence.
func missingMember(m *plan.Member) *api.Error {
	return fault(400, "InvalidRequest", "Missing required header for this request: "+m.Wire)
}

// notNumbers are S3's sentences on a parameter that is no whole number, by its
// name.
// Unverified: all but that on max-keys.
var notNumbers = map[string]string{
	"max-keys":           "Provided max-keys not an integer or within integer range",
	"max-uploads":        "Provided max-uploads not an integer or within integer range",
	"max-parts":          "Provided max-parts not an integer or within integer range",
	"part-number-marker": "Provided part-number-marker not an integer or within integer range",
	"partNumber":         "Part number must be an integer between 1 and 10000, inclusive",
}

// notOneOf are S3's sentences on a header or parameter that breaks its
// constraints.
// Unverified: all but those on x-amz-server-side-encryption, x-amz-copy-source
// and encoding-type.
var notOneOf = map[string]string{
	"x-amz-server-side-encryption":        "The encryption method specified is not supported",
	"x-amz-copy-source":                   "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
	"x-amz-metadata-directive":            "Unknown metadata directive.",
	"x-amz-tagging-directive":             "Unknown tagging directive.",
	"encoding-type":                       "Invalid Encoding Method specified in Request",
	"x-amz-object-lock-mode":              "Unknown wormMode directive.",
	"x-amz-object-lock-legal-hold":        "Legal Hold must be either of 'ON' or 'OFF'",
	"x-amz-object-attributes":             "Invalid attribute name specified.",
	"x-amz-object-lock-retain-until-date": "The retain until date must be provided in ISO 8601 format",
	"x-amz-acl":                           "",
	"max-buckets":                         "Argument max-buckets must be an integer between 1 and 10000",
}

// invalidArgument refuses the value of a header or parameter.
func invalidArgument(m *plan.Member, value string) *api.Error {
	switch m.Wire {
	case "x-amz-storage-class":
		return fault(400, "InvalidStorageClass", "The storage class you specified is not valid").With("StorageClassRequested", value)
	case "x-amz-checksum-type":
		return fault(400, "InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
	case "x-amz-transition-default-minimum-object-size":
		return fault(400, "InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: "+value)
	case "x-amz-object-ownership":
		return fault(400, "InvalidArgument", "Invalid x-amz-object-ownership header: "+value).With("ArgumentName", m.Wire)
	}
	message, known := notOneOf[m.Wire]
	if !known {
		// Unverified: S3's sentence for the rest.
		message = cmp.Or(notNumbers[m.Wire], "Invalid value for "+m.Wire+".")
	}
	return fault(400, "InvalidArgument", message).With("ArgumentName", m.Wire).With("ArgumentValue", value)
}
