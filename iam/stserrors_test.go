package iam

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/stsapi"
)

// bulky is a session policy with n characters in its resource.
func bulky(n int) string {
	return document(allow("kms:*", "arn:aws:kms:us-east-1:111122223333:key/"+strings.Repeat("x", n)))
}

// What cannot be a session policy cannot be one for any operation that makes a
// session.
func TestSessionPoliciesAreCheckedByEveryOperation(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("sts:*", "*"))
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	assume := func(document *string, arns []stsapi.PolicyDescriptorType) (*int32, error) {
		out, err := w.sts.AssumeRole(ada, &stsapi.AssumeRoleRequest{RoleArn: role, RoleSessionName: "s", Policy: document, PolicyArns: arns})
		if err != nil {
			return nil, err
		}
		return out.PackedPolicySize, nil
	}
	federate := func(document *string, arns []stsapi.PolicyDescriptorType) (*int32, error) {
		out, err := w.sts.GetFederationToken(ada, &stsapi.GetFederationTokenRequest{Name: "g", Policy: document, PolicyArns: arns})
		if err != nil {
			return nil, err
		}
		return out.PackedPolicySize, nil
	}
	arns := func(list ...string) (out []stsapi.PolicyDescriptorType) {
		for _, a := range list {
			out = append(out, stsapi.PolicyDescriptorType{Arn: &a})
		}
		return out
	}
	malformed := "MalformedPolicyDocument: "
	for name, c := range map[string]struct {
		document *string
		arns     []stsapi.PolicyDescriptorType
		want     string
		packed   bool
	}{
		"nothing":                {nil, nil, "", false},
		"a policy":               {new(document(allow("kms:*", "*"))), nil, "", true},
		"one of AWS's":           {nil, arns("arn:aws:iam::aws:policy/ReadOnlyAccess"), "", true},
		"no JSON":                {new("{"), nil, malformed + "This policy contains invalid Json", false},
		"a list":                 {new("[]"), nil, malformed + "Syntax errors in policy.", false},
		"no statement":           {new(`{"Version":"2012-10-17"}`), nil, malformed + "Syntax errors in policy.", false},
		"a principal":            {new(document(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`)), nil, malformed + "Policy document should not specify a principal.", false},
		"no action":              {new(document(`{"Effect":"Allow","Resource":"*"}`)), nil, malformed + "Policy statement must contain actions.", false},
		"no resource":            {new(document(`{"Effect":"Allow","Action":"kms:*"}`)), nil, malformed + "Policy statement must contain resources.", false},
		"an action of no one":    {new(document(allow("Decrypt", "*"))), nil, malformed + "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.", false},
		"an incomplete ARN":      {new(document(allow("s3:*", "arn:aws:s3"))), nil, malformed + `Resource arn:aws:s3 must be in ARN format or "*".`, false},
		"another incomplete ARN": {new(document(allow("s3:*", "arn:aws:s3:::"))), nil, "", true},
		"no ARN":                 {new(document(allow("s3:*", "bucket"))), nil, malformed + `Resource bucket must be in ARN format or "*".`, false},
		"the Sid twice":          {new(document(`{"Sid":"a","Effect":"Allow","Action":"kms:*","Resource":"*"}`, `{"Sid":"a","Effect":"Allow","Action":"kms:*","Resource":"*"}`)), nil, malformed + "Statement IDs (SID) in a single policy must be unique.", false},
		"an unknown ARN":         {nil, arns("arn:aws:iam::aws:policy/None"), "ValidationError: Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.", false},
		"of another account":     {nil, arns("arn:aws:iam::444455556666:policy/p"), "ValidationError: Policy arn:aws:iam::444455556666:policy/p does not exist or is not attachable.", false},
		"an ARN of a role":       {nil, arns(role), "ValidationError: ARN " + role + " is not valid.", false},
		"no ARN of a policy":     {nil, arns("x"), "ValidationError: Invalid ARN:  Could not be parsed!", false},
		"just enough":            {new(bulky(1900)), nil, "", true},
		"too much":               {new(bulky(2048)), nil, "PackedPolicyTooLarge: Packed policy consumes 107% of allotted space, please use smaller policy.", false},
		"too much together":      {new(bulky(1900)), arns("arn:aws:iam::aws:policy/ReadOnlyAccess"), "PackedPolicyTooLarge: Packed policy consumes 101% of allotted space, please use smaller policy.", false},
	} {
		for operation, call := range map[string]func(*string, []stsapi.PolicyDescriptorType) (*int32, error){"AssumeRole": assume, "GetFederationToken": federate} {
			before := w.rows(t)
			packed, err := call(c.document, c.arns)
			wantError(t, operation+", "+name, err, c.want)
			if (packed != nil) != c.packed {
				t.Errorf("%s, %s: packed size %v", operation, name, packed)
			}
			if err != nil && w.rows(t) != before {
				t.Errorf("%s, %s: a session is left", operation, name)
			}
		}
	}
}

func TestErrorsOfAssumeRole(t *testing.T) {
	w := newWorld(t)
	ada := w.user(t, "Ada", allow("sts:AssumeRole", "*"))
	role := w.role(t, "r", `"AWS":"arn:aws:iam::111122223333:user/Ada"`)
	gated := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "gated", AssumeRolePolicyDocument: document(
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/Ada"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`)}))(t).Role.Arn
	barred := must(w.iam.CreateRole(w.root, &iamapi.CreateRoleRequest{RoleName: "barred", AssumeRolePolicyDocument: document(
		`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`,
		`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/Ada"},"Action":"sts:AssumeRole"}`)}))(t).Role.Arn
	denied := func(role string) string {
		return "AccessDenied: User: arn:aws:iam::111122223333:user/Ada is not authorized to perform: sts:AssumeRole on resource: " + role
	}
	many := make([]stsapi.Tag, 51)
	for i := range many {
		many[i] = stsapi.Tag{Key: fmt.Sprint("key", i), Value: strings.Repeat("v", 40)}
	}
	for name, c := range map[string]struct {
		in   stsapi.AssumeRoleRequest
		want string
	}{
		"good":                  {stsapi.AssumeRoleRequest{RoleArn: role}, ""},
		"the shortest":          {stsapi.AssumeRoleRequest{RoleArn: role, DurationSeconds: new(int32(900))}, ""},
		"without a device":      {stsapi.AssumeRoleRequest{RoleArn: gated}, denied(gated)},
		"barred":                {stsapi.AssumeRoleRequest{RoleArn: barred}, denied(barred)},
		"of no such account":    {stsapi.AssumeRoleRequest{RoleArn: "arn:aws:iam::999999999999:role/r"}, denied("arn:aws:iam::999999999999:role/r")},
		"in another case":       {stsapi.AssumeRoleRequest{RoleArn: strings.Replace(role, "role/r", "role/R", 1)}, denied(strings.Replace(role, "role/r", "role/R", 1))},
		"of a bad account":      {stsapi.AssumeRoleRequest{RoleArn: "arn:aws:iam::12:role/r"}, "ValidationError: arn:aws:iam::12:role/r is invalid"},
		"without a name":        {stsapi.AssumeRoleRequest{RoleArn: "arn:aws:iam::111122223333:role/"}, "ValidationError: arn:aws:iam::111122223333:role/ is invalid"},
		"of another service":    {stsapi.AssumeRoleRequest{RoleArn: "arn:aws:sts::111122223333:assumed-role/r/s"}, "ValidationError: arn:aws:sts::111122223333:assumed-role/r/s is invalid"},
		"more tags than fit":    {stsapi.AssumeRoleRequest{RoleArn: role, Tags: many}, "PackedPolicyTooLarge: Packed policy consumes 112% of allotted space, please use smaller policy."},
		"only a serial number":  {stsapi.AssumeRoleRequest{RoleArn: role, SerialNumber: new("GAHT12345678")}, "AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code."},
		"another external id":   {stsapi.AssumeRoleRequest{RoleArn: role, ExternalId: new("x")}, ""},
		"a key to pass on, two": {stsapi.AssumeRoleRequest{RoleArn: role, Tags: many[:1], TransitiveTagKeys: []string{"key0", "key1"}}, "InvalidParameterValue: The specified transitive tag key must be included in the requested tags."},
	} {
		c.in.RoleSessionName = "s"
		wantError(t, name, errorOf(w.sts.AssumeRole(ada, &c.in)), c.want)
	}
}

