package logs

import (
	"slices"
	"strings"

	"sealstack/api/logsapi"
	"sealstack/arn"
)

// vendor is a kind of resource that AWS takes as a delivery source.
type vendor struct {
	service  string // of its ARN
	resource string // how the resource part of its ARN begins; empty takes any
	logTypes []string
	to       []logsapi.DeliveryDestinationType // empty stands for logs and files, see kinds
}

var (
	anywhere = []logsapi.DeliveryDestinationType{logsapi.DeliveryDestinationTypeS3, logsapi.DeliveryDestinationTypeCwl, logsapi.DeliveryDestinationTypeFh}
	tracing  = []logsapi.DeliveryDestinationType{logsapi.DeliveryDestinationTypeXray}
)

// vendors are the services and log types that the API reference lists at
// PutDeliverySource's logType:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDeliverySource.html
//
// Unverified: how the ARNs' resource parts begin, where the services' own
// pages do not show one; an empty beginning takes every resource.
var vendors = []vendor{
	{"aidevops", "", []string{"APPLICATION_LOGS"}, nil},
	{"bedrock", "agent-alias", []string{"APPLICATION_LOGS", "EVENT_LOGS"}, nil},
	{"bedrock", "knowledge-base", []string{"APPLICATION_LOGS"}, nil},
	{"bedrock-agentcore", "browser", []string{"APPLICATION_LOGS", "USAGE_LOGS"}, nil},
	{"bedrock-agentcore", "browser", []string{"TRACES"}, tracing},
	{"bedrock-agentcore", "code-interpreter", []string{"APPLICATION_LOGS", "USAGE_LOGS"}, nil},
	{"bedrock-agentcore", "code-interpreter", []string{"TRACES"}, tracing},
	{"bedrock-agentcore", "gateway", []string{"APPLICATION_LOGS"}, nil},
	{"bedrock-agentcore", "gateway", []string{"TRACES"}, tracing},
	{"bedrock-agentcore", "memory", []string{"APPLICATION_LOGS"}, nil},
	{"bedrock-agentcore", "memory", []string{"TRACES"}, tracing},
	{"bedrock-agentcore", "runtime", []string{"APPLICATION_LOGS", "USAGE_LOGS"}, nil},
	{"bedrock-agentcore", "runtime", []string{"TRACES"}, tracing},
	{"bedrock-agentcore", "workload-identity-directory", []string{"APPLICATION_LOGS"}, nil},
	{"bedrock-agentcore", "workload-identity-directory", []string{"TRACES"}, tracing},
	{"cloudfront", "distribution", []string{"ACCESS_LOGS"}, nil},
	{"codewhisperer", "", []string{"EVENT_LOGS"}, nil},
	{"ec2", "route-server", []string{"EVENT_LOGS"}, nil},
	{"eks", "cluster", []string{"AUTO_MODE_BLOCK_STORAGE_LOGS", "AUTO_MODE_COMPUTE_LOGS", "AUTO_MODE_IPAM_LOGS", "AUTO_MODE_LOAD_BALANCING_LOGS"}, nil},
	{"elasticloadbalancing", "loadbalancer", []string{"NLB_ACCESS_LOGS"}, nil},
	{"entityresolution", "", []string{"WORKFLOW_LOGS"}, nil},
	{"mediapackagev2", "channelGroup", []string{"EGRESS_ACCESS_LOGS", "INGRESS_ACCESS_LOGS"}, nil},
	{"mediatailor", "playbackConfiguration", []string{"AD_DECISION_SERVER_LOGS", "MANIFEST_SERVICE_LOGS", "TRANSCODE_LOGS"}, nil},
	{"network-firewall", "", []string{"ALERT_LOGS", "ALLOW_LOGS", "DENY_LOGS"}, nil},
	{"pcs", "cluster", []string{"PCS_JOBCOMP_LOGS", "PCS_SCHEDULER_AUDIT_LOGS", "PCS_SCHEDULER_LOGS"}, nil},
	{"qbusiness", "application", []string{"EVENT_LOGS", "SYNC_JOB_LOGS"}, nil},
	{"quicksight", "", []string{"CHAT_LOGS", "FEEDBACK_LOGS"}, nil},
	{"rtbfabric", "", []string{"APPLICATION_LOGS"}, nil},
	{"securityhub", "hub", []string{"SECURITY_FINDING_LOGS"}, nil},
	{"securityhub", "hubv2", []string{"SECURITY_FINDING_LOGS"}, nil},
	{"ses", "mailmanager-ingress-point", []string{"TRAFFIC_POLICY_DEBUG_LOGS"}, nil},
	{"ses", "mailmanager-rule-set", []string{"APPLICATION_LOGS"}, nil},
	{"sso", "instance", []string{"ERROR_LOGS"}, nil},
	{"workmail", "organization", []string{"ACCESS_CONTROL_LOGS", "AUTHENTICATION_LOGS", "WORKMAIL_AVAILABILITY_PROVIDER_LOGS", "WORKMAIL_MAILBOX_ACCESS_LOGS", "WORKMAIL_PERSONAL_ACCESS_TOKEN_LOGS"}, nil},
}

