// Package cloudtrail is AWS CloudTrail: a record of every call that passes a
// service's door, the event history, trails and what they deliver: log files,
// signed digest files and events in CloudWatch Logs.
//
// The emulator makes a [Service] and hands it to every endpoint as its
// recorder; nothing else may import this room. What it needs of Amazon S3,
// AWS KMS, CloudWatch Logs and AWS STS it calls through their doors, as
// cloudtrail.amazonaws.com, so that bucket policies, key policies and trust
// policies decide as they do on AWS.
//
// A record is made on the caller's path, by value, and written by one writer
// behind a bounded queue. Delivery is a sweep over what is written: the name
// and the extent of a file are stored before the file is, so that no crash
// loses a record or delivers it under two names.
//
// AWS documents it in the CloudTrail User Guide and the API reference:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-user-guide.html
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html
package cloudtrail
