package restxml

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
)

// decoded decodes an input of op.
func decoded(op *api.Operation, r *Request) (any, *api.Error) {
	in := reflect.New(op.Input)
	err := Decode(planner.Of(op.Input), r, in.Interface())
	e, _ := errors.AsType[*api.Error](err)
	return in.Interface(), e
}

// headers makes a header of names and values in turn.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestHeadersAndParametersBecomeMembers(t *testing.T) {
	r := &Request{
		Address: Address{"b", "k"}, Length: 5, Query: url.Values{"versionId": {"null"}},
		Header: headers("Content-Type", "text/plain", "Content-Length", "99", "X-Amz-Meta-Colour", "red", "x-amz-meta-colour", "blue", "X-Amz-Meta-City", "=?UTF-8?Q?K=C3=B6ln?=",
			"X-Amz-Meta-Odd", "=?x?y", "X-Amz-Meta-Empty", "", "x-amz-object-lock-retain-until-date", "2020-02-03T04:05:06Z",
			"x-amz-server-side-encryption-bucket-key-enabled", "true", "x-amz-storage-class", "", "x-amz-sdk-checksum-algorithm", "NEW", "Cache-Control", ""),
	}
	in, err := decoded(s3api.OpPutObject.Operation, r)
	if err != nil {
		t.Fatal(err)
	}
	got := in.(*s3api.PutObjectRequest)
	want := &s3api.PutObjectRequest{
		Bucket: "b", Key: "k", ContentLength: at(int64(5)), ContentType: at("text/plain"),
		Metadata:                  map[string]string{"colour": "red,blue", "city": "K\u00f6ln", "odd": "=?x?y", "empty": ""},
		ObjectLockRetainUntilDate: at(time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)),
		BucketKeyEnabled:          at(true), ChecksumAlgorithm: at(s3api.ChecksumAlgorithm("NEW")), CacheControl: at(""),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if r.Length = -1; got.ContentLength == nil {
		t.Error("no length")
	}
}

func TestFaultsOfHeadersAndParametersAreS3s(t *testing.T) {
	get, put, list, attributes := s3api.OpGetObject.Operation, s3api.OpPutObject.Operation, s3api.OpListObjectsV2.Operation, s3api.OpGetObjectAttributes.Operation
	for _, test := range []struct {
		op     *api.Operation
		header http.Header
		query  string
		want   string
	}{
		{put, headers("x-amz-server-side-encryption", "AES512"), "", "InvalidArgument: The encryption method specified is not supported map[ArgumentName:x-amz-server-side-encryption ArgumentValue:AES512]"},
		{put, headers("x-amz-storage-class", "COLD"), "", "InvalidStorageClass: The storage class you specified is not valid map[StorageClassRequested:COLD]"},
		{s3api.OpCreateMultipartUpload.Operation, headers("x-amz-checksum-type", "HALF"), "", "InvalidRequest: Value for x-amz-checksum-type header is invalid. map[]"},
		{put, headers("x-amz-acl", "mine"), "", "InvalidArgument map[ArgumentName:x-amz-acl ArgumentValue:mine]"},
		{put, headers("x-amz-object-lock-mode", "X"), "", "InvalidArgument: Unknown wormMode directive. map[ArgumentName:x-amz-object-lock-mode ArgumentValue:X]"},
		{put, headers("x-amz-server-side-encryption-bucket-key-enabled", "yes"), "", "InvalidArgument: Invalid value for x-amz-server-side-encryption-bucket-key-enabled. map[ArgumentName:x-amz-server-side-encryption-bucket-key-enabled ArgumentValue:yes]"},
		{put, headers("x-amz-object-lock-retain-until-date", "soon"), "", "InvalidArgument: The retain until date must be provided in ISO 8601 format map[ArgumentName:x-amz-object-lock-retain-until-date ArgumentValue:soon]"},
		{put, headers("Cache-Control", "\xff"), "", "InvalidArgument: Invalid value for Cache-Control. map[ArgumentName:Cache-Control ArgumentValue:\xff]"},
		{put, headers("x-amz-sdk-checksum-algorithm", "NEW", "x-amz-request-payer", "me"), "", ""},
		{get, headers("If-Modified-Since", "yesterday", "x-amz-checksum-mode", "?"), "", ""},
		{get, headers("If-Modified-Since", "Mon, 03 Feb 2020 03:05:06 GMT"), "", ""},
		{get, nil, "partNumber=one", "InvalidArgument: Part number must be an integer between 1 and 10000, inclusive map[ArgumentName:partNumber ArgumentValue:one]"},
		{list, nil, "max-keys=x", "InvalidArgument: Provided max-keys not an integer or within integer range map[ArgumentName:max-keys ArgumentValue:x]"},
		{list, nil, "max-keys=4294967296", "InvalidArgument: Provided max-keys not an integer or within integer range map[ArgumentName:max-keys ArgumentValue:4294967296]"},
		{list, nil, "encoding-type=xml", "InvalidArgument: Invalid Encoding Method specified in Request map[ArgumentName:encoding-type ArgumentValue:xml]"},
		{list, nil, "max-keys=-1&prefix=&fetch-owner=true", ""},
		{attributes, nil, "", "InvalidRequest: Missing required header for this request: x-amz-object-attributes map[]"},
		{attributes, headers("x-amz-object-attributes", "ETag, ObjectSize"), "", ""},
		{attributes, headers("x-amz-object-attributes", "ETag,Size"), "", "InvalidArgument: Invalid attribute name specified. map[ArgumentName:x-amz-object-attributes ArgumentValue:Size]"},
		{s3api.OpCopyObject.Operation, headers("x-amz-copy-source", "nowhere"), "", "InvalidArgument: Copy Source must mention the source bucket and key: sourcebucket/sourcekey map[ArgumentName:x-amz-copy-source ArgumentValue:nowhere]"},
	} {
		query, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		_, refused := decoded(test.op, &Request{Address: Address{"b", "k"}, Query: query, Header: test.header})
		got := ""
		if refused != nil {
			got = fmt.Sprint(refused, " ", refused.Fields)
		}
		if got != test.want {
			t.Errorf("%s %v %s:\n got %s\nwant %s", test.op.Name, test.header, test.query, got, test.want)
		}
	}
}

