package restxml

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/wire/plan"
	"sealstack/wire/xmltext"
)

const (
	prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	xmlns  = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
)

func at[T any](v T) *T { return &v }

var moment = time.Date(2020, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600))

// encoded returns an output as it would be sent.
func encoded(op *api.Operation, out any) (Answer, http.Header) {
	h := http.Header{}
	var p *plan.Type
	if op.Output != reflect.TypeFor[api.None]() {
		p = planner.Of(op.Output)
	}
	return Encode(nil, s3api.Service, op, p, out, h), h
}

func TestDocumentsAreThoseOfTheAPIReference(t *testing.T) {
	for _, test := range []struct {
		op   *api.Operation
		out  any
		want string
	}{
		{s3api.OpListBuckets.Operation, &s3api.ListBucketsOutput{
			Buckets: []s3api.Bucket{{Name: at("b"), CreationDate: &moment}}, Owner: &s3api.Owner{ID: at("i"), DisplayName: at("d")},
		}, `<ListAllMyBucketsResult` + xmlns + `><Buckets><Bucket><Name>b</Name><CreationDate>2020-02-03T03:05:06.789Z</CreationDate></Bucket></Buckets><Owner><DisplayName>d</DisplayName><ID>i</ID></Owner></ListAllMyBucketsResult>`},
		{s3api.OpListBuckets.Operation, &s3api.ListBucketsOutput{Buckets: []s3api.Bucket{}}, `<ListAllMyBucketsResult` + xmlns + `><Buckets></Buckets></ListAllMyBucketsResult>`},
		{s3api.OpListObjectVersions.Operation, &s3api.ListObjectVersionsOutput{
			IsTruncated: at(false), Versions: []s3api.ObjectVersion{{Key: at("a&b"), IsLatest: at(true)}, {Key: at("c")}},
			DeleteMarkers: []s3api.DeleteMarkerEntry{{Key: at("d")}}, RequestCharged: at(s3api.RequestCharged("requester")),
		}, `<ListVersionsResult` + xmlns + `><IsTruncated>false</IsTruncated><Version><Key>a&amp;b</Key><IsLatest>true</IsLatest></Version><Version><Key>c</Key></Version><DeleteMarker><Key>d</Key></DeleteMarker></ListVersionsResult>`},
		{s3api.OpGetBucketLocation.Operation, &s3api.GetBucketLocationOutput{LocationConstraint: at(s3api.BucketLocationConstraint("eu-west-1"))}, `<LocationConstraint` + xmlns + `>eu-west-1</LocationConstraint>`},
		{s3api.OpGetBucketLocation.Operation, &s3api.GetBucketLocationOutput{}, `<LocationConstraint` + xmlns + `></LocationConstraint>`},
		{s3api.OpGetBucketVersioning.Operation, &s3api.GetBucketVersioningOutput{}, `<VersioningConfiguration` + xmlns + `></VersioningConfiguration>`},
		{s3api.OpGetBucketEncryption.Operation, &s3api.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &s3api.ServerSideEncryptionConfiguration{
			Rules: []s3api.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3api.ServerSideEncryptionByDefault{SSEAlgorithm: "AES256"}, BucketKeyEnabled: at(false)}},
		}}, `<ServerSideEncryptionConfiguration` + xmlns + `><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`},
		{s3api.OpGetBucketAcl.Operation, &s3api.GetBucketAclOutput{Owner: &s3api.Owner{ID: at("i")}, Grants: []s3api.Grant{
			{Grantee: &s3api.Grantee{Type: "CanonicalUser", ID: at("i")}, Permission: at(s3api.Permission("FULL_CONTROL"))},
		}}, `<AccessControlPolicy` + xmlns + `><Owner><ID>i</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>i</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList></AccessControlPolicy>`},
		{s3api.OpGetObjectLegalHold.Operation, &s3api.GetObjectLegalHoldOutput{LegalHold: &s3api.ObjectLockLegalHold{Status: at(s3api.ObjectLockLegalHoldStatus("ON"))}}, `<LegalHold` + xmlns + `><Status>ON</Status></LegalHold>`},
		{s3api.OpGetObjectTagging.Operation, &s3api.GetObjectTaggingOutput{TagSet: []s3api.Tag{{Key: "k", Value: ""}}}, `<Tagging` + xmlns + `><TagSet><Tag><Key>k</Key><Value></Value></Tag></TagSet></Tagging>`},
		{s3api.OpDeleteObjects.Operation, &s3api.DeleteObjectsOutput{Deleted: []s3api.DeletedObject{{Key: at("k")}}, Errors: []s3api.Error{{Code: at("c")}}}, `<DeleteResult` + xmlns + `><Deleted><Key>k</Key></Deleted><Error><Code>c</Code></Error></DeleteResult>`},
		{s3api.OpGetObjectAttributes.Operation, &s3api.GetObjectAttributesOutput{ETag: at("e"), ObjectSize: at(int64(7)), LastModified: &moment}, `<GetObjectAttributesResponse` + xmlns + `><ETag>e</ETag><ObjectSize>7</ObjectSize></GetObjectAttributesResponse>`},
		{s3api.OpCopyObject.Operation, &s3api.CopyObjectOutput{CopyObjectResult: &s3api.CopyObjectResult{ETag: at(`"e"`)}}, `<CopyObjectResult` + xmlns + `><ETag>&quot;e&quot;</ETag></CopyObjectResult>`},
		{s3api.OpGetBucketNotificationConfiguration.Operation, &s3api.NotificationConfiguration{EventBridgeConfiguration: &s3api.EventBridgeConfiguration{}}, `<NotificationConfiguration` + xmlns + `><EventBridgeConfiguration></EventBridgeConfiguration></NotificationConfiguration>`},
	} {
		a, _ := encoded(test.op, test.out)
		if got := string(a.Body); got != prolog+test.want || a.Status != 200 || a.Type != "application/xml" {
			t.Errorf("%s: %d %s\n got %s\nwant %s", test.op.Name, a.Status, a.Type, got, prolog+test.want)
		}
	}
}