// kinds returns the types of destination that a vendor delivers to: traces go
// to X-Ray, logs everywhere else.
func (v *vendor) kinds() []logsapi.DeliveryDestinationType {
	if v.to == nil {
		return anywhere
	}
	return v.to
}

// is reports whether a resource is of the vendor's kind.
func (v *vendor) is(a arn.ARN) bool {
	rest, found := strings.CutPrefix(a.Resource, v.resource)
	return a.Service == v.service && found && (v.resource == "" || strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, ":"))
}

// permission is what its owner needs on the resource to let it send logs:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-vended-logs-permissions-V2.html
func (v *vendor) permission() string { return v.service + ":AllowVendedLogDeliveryForResource" }

// vendorOf returns who sends logs of a type about a resource, or AWS's error.
func vendorOf(a arn.ARN, logType string) (*vendor, error) {
	known := false
	for i := range vendors {
		v := &vendors[i]
		known = known || v.service == a.Service
		if v.is(a) && slices.Contains(v.logTypes, logType) {
			return v, nil
		}
	}
	if !known {
		return nil, logsapi.ResourceNotFoundException("Cannot access provided service.")
	}
	return nil, validation("Log type " + logType + " is not supported for the provided resource.") // Unverified: AWS's sentence
}

// layout is what a vendor writes of each record.
type layout struct {
	fields     []string // in their default order
	optional   []string
	variables  []string // of an S3 suffix path
	delimiters []string
	formats    map[logsapi.DeliveryDestinationType][]logsapi.OutputFormat
}

// cloudFront is the only layout that AWS's documentation has in full:
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
//
// Unverified: which delimiters DescribeConfigurationTemplates lists.
var cloudFront = layout{
	fields: []string{
		"date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem", "sc-status",
		"cs(Referer)", "cs(User-Agent)", "cs-uri-query", "cs(Cookie)", "x-edge-result-type", "x-edge-request-id",
		"x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
		"x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
		"time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start", "sc-range-end",
	},
	optional: []string{
		"timestamp", "timestamp(ms)", "DistributionId", "origin-fbl", "origin-lbl", "asn", "c-country", "cache-behavior-path-pattern",
	},
	variables:  []string{"DistributionId", "distributionid", "yyyy", "MM", "dd", "HH", "accountid"},
	delimiters: []string{"\t", ",", " ", ";", "|"},
	formats: map[logsapi.DeliveryDestinationType][]logsapi.OutputFormat{
		logsapi.DeliveryDestinationTypeS3:  {logsapi.OutputFormatJson, logsapi.OutputFormatPlain, logsapi.OutputFormatW3c, logsapi.OutputFormatRaw, logsapi.OutputFormatParquet},
		logsapi.DeliveryDestinationTypeCwl: {logsapi.OutputFormatJson, logsapi.OutputFormatPlain},
		logsapi.DeliveryDestinationTypeFh:  {logsapi.OutputFormatJson, logsapi.OutputFormatPlain, logsapi.OutputFormatRaw},
	},
}

// layoutOf returns what is known of a service's records, nil if nothing is.
func layoutOf(service string) *layout {
	if service == "cloudfront" {
		return &cloudFront
	}
	return nil
}

// takes reports whether a record can have the field.
func (l *layout) takes(field string) bool {
	return slices.Contains(l.fields, field) || slices.Contains(l.optional, field)
}
