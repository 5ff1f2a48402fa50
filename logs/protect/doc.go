// Package protect is the data protection of CloudWatch Logs: policy documents,
// the data identifiers that they name, finding sensitive data in the text of a
// log event and masking it. It is pure: it knows neither groups nor storage.
// Only package logs may import it.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch-logs-data-protection-policies.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
package protect
