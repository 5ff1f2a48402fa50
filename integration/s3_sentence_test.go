package integration

import (
	"strings"
	"testing"
)

// TestWhatIsRefusedInWhichWords asks for what S3 refuses, over HTTP, and holds
// code and sentence against S3's. The bucket holds an object "k" and one in
// Glacier, "cold".
func TestWhatIsRefusedInWhichWords(t *testing.T) {
	s := startShop(t)
	s.send("PUT", "/shop/k", "text")
	s.send("PUT", "/shop/cold", "text", "x-amz-storage-class", "GLACIER")
	const (
		xml   = "The XML you provided was not well-formed or did not validate against our published schema"
		stray = "x-amz-server-side-encryption header is not supported for this operation."
	)
	for name, tt := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code, message      string
	}{
		"encryption of a read":           {"GET", "/shop/k", "", []string{"x-amz-server-side-encryption", "AES256"}, 400, "InvalidArgument", stray},
		"encryption of a part":           {"PUT", "/shop/k?partNumber=1&uploadId=x", "x", []string{"x-amz-server-side-encryption", "AES256"}, 400, "InvalidArgument", stray},
		"encryption that is none":        {"PUT", "/shop/k", "x", []string{"x-amz-server-side-encryption", "rot13"}, 400, "InvalidArgument", "The encryption method specified is not supported"},
		"a customer's key to read":       {"GET", "/shop/k", "", append(md5Header(""), "x-amz-server-side-encryption-customer-algorithm", "AES256"), 400, "InvalidArgument", "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key."},
		"a class of Outposts":            {"PUT", "/shop/k", "x", []string{"x-amz-storage-class", "OUTPOSTS"}, 400, "InvalidStorageClass", "The storage class you specified is not valid"},
		"a class of directory buckets":   {"POST", "/shop/k?uploads", "", []string{"x-amz-storage-class", "EXPRESS_ONEZONE"}, 400, "InvalidStorageClass", "The storage class you specified is not valid"},
		"a class that is none":           {"PUT", "/shop/k", "x", []string{"x-amz-storage-class", "FROZEN"}, 400, "InvalidStorageClass", "The storage class you specified is not valid"},
		"a redirect to nowhere":          {"PUT", "/shop/k", "x", []string{"x-amz-website-redirect-location", "there"}, 400, "InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'."},
		"another owner":                  {"GET", "/shop/k", "", []string{"x-amz-expected-bucket-owner", "444455556666"}, 403, "AccessDenied", "Access Denied"},
		"an owner who is none":           {"GET", "/shop/k", "", []string{"x-amz-expected-bucket-owner", "me"}, 400, "InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS account ID"},
		"tags twice":                     {"PUT", "/shop/k", "x", []string{"x-amz-tagging", "a=1&a=2"}, 400, "InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."},
		"an algorithm that is none":      {"POST", "/shop/k?uploads", "", []string{"x-amz-checksum-algorithm", "CRC16"}, 400, "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"},
		"a type that is none":            {"POST", "/shop/k?uploads", "", []string{"x-amz-checksum-algorithm", "CRC32", "x-amz-checksum-type", "HALF"}, 400, "InvalidRequest", "Value for x-amz-checksum-type header is invalid."},
		"an ownership that is none":      {"PUT", "/new", "", []string{"x-amz-object-ownership", "Mine"}, 400, "InvalidArgument", "Invalid x-amz-object-ownership header: Mine"},
		"no buckets a page":              {"GET", "/?max-buckets=0", "", nil, 400, "InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000"},
		"buckets a page in words":        {"GET", "/?max-buckets=all", "", nil, 400, "InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000"},
		"too many keys a page":           {"GET", "/shop?list-type=2&max-keys=2147483648", "", nil, 400, "InvalidArgument", "Provided max-keys not an integer or within integer range"},
		"fewer keys than none":           {"GET", "/shop?list-type=2&max-keys=-1", "", nil, 400, "InvalidArgument", "Argument max-keys must be an integer between 0 and 2147483647"},
		"another encoding":               {"GET", "/shop?list-type=2&encoding-type=xml", "", nil, 400, "InvalidArgument", "Invalid Encoding Method specified in Request"},
		"a token of nobody's":            {"GET", "/shop?list-type=2&continuation-token=x", "", nil, 400, "InvalidArgument", "The continuation token provided is incorrect"},
		"a version without its key":      {"GET", "/shop?versions&version-id-marker=x", "", nil, 400, "InvalidArgument", "A version-id marker cannot be specified without a key marker."},
		"part 0":                         {"GET", "/shop/k?partNumber=0", "", nil, 400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"},
		"part 10001":                     {"GET", "/shop/k?partNumber=10001", "", nil, 400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive"},
		"part 2 of 1":                    {"GET", "/shop/k?partNumber=2", "", nil, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable"},
		"a part and a range":             {"GET", "/shop/k?partNumber=1", "", []string{"Range", "bytes=0-1"}, 400, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter"},
		"a range behind the end":         {"GET", "/shop/k", "", []string{"Range", "bytes=4-"}, 416, "InvalidRange", "The requested range is not satisfiable"},
		"frozen":                         {"GET", "/shop/cold", "", nil, 403, "InvalidObjectState", "The operation is not valid for the object's storage class"},
		"thawing what is warm":           {"POST", "/shop/k?restore", `<RestoreRequest><Days>1</Days></RestoreRequest>`, nil, 403, "InvalidObjectState", "Restore is not allowed for the object's current storage class"},
		"a copy onto itself":             {"PUT", "/shop/k", "", []string{"x-amz-copy-source", "/shop/k"}, 400, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."},
		"a copy of no key":               {"PUT", "/shop/c", "", []string{"x-amz-copy-source", "shop"}, 400, "InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"},
		"a copy of a frozen object":      {"PUT", "/shop/c", "", []string{"x-amz-copy-source", "/shop/cold"}, 403, "InvalidObjectState", "Operation is not valid for the source object's storage class"},
		"a copy if not there":            {"PUT", "/shop/k", "", []string{"x-amz-copy-source", "/shop/k", "x-amz-metadata-directive", "REPLACE", "If-None-Match", "*"}, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"},
		"a write if any is there":        {"PUT", "/shop/k", "x", []string{"If-Match", "*"}, 501, "NotImplemented", "A header you provided implies functionality that is not implemented"},
		"a write if another is there":    {"PUT", "/shop/none", "x", []string{"If-Match", `"x"`}, 404, "NoSuchKey", "The specified key does not exist."},
		"a lock where there are none":    {"PUT", "/shop/k", "x", append(md5Header("x"), "x-amz-object-lock-legal-hold", "ON"), 400, "InvalidRequest", "Bucket is missing Object Lock Configuration"},
		"a hold that is none":            {"PUT", "/shop/k", "x", append(md5Header("x"), "x-amz-object-lock-legal-hold", "MAYBE"), 400, "InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'"},
		"a bypass where there is none":   {"DELETE", "/shop/k", "", []string{"x-amz-bypass-governance-retention", "true"}, 400, "InvalidArgument", "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets."},
		"versioning that is none":        {"PUT", "/shop?versioning", `<VersioningConfiguration><Status>on</Status></VersioningConfiguration>`, nil, 400, "MalformedXML", xml},
		"versioning of nothing":          {"PUT", "/shop?versioning", `<VersioningConfiguration/>`, nil, 400, "IllegalVersioningConfigurationException", "The Versioning element must be specified"},
		"nothing to delete":              {"POST", "/shop?delete", `<Delete></Delete>`, nil, 400, "MalformedXML", xml},
		"an upload of nobody's":          {"DELETE", "/shop/k?uploadId=x", "", nil, 404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
		"a smallest size that is none":   {"PUT", "/shop?lifecycle", `<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>`, []string{"x-amz-transition-default-minimum-object-size", "1K"}, 400, "InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: 1K"},
		"a lifecycle of two filters":     {"PUT", "/shop?lifecycle", `<LifecycleConfiguration><Rule><Filter><Prefix>a</Prefix><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>`, nil, 400, "MalformedXML", xml},
		"a move too soon":                {"PUT", "/shop?lifecycle", `<LifecycleConfiguration><Rule><Filter/><Status>Enabled</Status><Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Transition></Rule></LifecycleConfiguration>`, nil, 400, "InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'"},
		"a method that is not allowed":   {"POST", "/shop/k", "", nil, 405, "MethodNotAllowed", "The specified method is not allowed against this resource."},
		"an attribute that is none":      {"GET", "/shop/k?attributes", "", []string{"x-amz-object-attributes", "ETag,Smell"}, 400, "InvalidArgument", "Invalid attribute name specified."},
		"a list of a public reader's":    {"PUT", "/shop/k", "x", []string{"x-amz-acl", "public-read"}, 400, "AccessControlListNotSupported", "The bucket does not allow ACLs"},
		"a name of another namespace":    {"PUT", "/loose-an", `<CreateBucketConfiguration><LocationConstraint>` + region + `</LocationConstraint></CreateBucketConfiguration>`, nil, 400, "InvalidBucketName", "The specified bucket is not valid."},
		"tags of an object not there":    {"GET", "/shop/none?tagging", "", nil, 404, "NoSuchKey", "The specified key does not exist."},
		"a checksum of the wrong length": {"PUT", "/shop/k", "x", []string{"x-amz-checksum-crc32", "AAAA"}, 400, "InvalidRequest", "Value for x-amz-checksum-crc32 header is invalid."},
		"two checksums":                  {"PUT", "/shop/k", "x", []string{"x-amz-checksum-crc32", "AAAAAA==", "x-amz-checksum-crc32c", "AAAAAA=="}, 400, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."},
		"the wrong checksum":             {"PUT", "/shop/k", "x", []string{"x-amz-checksum-crc32", "AAAAAA=="}, 400, "BadDigest", "The CRC32 you specified did not match the calculated checksum."},
	} {
		headers := tt.headers
		if strings.HasPrefix(tt.body, "<") {
			headers = append(md5Header(tt.body), headers...)
		}
		a := s.send(tt.method, tt.path, tt.body, headers...)
		if a.status != tt.status || a.code != tt.code || a.message != tt.message {
			t.Errorf("%s: %d %s: %s\nwant %d %s: %s", name, a.status, a.code, a.message, tt.status, tt.code, tt.message)
		}
	}
	if got := s.send("GET", "/shop/k", "").body; got != "text" {
		t.Errorf("after all that the object holds %q", got)
	}
}

// TestHowAHeadRefusesWithoutWords: status alone, for there is no body.
func TestHowAHeadRefusesWithoutWords(t *testing.T) {
	s := startShop(t)
	s.send("PUT", "/shop/k", "text")
	for name, tt := range map[string]struct {
		path    string
		headers []string
		status  int
	}{
		"encryption":  {"/shop/k", []string{"x-amz-server-side-encryption", "AES256"}, 400},
		"range":       {"/shop/k", []string{"Range", "bytes=9-"}, 416},
		"part":        {"/shop/k?partNumber=2", nil, 416},
		"version":     {"/shop/k?versionId=x", nil, 400},
		"not changed": {"/shop/k", []string{"If-None-Match", "*"}, 304},
		"changed":     {"/shop/k", []string{"If-Match", `"x"`}, 412},
		"no key":      {"/shop/none", nil, 404},
		"no bucket":   {"/nowhere", nil, 404},
		"no owner":    {"/shop", []string{"x-amz-expected-bucket-owner", "444455556666"}, 403},
	} {
		if a := s.send("HEAD", tt.path, "", tt.headers...); a.status != tt.status || a.body != "" {
			t.Errorf("%s: %d %q, want %d", name, a.status, a.body, tt.status)
		}
	}
}