func TestDocumentsOutOfFormAreMalformed(t *testing.T) {
	const rule = `<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>`
	configuration := func(inside string) string {
		return "<ServerSideEncryptionConfiguration>" + inside + "</ServerSideEncryptionConfiguration>"
	}
	for name, test := range map[string]struct{ body, want string }{
		"a rule":             {configuration(rule), ""},
		"S3's namespace":     {`<ServerSideEncryptionConfiguration` + xmlns + `>` + rule + `</ServerSideEncryptionConfiguration>`, ""},
		"a prefix":           {`<x:ServerSideEncryptionConfiguration xmlns:x="http://s3.amazonaws.com/doc/2006-03-01/">` + strings.NewReplacer("</", "</x:", "<", "<x:").Replace(rule) + `</x:ServerSideEncryptionConfiguration>`, ""},
		"blanks, comments":   {prolog + "<!-- c -->" + configuration("\n  "+rule+"<!-- c -->\n") + "\n<!-- c -->", ""},
		"blanks in an enum":  {configuration(strings.Replace(rule, "AES256", " AES256\n", 1)), ""},
		"CDATA":              {configuration(strings.Replace(rule, "AES256", "<![CDATA[AES256]]>", 1)), ""},
		"no body":            {"", "MissingRequestBodyError"},
		"blanks only":        {"  ", "MalformedXML"},
		"no XML":             {"{}", "MalformedXML"},
		"another root":       {"<Tagging>" + rule + "</Tagging>", "MalformedXML"},
		"no rules":           {configuration(""), "MalformedXML"},
		"no algorithm":       {configuration("<Rule><ApplyServerSideEncryptionByDefault></ApplyServerSideEncryptionByDefault></Rule>"), "MalformedXML"},
		"unknown algorithm":  {configuration(strings.Replace(rule, "AES256", "AES512", 1)), "MalformedXML"},
		"unknown element":    {configuration(rule + "<Ruler/>"), "MalformedXML"},
		"text":               {configuration(rule + "text"), "MalformedXML"},
		"an element in text": {configuration(strings.Replace(rule, "AES256", "<b>AES256</b>", 1)), "MalformedXML"},
		"one member twice":   {configuration("<Rule><BucketKeyEnabled>true</BucketKeyEnabled><BucketKeyEnabled>true</BucketKeyEnabled></Rule>"), "MalformedXML"},
		"no boolean":         {configuration("<Rule><BucketKeyEnabled>1</BucketKeyEnabled></Rule>"), "MalformedXML"},
		"two roots":          {configuration(rule) + configuration(rule), "MalformedXML"},
		"text behind":        {configuration(rule) + "x", "MalformedXML"},
		"an end too many":    {configuration(rule) + "</x>", "MalformedXML"},
		"not closed":         {"<ServerSideEncryptionConfiguration>" + rule, "MalformedXML"},
		"a document type":    {`<!DOCTYPE a [<!ENTITY b "AES256">]>` + configuration(strings.Replace(rule, "AES256", "&b;", 1)), "MalformedXML"},
		"an entity":          {configuration(strings.Replace(rule, "AES256", "&b;", 1)), "MalformedXML"},
		"bad UTF-8":          {configuration(strings.Replace(rule, "AES256", "\xff", 1)), "MalformedXML"},
		"depth":              {strings.Repeat("<ServerSideEncryptionConfiguration>", 100000), "MalformedXML"},
		"latin letters":      {`<?xml version="1.0" encoding="ISO-8859-1"?>` + configuration(rule), "MalformedXML"},
	} {
		_, err := decoded(s3api.OpPutBucketEncryption.Operation, &Request{Body: []byte(test.body)})
		if err != nil && err.Code != test.want || err == nil && test.want != "" {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestDocumentsOfOtherShapes(t *testing.T) {
	for name, test := range map[string]struct {
		op   *api.Operation
		body string
		want string
	}{
		"no location":          {s3api.OpCreateBucket.Operation, "", ""},
		"an empty location":    {s3api.OpCreateBucket.Operation, "<CreateBucketConfiguration/>", ""},
		"a location":           {s3api.OpCreateBucket.Operation, "<CreateBucketConfiguration><LocationConstraint>nowhere</LocationConstraint></CreateBucketConfiguration>", ""},
		"no policy":            {s3api.OpPutBucketPolicy.Operation, "", "MissingRequestBodyError"},
		"a policy":             {s3api.OpPutBucketPolicy.Operation, "{", ""},
		"no grantee's type":    {s3api.OpPutBucketAcl.Operation, "<AccessControlPolicy><AccessControlList><Grant><Grantee><ID>i</ID></Grantee></Grant></AccessControlList></AccessControlPolicy>", "MalformedXML"},
		"an undeclared prefix": {s3api.OpPutBucketAcl.Operation, `<AccessControlPolicy><AccessControlList><Grant><Grantee xsi:type="Group"><URI>u</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>`, ""},
		"another grantee":      {s3api.OpPutBucketAcl.Operation, `<AccessControlPolicy><AccessControlList><Grant><Grantee xsi:type="Cat"><URI>u</URI></Grantee></Grant></AccessControlList></AccessControlPolicy>`, "MalformedXML"},
		"another list member":  {s3api.OpPutBucketAcl.Operation, `<AccessControlPolicy><AccessControlList><Cat/></AccessControlList></AccessControlPolicy>`, "MalformedXML"},
		"an empty tag set":     {s3api.OpPutObjectTagging.Operation, "<Tagging><TagSet/></Tagging>", ""},
		"no tag set":           {s3api.OpPutObjectTagging.Operation, "<Tagging/>", "MalformedXML"},
		"two tag sets":         {s3api.OpPutObjectTagging.Operation, "<Tagging><TagSet/><TagSet/></Tagging>", "MalformedXML"},
		"a tag without value":  {s3api.OpPutObjectTagging.Operation, "<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>", "MalformedXML"},
		"a part":               {s3api.OpCompleteMultipartUpload.Operation, "<CompleteMultipartUpload><Part><PartNumber> 1 </PartNumber><ETag>e</ETag></Part></CompleteMultipartUpload>", ""},
		"a part's number":      {s3api.OpCompleteMultipartUpload.Operation, "<CompleteMultipartUpload><Part><PartNumber>1.5</PartNumber></Part></CompleteMultipartUpload>", "MalformedXML"},
		"an empty key":         {s3api.OpDeleteObjects.Operation, "<Delete><Object><Key></Key></Object></Delete>", "MalformedXML"},
		"no union member":      {s3api.OpUpdateObjectEncryption.Operation, "<ObjectEncryption/>", "MalformedXML"},
	} {
		_, err := decoded(test.op, &Request{Address: Address{"b", "k"}, Query: url.Values{"uploadId": {"u"}}, Body: []byte(test.body)})
		if err != nil && err.Code != test.want || err == nil && test.want != "" {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestTextOfKeysIsKept(t *testing.T) {
	in, err := decoded(s3api.OpDeleteObjects.Operation, &Request{Body: []byte("<Delete><Quiet>true</Quiet><Object><Key> a&lt;&#xD;\n </Key></Object><Object><Key>b<!-- c -->c</Key><VersionId/></Object></Delete>")})
	if err != nil {
		t.Fatal(err)
	}
	got := in.(*s3api.DeleteObjectsRequest).Delete
	want := s3api.Delete{Quiet: at(true), Objects: []s3api.ObjectIdentifier{{Key: " a<\r\n "}, {Key: "bc", VersionId: at("")}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func FuzzDocumentsNeverPanic(f *testing.F) {
	f.Add(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>k</Key></Object><Quiet>true</Quiet></Delete>`, 0)
	f.Add(`<?xml version="1.0"?><Tagging><TagSet><Tag><Key>&lt;</Key><Value/></Tag></TagSet></Tagging>`, 1)
	f.Add(`<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"/></Grant></AccessControlList></AccessControlPolicy>`, 2)
	f.Add(`<LifecycleConfiguration><Rule><Filter><And><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter><Status>Enabled</Status></Rule></LifecycleConfiguration>`, 3)
	f.Add(`<!DOCTYPE a [<!ENTITY b "c">]><Delete>&b;</Delete>`, 0)
	ops := []*api.Operation{s3api.OpDeleteObjects.Operation, s3api.OpPutObjectTagging.Operation, s3api.OpPutBucketAcl.Operation, s3api.OpPutBucketLifecycleConfiguration.Operation}
	f.Fuzz(func(t *testing.T, body string, which int) {
		op := ops[uint(which)%uint(len(ops))]
		in, err := decoded(op, &Request{Address: Address{"b", "k"}, Body: []byte(body)})
		if err != nil {
			if err.Code != "MalformedXML" && err.Code != "MissingRequestBodyError" {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		m := payload(planner.Of(op.Input))
		v := reflect.Indirect(reflect.ValueOf(in).Elem().Field(m.Field))
		if body == "" || !v.IsValid() {
			return
		}
		again := reflect.New(m.Type.Go)
		written := appendNamed(nil, m.Wire, m.Type, v)
		if err := decodeDocument(m, written, again.Elem()); err != nil {
			t.Fatalf("%q\nwritten as %q: %v", body, written, err)
		}
		if rewritten := appendNamed(nil, m.Wire, m.Type, again.Elem()); !bytes.Equal(rewritten, written) {
			t.Fatalf("%q\nwritten as %q\n   then as %q", body, written, rewritten)
		}
	})
}

func FuzzRequestsNeverPanic(f *testing.F) {
	f.Add("GET", "localhost", "/b/k?versionId=1", "Range: bytes=0-1")
	f.Add("PUT", "b.s3.localhost:4566", "/a%2Fb//../c?partNumber=1&uploadId=u", "x-amz-copy-source: a/b")
	f.Add("PUT", "b.s3.dualstack.eu-west-1.amazonaws.com", "/k", "x-amz-meta-a: =?UTF-8?B?S8O2bG4=?=")
	f.Add("GET", "[::1]:80", "/b?list-type=2&max-keys=1", "x-amz-optional-object-attributes: RestoreStatus, X")
	f.Add("GET", "..", "/b/%zz?acl&acl", "x-amz-object-attributes: ,")
	table := NewTable(s3api.Service)
	f.Fuzz(func(t *testing.T, method, host, target, header string) {
		u, err := url.Parse(target)
		if err != nil {
			return
		}
		address, err := Locate(ReadHost(host), u.EscapedPath())
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(header, ": ")
		h := headers(name, value)
		op, err := table.Find(method, address, u.Query(), h)
		if e, refused := errors.AsType[*api.Error](err); refused {
			if e.Status < 400 || e.Code == "" {
				t.Fatalf("%+v", e)
			}
			return
		}
		if in, refused := decoded(op, &Request{Address: address, Query: u.Query(), Header: h}); refused != nil && (refused.Status != 400 || in == nil) {
			t.Fatalf("%+v", refused)
		}
	})
}
