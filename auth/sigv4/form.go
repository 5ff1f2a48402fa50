package sigv4

import "time"

// FormNames are the fields of a browser's form that hold its signature.
var FormNames = [...]string{"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"}

// ParseForm reads the signature of a browser's form, whose fields it asks for
// by their names in lower case. It checks nothing but the form of the
// signature. Its errors are those of a presigned request; with an error the
// Authorization holds what could be read.
func ParseForm(field func(name string) string) (Authorization, error) {
	a := Authorization{
		Presigned: true, Token: field("x-amz-security-token"), Signature: field("x-amz-signature"), Date: field("x-amz-date"),
	}
	var missing []string
	for _, name := range FormNames {
		if field(name) == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return a, &Error{Problem: QueryIncomplete, Missing: missing}
	}
	if algorithm := field("x-amz-algorithm"); algorithm != Algorithm {
		return a, &Error{Problem: BadAlgorithm, Value: algorithm}
	}
	if err := a.setCredential(field("x-amz-credential"), QueryCredential); err != nil {
		return a, err
	}
	var err error
	if a.Time, err = time.Parse(TimeFormat, a.Date); err != nil {
		return a, &Error{Problem: QueryDate, Value: a.Date}
	}
	return a, nil
}
