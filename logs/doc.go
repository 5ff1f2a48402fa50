// Package logs is Amazon CloudWatch Logs: log groups and streams, events
// under envelope encryption, the association of groups with KMS keys,
// retention, tags and reading. The emulator hands it the rooms it needs;
// nothing else may import it. The filter-pattern language is in logs/pattern.
//
// A PutLogEvents batch becomes one segment: a header in clear and a body that
// is compressed and sealed under a data key of the group's encryption epoch.
// An epoch is one period of association, with a KMS key or with the key that
// the service owns. Data keys of a KMS key are stored as KMS returned them:
// only KMS can open them, and KMS is asked as logs.REGION.amazonaws.com, as
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
// describes.
package logs