func TestWhatIsNoDocumentIsSentAsWhatItIs(t *testing.T) {
	for _, test := range []struct {
		op     *api.Operation
		out    any
		status int
		kind   string
		body   string
	}{
		{s3api.OpPutObject.Operation, &s3api.PutObjectOutput{ETag: at("e")}, 200, "", ""},
		{s3api.OpDeleteObject.Operation, &s3api.DeleteObjectOutput{}, 204, "", ""},
		{s3api.OpDeleteBucket.Operation, &api.None{}, 204, "", ""},
		{s3api.OpPutBucketTagging.Operation, &api.None{}, 200, "", ""},
		{s3api.OpGetBucketPolicy.Operation, &s3api.GetBucketPolicyOutput{Policy: at(`{"a":"<b>"}`)}, 200, "application/json", `{"a":"<b>"}`},
		{s3api.OpCopyObject.Operation, &s3api.CopyObjectOutput{}, 200, "", ""},
	} {
		a, _ := encoded(test.op, test.out)
		if a.Status != test.status || a.Type != test.kind || string(a.Body) != test.body || a.Stream != nil {
			t.Errorf("%s: %+v", test.op.Name, a)
		}
	}
}

func TestAStreamIsPassedOnWithItsHeaders(t *testing.T) {
	body := io.NopCloser(strings.NewReader("x"))
	a, h := encoded(s3api.OpGetObject.Operation, &s3api.GetObjectOutput{
		Body: body, ContentLength: at(int64(1)), ETag: at(`"e"`), LastModified: &moment, DeleteMarker: at(false), PartsCount: at(int32(3)),
		Metadata: map[string]string{"colour": "red", "city": "K\u00f6ln"}, ObjectLockRetainUntilDate: &moment, Expires: at("whenever"),
		ServerSideEncryption: at(s3api.ServerSideEncryption("aws:kms")), BucketKeyEnabled: at(true), CacheControl: at(""),
	})
	want := http.Header{
		"Content-Length": {"1"}, "Etag": {`"e"`}, "Last-Modified": {"Mon, 03 Feb 2020 03:05:06 GMT"}, "X-Amz-Delete-Marker": {"false"},
		"X-Amz-Mp-Parts-Count": {"3"}, "x-amz-meta-colour": {"red"}, "x-amz-meta-city": {"=?UTF-8?b?S8O2bG4=?="},
		"X-Amz-Object-Lock-Retain-Until-Date": {"2020-02-03T03:05:06.789Z"}, "Expires": {"whenever"}, "Cache-Control": {""},
		"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"true"},
	}
	if a.Status != 200 || a.Stream != body || a.Body != nil || !reflect.DeepEqual(h, want) {
		t.Errorf("%+v\n got %v\nwant %v", a, h, want)
	}
	if a, _ := encoded(s3api.OpGetObject.Operation, &s3api.GetObjectOutput{ContentRange: at("bytes 0-0/2")}); a.Status != 206 || a.Stream != nil {
		t.Errorf("%+v", a)
	}
	if a, _ := encoded(s3api.OpHeadObject.Operation, &s3api.HeadObjectOutput{ContentRange: at("bytes 0-0/2")}); a.Status != 206 {
		t.Errorf("%+v", a)
	}
}

