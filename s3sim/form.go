package s3sim

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"sealstack/api"
	"sealstack/api/s3api"
	"sealstack/clock"
)

// maxFields is how many bytes the fields of a form may have before its file.
const maxFields = 20 << 10

// FormAuthenticator finds out who signed the policy of a form.
type FormAuthenticator interface {
	AuthenticateForm(r *http.Request, s *api.Service, policy string, field func(name string) string) (*api.Caller, error)
}

// Forms takes the forms with which browsers upload objects. Each becomes a
// PutObject by whoever signed it, through S3's door.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
type Forms struct {
	s3   s3api.Client
	auth FormAuthenticator
	real clock.Clock
}

// NewForms returns what takes forms for s3. real says when their policies
// expire: those who sign forms know the real time only.
func NewForms(s3 s3api.Client, auth FormAuthenticator, real clock.Clock) *Forms {
	return &Forms{s3, auth, real}
}

// form is a form as it came: the fields before the file, and the file.
type form struct {
	fields map[string]string // by name in lower case
	bucket string
	file   io.Reader
	policy *formPolicy // nil without one
}

func (f *form) field(name string) string { return f.fields[name] }

// PostObject answers a form. What comes behind the file is not looked at.
func (f *Forms) PostObject(w http.ResponseWriter, r *http.Request, bucket string) error {
	got, err := readForm(r)
	if err != nil {
		return err
	}
	got.bucket = bucket
	caller, err := f.admit(r, got)
	if err != nil {
		return err
	}
	in, err := got.request()
	if err != nil {
		return err
	}
	out, err := f.s3.PutObject(api.WithCaller(r.Context(), caller), in)
	if err != nil {
		return err
	}
	got.answer(w, r, in.Key, out)
	return nil
}

// admit finds out who sends a form, and holds it against its policy.
func (f *Forms) admit(r *http.Request, got *form) (*api.Caller, error) {
	anonymous := api.CallerOf(r.Context())
	if err := got.complete(); err != nil {
		return nil, err
	}
	text := got.field("policy")
	if text == "" {
		return anonymous, nil
	}
	caller, err := f.auth.AuthenticateForm(r, s3api.Service, text, got.field)
	if err != nil {
		return nil, err
	}
	caller.RequestID = anonymous.RequestID
	if got.policy, err = parseFormPolicy(text); err != nil {
		return nil, err
	}
	return caller, got.policy.check(got, f.real.Now())
}

// readForm reads the fields up to the file.
func readForm(r *http.Request) (*form, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, malformedForm()
	}
	f := &form{fields: map[string]string{}}
	for left := maxFields; ; {
		part, err := parts.NextRawPart()
		switch name := partName(part); {
		case err == io.EOF:
			return nil, noFile()
		case err != nil:
			return nil, formError(err)
		case name == "file":
			f.file = partReader{part}
			f.fillIn(part.FileName())
			return f, nil
		default:
			value, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
			if err != nil {
				return nil, formError(err)
			}
			if left -= len(name) + len(value); left < 0 {
				return nil, fieldsTooLarge()
			}
			f.fields[name] = string(value)
		}
	}
}

func partName(p *multipart.Part) string {
	if p == nil {
		return ""
	}
	return strings.ToLower(p.FormName())
}

// fillIn puts the file's name where the key asks for it.
func (f *form) fillIn(name string) {
	if key, ok := f.fields["key"]; ok {
		f.fields["key"] = strings.ReplaceAll(key, "${filename}", name)
	}
}

// partReader reads the file. A form that breaks off is S3's error.
type partReader struct{ io.Reader }

func (p partReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, formError(err)
}

// formError is the error of a form that can't be read: the edge's own, if the
// body is to blame.
func formError(err error) error {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e
	}
	return malformedForm()
}

// complete refuses a form without what it must have.
func (f *form) complete() error {
	if f.field("key") == "" {
		return missingField("key")
	}
	signed := []string{"AWSAccessKeyId", "signature"}
	for _, name := range versionFourFields {
		if f.field(strings.ToLower(name)) != "" {
			signed = versionFourFields
		}
	}
	if f.field("policy") == "" {
		return f.unsigned(signed)
	}
	for _, name := range signed {
		if f.field(strings.ToLower(name)) == "" {
			return missingField(name)
		}
	}
	return nil
}

var versionFourFields = []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"}

// unsigned refuses a signature without a policy, which would sign nothing.
func (f *form) unsigned(names []string) error {
	for _, name := range names {
		if f.field(strings.ToLower(name)) != "" {
			return missingField("policy")
		}
	}
	return nil
}
