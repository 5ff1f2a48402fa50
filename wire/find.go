package wire

import (
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"sealstack/api"
	"sealstack/wire/restxml"
)

// unknownOperation is what awsJson services answer to a request that names no
// operation they have: 400 behind a prefix that exists, else 404.
func unknownOperation(status int) *api.Error {
	return frontEnd(status, "UnknownOperationException", "")
}

// findJSON finds the operation that X-Amz-Target names.
func (e *edge) findJSON(c *call) error {
	c.protocol = jsonProtocol{}
	s, name := e.services.target(c.r.Header.Get("X-Amz-Target"))
	if s == nil || c.r.Method != http.MethodPost || c.r.URL.Path != "/" || !isJSON(c.r) {
		return unknownOperation(404)
	}
	c.service, c.protocol = s, jsonProtocol{old: s.OldJSON}
	if c.op = s.operations[name]; c.op != nil {
		return nil
	}
	if s.omits(name) {
		return api.NotImplemented(s.ID, name)
	}
	return unknownOperation(400)
}

// isJSON reports whether a body says that it is JSON.
// Unverified: which media types AWS takes besides application/x-amz-json-1.1.
func isJSON(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return strings.HasPrefix(kind, "application/") && strings.Contains(kind, "json")
}

// findOther finds the operation of a request without X-Amz-Target: by the
// service of its signature, by its Action, by its host name. What is left is
// S3's.
func (e *edge) findOther(c *call) error {
	signedFor := signingName(c.r)
	c.service = e.services.bySigning[signedFor]
	switch {
	case c.service != nil:
	case signedFor == "" && restxml.ReadHost(c.r.Host).S3:
		c.service = e.services.rest
	case c.r.URL.Path == "/" && (isForm(c.r) || hasAction(c.r)):
		c.protocol = queryProtocol{}
		return e.findQuery(c)
	default:
		c.service = e.services.host(c.r.Host)
	}
	switch {
	case c.service == nil && isJSON(c.r) && c.r.URL.Path == "/":
		c.protocol = jsonProtocol{}
		return unknownOperation(404)
	case c.service == nil && signedFor != "" && signedFor != "s3":
		c.protocol = unclaimed{}
		return noService(signedFor)
	case c.service == nil || c.service.Protocol == api.RESTXML:
		return e.findREST(c)
	case c.service.Protocol == api.RESTJSON:
		return e.findRESTJSON(c)
	case c.service.Speaks(api.Query):
		c.protocol = queryProtocol{}
		return e.findQuery(c)
	}
	c.protocol = c.service.protocol
	return unknownOperation(404)
}

// findQuery finds the operation that the parameters Action and Version name.
//
// A browser sends such a request for any page, an image's address being
// enough; with an access key that Sealstack did not issue it would be root's.
// AWS needs no such check, for there a page has no key that works.
func (e *edge) findQuery(c *call) error {
	if c.r.URL.Path != "/" || c.r.Method != http.MethodPost && c.r.Method != http.MethodGet {
		return unknownOperation(404)
	}
	if c.r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return frontEnd(http.StatusForbidden, "AccessDenied", "A web page of another site may not call this service.")
	}
	if err := e.readForm(c); err != nil {
		return err
	}
	action, version := c.form.Get("Action"), c.form.Get("Version")
	if action == "" {
		return frontEnd(400, "MissingAction", "The request is missing an action or a required parameter.")
	}
	s := c.service
	if s == nil {
		s = e.services.byVersion[version]
	}
	if s != nil && version == s.Version {
		c.service = s
		if c.op = s.operations[action]; c.op != nil {
			return nil
		}
		if s.omits(action) {
			return api.NotImplemented(s.ID, action)
		}
	}
	if version == "" {
		version = "NO_VERSION_SPECIFIED"
	}
	return frontEnd(400, "InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", action, version))
}

// readForm takes in the body and the parameters of body and query string; the
// body's count more.
func (e *edge) readForm(c *call) error {
	if err := e.read(c); err != nil {
		return err
	}
	form, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return badForm()
	}
	if isForm(c.r) {
		posted, err := url.ParseQuery(string(c.body))
		if err != nil {
			return badForm()
		}
		maps.Copy(form, posted)
	}
	c.form = form
	return nil
}

// badForm refuses parameters that can't be read. AWS documents the code with
// status 404 among the errors common to all actions of its query services.
func badForm() *api.Error {
	return frontEnd(404, "MalformedQueryString", "The query string contains a syntax error.")
}

func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && kind == "application/x-www-form-urlencoded"
}

// hasAction reports whether the query string names an action.
func hasAction(r *http.Request) bool {
	return r.URL.Query().Get("Action") != ""
}

// signingName returns the service in the credential scope of a signature, in
// the Authorization header or the query string, or "".
func signingName(r *http.Request) string {
	credential := ""
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(rest, ",")
	} else if strings.Contains(r.URL.RawQuery, "X-Amz-Credential=") {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	parts := strings.Split(credential, "/")
	if len(parts) != 5 {
		return ""
	}
	return parts[3]
}