// Each operation of STS that asks for a right names it.
func TestRightsOfSTS(t *testing.T) {
	w := newWorld(t)
	bob := w.user(t, "Bob")
	calls := map[string]func(context.Context) error{
		"GetFederationToken": func(c context.Context) error {
			return errorOf(w.sts.GetFederationToken(c, &stsapi.GetFederationTokenRequest{Name: "g"}))
		},
		"GetAccessKeyInfo": func(c context.Context) error {
			return errorOf(w.sts.GetAccessKeyInfo(c, &stsapi.GetAccessKeyInfoRequest{AccessKeyId: api.CallerOf(bob).AccessKeyID}))
		},
		"DecodeAuthorizationMessage": func(c context.Context) error {
			return errorOf(w.sts.DecodeAuthorizationMessage(c, &stsapi.DecodeAuthorizationMessageRequest{EncodedMessage: w.EncodeAuthorizationMessage("m")}))
		},
	}
	resources := map[string]string{"GetFederationToken": "arn:aws:sts::111122223333:federated-user/g"}
	for name, call := range calls {
		resource := resources[name]
		if resource == "" {
			resource = "*"
		}
		must(0, errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: document(allow("sts:GetCallerIdentity", "*"))})))(t)
		wantError(t, name, call(bob), "AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: sts:"+name+" on resource: "+resource+" because no identity-based policy allows the sts:"+name+" action")
		must(0, errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: document(allow("sts:"+name, resource))})))(t)
		wantError(t, name+" with the right", call(bob), "")
		must(0, errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: document(allow("*", "*"), strings.Replace(allow("sts:"+name, "*"), "Allow", "Deny", 1))})))(t)
		wantError(t, name+" denied", call(bob), "AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: sts:"+name+" on resource: "+resource+" with an explicit deny in an identity-based policy")
	}
	must(0, errorOf(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: document(`{"Effect":"Deny","Action":"*","Resource":"*"}`)})))(t)
	wantError(t, "who one is, and a session token, cannot be denied", errorOf(w.sts.GetCallerIdentity(bob, &stsapi.GetCallerIdentityRequest{})), "")
	must(w.iam.PutUserPolicy(w.root, &iamapi.PutUserPolicyRequest{UserName: "Bob", PolicyName: "p", PolicyDocument: document(allow("sts:GetFederationToken", "*"))}))(t)
	wantError(t, "tags", errorOf(w.sts.GetFederationToken(bob, &stsapi.GetFederationTokenRequest{Name: "g", Tags: []stsapi.Tag{{Key: "a", Value: "b"}}})),
		"AccessDenied: User: arn:aws:iam::111122223333:user/Bob is not authorized to perform: sts:TagSession on resource: arn:aws:sts::111122223333:federated-user/g because no identity-based policy allows the sts:TagSession action")
}
