package cloudtrail

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"strings"

	"sealstack/api"
	"sealstack/api/stsapi"
)

// describeSTS names the role that was assumed, the provider of a SAML
// assertion and the assertion, which itself is not shown: sAMLAssertionID, and
// RequestDetails, are as in the examples.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
func describeSTS(r *record, c *api.Caller, call *api.Call, host string) {
	if role := textMember(call.In, "RoleArn"); role != "" {
		r.holdsIAM("AWS::IAM::Role", role)
	}
	if in, ok := call.In.(*stsapi.AssumeRoleWithSAMLRequest); ok && in != nil {
		r.holdsIAM("AWS::IAM::SAMLProvider", in.PrincipalArn)
		id := assertionID(in.SAMLAssertion)
		r.RequestParameters = withMember(r.RequestParameters, id != "", "sAMLAssertionID", string(appendText(nil, id)))
	}
	r.AdditionalEventData = map[string]any{"RequestDetails": servedBy(c, host)}
}

func (r *record) holdsIAM(kind, arn string) {
	r.Resources = append(r.Resources, resource{Account: accountOf(arn), Type: kind, ARN: arn})
	r.named = append(r.named, named{kind, arn})
}

// servedBy tells which endpoint a call was sent to: the Region's own, or the
// one for all Regions.
func servedBy(c *api.Caller, host string) map[string]string {
	kind := "regional"
	if strings.HasPrefix(host, "sts.amazonaws.com") {
		kind = "global"
	}
	return map[string]string{"awsServingRegion": c.Region, "endpointType": kind}
}

// assertionID reads the ID of the assertion in a SAML response; "" if there is
// none to be read.
func assertionID(response string) string {
	text, err := base64.StdEncoding.DecodeString(response)
	if err != nil {
		return ""
	}
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		e, ok := token.(xml.StartElement)
		if !ok || e.Name.Local != "Assertion" {
			continue
		}
		for _, a := range e.Attr {
			if a.Name.Local == "ID" {
				return a.Value
			}
		}
		return ""
	}
}
