package cloudtrail

import (
	"errors"
	"strings"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/cloudtraildataapi"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/logsapi"
	"sealstack/api/s3api"
	"sealstack/api/stsapi"
	"sealstack/arn"
)

// describe makes the record of a call as the caller's account sees it. Time,
// event id and recipient are not in it yet.
func describe(c *api.Caller, call *api.Call, k *kind, tls *TLSDetails) *record {
	r := &record{
		Version: eventVersion, User: identify(c, call), Source: k.source, Name: k.name, Region: c.Region,
		SourceIP: c.SourceIP, UserAgent: cut(c.UserAgent, maxUserAgent), RequestID: c.RequestID, ReadOnly: k.readOnly,
		Type: apiCall, APIVersion: k.version, Management: !k.data, Category: management,
	}
	host := ""
	if tls != nil {
		host = tls.Host
	}
	if tls != nil && tls.Version != "" {
		r.TLS = tls
	}
	if k.data {
		r.Category = data
	}
	if len(c.Via) > 0 && r.User.InvokedBy != "" && c.Type != api.AWSService {
		r.SourceIP, r.UserAgent = r.User.InvokedBy, r.User.InvokedBy
	}
	r.fail(call.Err)
	r.show(call, k, host)
	describeResources(r, c, call, host)
	return r
}

// show writes the parameters and the answer.
func (r *record) show(call *api.Call, k *kind, host string) {
	switch {
	case call.Service == s3api.Service:
		r.RequestParameters = s3Parameters(call, host)
	case !k.bare:
		r.RequestParameters = parameters(call.Service, call.In, k.hidden)
	}
	switch {
	case !k.responds || call.Err != nil:
	case call.Service == s3api.Service:
		r.ResponseElements = s3Answer(call)
	default:
		r.ResponseElements = parameters(call.Service, call.Out, k.secret)
	}
}

// fail takes over the error of a call. A refusal is AccessDenied in records,
// whatever the service calls it.
func (r *record) fail(err error) {
	if err == nil {
		return
	}
	e, ok := errors.AsType[*api.Error](err)
	if !ok {
		r.ErrorCode, r.ErrorMessage = "InternalFailure", "An unknown error occurred"
		return
	}
	r.ErrorCode, r.ErrorMessage = e.Code, cut(e.Message, maxMessage)
	if e.Code == "AccessDeniedException" {
		r.ErrorCode = accessDenied
	}
}

const accessDenied = "AccessDenied"

// describeResources tells which resources the call accessed.
func describeResources(r *record, c *api.Caller, call *api.Call, host string) {
	switch call.Service {
	case kmsapi.Service:
		describeKMS(r, c, call)
	case s3api.Service:
		describeS3(r, c, call)
		describeTransfer(r, c, call)
	case logsapi.Service:
		describeLogs(r, c, call)
	case iamapi.Service:
		describeIAM(r, call)
	case stsapi.Service:
		describeSTS(r, c, call, host)
	case cloudtrailapi.Service:
		describeTrail(r, call)
	case cloudtraildataapi.Service:
		describeAudit(r, call)
	}
}

// describeS3 names the object and the bucket.
func describeS3(r *record, c *api.Caller, call *api.Call) {
	bucket, key := textMember(call.In, "Bucket"), textMember(call.In, "Key")
	if bucket == "" {
		return
	}
	base := "arn:" + c.Partition + ":s3:::" + bucket
	switch {
	case key != "":
		r.Resources = append(r.Resources, resource{Type: objectType, ARN: base + "/" + key})
	case !r.Management:
		r.Resources = append(r.Resources, resource{Type: objectType, ARNPrefix: base + "/"})
	}
	owner := c.Account
	if owner == "" {
		owner = c.SourceAccount
	}
	r.Resources = append(r.Resources, resource{Account: owner, Type: "AWS::S3::Bucket", ARN: base})
	r.named = append(r.named, named{"AWS::S3::Bucket", bucket})
}

// objectType is the resource type of the data events of Amazon S3.
const objectType = "AWS::S3::Object"

// groupType is the resource type of log groups.
const groupType = "AWS::Logs::LogGroup"

// describeLogs names the log group and the stream.
func describeLogs(r *record, c *api.Caller, call *api.Call) {
	group := textMember(call.In, "LogGroupName")
	if group == "" {
		group = textMember(call.In, "LogGroupIdentifier")
	}
	if group == "" {
		return
	}
	name, account := group, c.Account
	if a, err := arn.Parse(group); err == nil {
		name, account = strings.TrimSuffix(strings.TrimPrefix(a.Resource, "log-group:"), ":*"), a.Account
	}
	r.named = append(r.named, named{groupType, name})
	if stream := textMember(call.In, "LogStreamName"); stream != "" {
		r.named = append(r.named, named{"AWS::Logs::LogStream", stream})
	}
	if !r.Management {
		group := arn.ARN{Partition: c.Partition, Service: "logs", Region: c.Region, Account: account, Resource: "log-group:" + name}
		r.Resources = []resource{{Account: account, Type: groupType, ARN: group.String()}}
	}
}

// iamMembers are the members of requests to IAM that name resources.
var iamMembers = []struct{ member, resource string }{
	{"UserName", "AWS::IAM::User"}, {"RoleName", "AWS::IAM::Role"}, {"GroupName", "AWS::IAM::Group"},
	{"PolicyArn", "AWS::IAM::Policy"}, {"PolicyName", "AWS::IAM::Policy"}, {"AccessKeyId", "AWS::IAM::AccessKey"},
	{"InstanceProfileName", "AWS::IAM::InstanceProfile"},
}

func describeIAM(r *record, call *api.Call) {
	for _, m := range iamMembers {
		if name := textMember(call.In, m.member); name != "" {
			r.named = append(r.named, named{m.resource, name})
		}
	}
}

func describeTrail(r *record, call *api.Call) {
	for _, m := range []struct{ member, resource string }{
		{"Name", trailType}, {"TrailName", trailType}, {"S3BucketName", "AWS::S3::Bucket"}, {"ResourceId", trailType},
	} {
		if name := textMember(call.In, m.member); name != "" {
			r.named = append(r.named, named{m.resource, name})
		}
	}
}

// trailType is the resource type of trails.
const trailType = "AWS::CloudTrail::Trail"
