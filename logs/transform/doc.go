// Package transform is the log transformers of CloudWatch Logs: it reads the
// configuration of a transformer, a list of processors in JSON, and turns log
// events into JSON documents by it. It is pure: it knows neither log groups
// nor storage. Only package logs may import it.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Processors.html
package transform
