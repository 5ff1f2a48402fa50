package s3sim

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/s3api"
)

// plainFields are the fields that are headers of PutObject without x-amz-.
var plainFields = map[string]bool{
	"cache-control": true, "content-type": true, "content-disposition": true, "content-encoding": true, "content-language": true,
	"content-md5": true, "expires": true,
}

// request is the PutObject that a form stands for: its fields are the headers
// of the same name, but for acl and tagging.
func (f *form) request() (*s3api.PutObjectRequest, error) {
	in := &s3api.PutObjectRequest{Bucket: f.bucket, Key: f.field("key"), Body: io.NopCloser(f.policy.sized(f.file))}
	v := reflect.ValueOf(in).Elem()
	for i := range v.NumField() {
		tag, err := api.ParseTag(v.Type().Field(i))
		if err != nil {
			return nil, fmt.Errorf("s3: PutObject: %w", err)
		}
		name := strings.ToLower(tag.Name)
		text, given := f.fields[name]
		if tag.Place != api.Header || !given || !plainFields[name] && !strings.HasPrefix(name, "x-amz-") {
			continue
		}
		if err := setMember(v.Field(i), tag.Name, text); err != nil {
			return nil, err
		}
	}
	f.setMetadata(in)
	if acl, ok := f.fields["acl"]; ok {
		in.ACL = new(s3api.ObjectCannedACL(acl))
	}
	return in, f.setTags(in)
}

// setMember sets a member that is a pointer from the text of a field.
func setMember(v reflect.Value, name, text string) (err error) {
	p := reflect.New(v.Type().Elem())
	switch target := p.Interface().(type) {
	case *bool:
		*target, err = strconv.ParseBool(text)
	case *int32:
		var n int64
		n, err = strconv.ParseInt(text, 10, 32)
		*target = int32(n)
	case *int64:
		*target, err = strconv.ParseInt(text, 10, 64)
	case *time.Time:
		*target, err = time.Parse(time.RFC3339, text)
	default:
		p.Elem().SetString(text)
	}
	if err != nil {
		// Unverified: AWS's sentence.
		return invalidArgument("The value of the field is not valid.", name, text)
	}
	v.Set(p)
	return nil
}

const metadataPrefix = "x-amz-meta-"

func (f *form) setMetadata(in *s3api.PutObjectRequest) {
	for name, text := range f.fields {
		if name, ok := strings.CutPrefix(name, metadataPrefix); ok {
			if in.Metadata == nil {
				in.Metadata = map[string]string{}
			}
			in.Metadata[name] = text
		}
	}
}

// setTags reads the field tagging, which holds the document that
// PutObjectTagging takes.
func (f *form) setTags(in *s3api.PutObjectRequest) error {
	text, ok := f.fields["tagging"]
	if !ok {
		return nil
	}
	var document struct {
		XMLName xml.Name    `xml:"Tagging"`
		Tags    []s3api.Tag `xml:"TagSet>Tag"`
	}
	if err := xml.Unmarshal([]byte(text), &document); err != nil {
		return malformedXML()
	}
	if _, err := tagsOf(document.Tags, maxObjectTags); err != nil {
		return err
	}
	q := url.Values{}
	for _, t := range document.Tags {
		q.Set(t.Key, t.Value)
	}
	in.Tagging = new(q.Encode())
	return nil
}

// answer tells of the new object: by sending the browser on, or with the
// status that the form asks for.
func (f *form) answer(w http.ResponseWriter, r *http.Request, key string, out *s3api.PutObjectOutput) {
	h := w.Header()
	outputHeaders(h, out)
	location := objectURL(r, f.bucket, key)
	h.Set("Location", location)
	if to := f.redirect(key, value(out.ETag)); to != "" {
		h.Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	switch f.field("success_action_status") {
	case "200":
		w.WriteHeader(http.StatusOK)
	case "201":
		h.Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusCreated)
		writePostResponse(w, location, f.bucket, key, value(out.ETag))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// redirect is where the browser is to go, with what it should know in the
// query; "" if the form does not say, or names no address.
func (f *form) redirect(key, etag string) string {
	to := f.field("success_action_redirect")
	if to == "" {
		to = f.field("redirect")
	}
	u, err := url.Parse(to)
	if to == "" || err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	query := "bucket=" + url.QueryEscape(f.bucket) + "&key=" + url.QueryEscape(key) + "&etag=" + url.QueryEscape(etag)
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u.String()
}

// objectURL is the address of the object, in the style of the request's.
func objectURL(r *http.Request, bucket, key string) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	place := scheme + "://" + r.Host + "/"
	if strings.Trim(r.URL.Path, "/") == bucket {
		place += url.PathEscape(bucket) + "/"
	}
	return place + url.PathEscape(key)
}

func writePostResponse(w io.Writer, location, bucket, key, etag string) {
	io.WriteString(w, xml.Header+"<PostResponse>")
	for _, e := range [...]struct{ name, text string }{{"Location", location}, {"Bucket", bucket}, {"Key", key}, {"ETag", etag}} {
		io.WriteString(w, "<"+e.name+">")
		_ = xml.EscapeText(w, []byte(e.text))
		io.WriteString(w, "</"+e.name+">")
	}
	io.WriteString(w, "</PostResponse>")
}

// outputHeaders sets the headers that PutObject would have.
func outputHeaders(h http.Header, out *s3api.PutObjectOutput) {
	v := reflect.ValueOf(out).Elem()
	for i := range v.NumField() {
		tag, err := api.ParseTag(v.Type().Field(i))
		if err == nil && tag.Place == api.Header && !v.Field(i).IsNil() {
			h.Set(tag.Name, fmt.Sprint(v.Field(i).Elem().Interface()))
		}
	}
}
