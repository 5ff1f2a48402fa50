// Package metrics is the part of Amazon CloudWatch that keeps metrics: data
// points that services and callers put, and the statistics made of them. It has
// no alarms, dashboards and streams. The emulator hands it the rooms it needs;
// nothing else may import it.
//
// A metric is a namespace, a name and up to 30 dimensions. Its data points are
// kept one a minute (or a second) and unit: number, sum, minimum and maximum of
// the values, and the values themselves as long as they are few, for
// percentiles. With age they are merged into coarser ones, as
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
// says under "Metrics retention".
package metrics