func TestEveryOutputIsWellFormed(t *testing.T) {
	for _, op := range s3api.Service.Operations {
		out := reflect.New(op.Output)
		fill(planner.Of(op.Output), out.Elem(), 0)
		a, h := encoded(op, out.Interface())
		for name, values := range h {
			if http.CanonicalHeaderKey(name) != name && !strings.HasPrefix(name, "x-amz-meta-") || len(values) != 1 {
				t.Errorf("%s: header %s: %q", op.Name, name, values)
			}
		}
		if a.Type != "application/xml" {
			continue
		}
		d := xml.NewDecoder(bytes.NewReader(a.Body))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v: %s", op.Name, err, a.Body)
			}
		}
	}
}

// fill sets every member, lists with two members each.
func fill(t *plan.Type, v reflect.Value, depth int) {
	switch t.Kind {
	case plan.String:
		v.SetString("a<b>&\"c\" \u00f6")
		if t.Enum() {
			v.SetString(s3api.Shapes[t.Shape].Enum[0])
		}
	case plan.Blob:
		v.SetBytes([]byte("blob"))
	case plan.Bool:
		v.SetBool(true)
	case plan.Int:
		v.SetInt(int64(depth) + 5)
	case plan.Time:
		v.Set(reflect.ValueOf(moment.UTC().Truncate(time.Second)))
	case plan.List:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t.Elem, v.Index(0), depth+1)
		fill(t.Elem, v.Index(1), depth+1)
	case plan.Map:
		v.Set(reflect.ValueOf(map[string]string{"k": "v"}))
	case plan.Struct:
		for i := range t.Members {
			m := &t.Members[i]
			field := v.Field(m.Field)
			if m.Type.Kind == plan.Opaque || m.Pointer && depth > 12 {
				continue
			}
			if m.Pointer {
				field.Set(reflect.New(m.Type.Go))
				field = field.Elem()
			}
			fill(m.Type, field, depth+1)
		}
	}
}

func TestEveryDocumentSurvivesARoundTrip(t *testing.T) {
	for _, op := range s3api.Service.Operations {
		p := planner.Of(op.Input)
		m := payload(p)
		if m == nil || m.Type.Kind != plan.Struct {
			continue
		}
		want, got := reflect.New(m.Type.Go), reflect.New(m.Type.Go)
		fill(m.Type, want.Elem(), 0)
		body := appendNamed([]byte(xmltext.Declaration), m.Wire, m.Type, want.Elem())
		if err := decodeDocument(m, body, got.Elem()); err != nil {
			t.Errorf("%s: %v: %s", op.Name, err, body)
		} else if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s:\n got %+v\nwant %+v", op.Name, got.Elem(), want.Elem())
		}
	}
}

func TestErrorDocumentsTellTheRequest(t *testing.T) {
	e := api.NewError("NoSuchKey", "NoSuchKey", 404, "gone & lost").With("Key", "<k>").With("Age", 5).With("header:x-amz-delete-marker", true).With("header:Allow", "DELETE")
	want := prolog + `<Error><Code>NoSuchKey</Code><Message>gone &amp; lost</Message><Age>5</Age><Key>&lt;k&gt;</Key><RequestId>R</RequestId><HostId>H</HostId></Error>`
	if got := string(Refuse(nil, e, "R", "H")); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	h := http.Header{}
	RefuseHeaders(h, e)
	if want := (http.Header{"X-Amz-Delete-Marker": {"true"}, "Allow": {"DELETE"}}); !reflect.DeepEqual(h, want) {
		t.Errorf("got %v, want %v", h, want)
	}
}
