// Package insights owns the query language of CloudWatch Logs Insights: it
// reads a query and runs it over events that it is given one by one, newest
// first. It is pure: no storage, no clock, no error type of AWS.
//
// Only logs may import it. Patterns are those of logs/anomaly.
//
// A query is a pipeline of commands. Each reads rows and gives rows on:
//
//	SOURCE                      which log groups (source.go)
//	fields, display             compute columns and choose those shown (columns.go)
//	filter, where, filterIndex  keep rows (stage.go)
//	parse                       takes fields out of text (extract.go)
//	stats                       groups and aggregates (aggregate.go, timeseries.go)
//	sort dedup limit            order and cut (sort.go, stage.go)
//	pattern diff logcompare     patterns of messages, and how they changed (pattern.go)
//	unnest expand               a row of each element (unnest.go)
//	lookup cidrlookup           fields of lookup tables (lookup.go)
//	join appendcols, in (...)   what other queries found (subquery.go)
//	addtotals accum             sums (totals.go)
//	autoregress filldown sessionize   what came before (sequence.go)
//	fillmissing outlier countFrequent (fillmissing.go, outlier.go, frequent.go)
//
// Expressions stand in expression.go, their functions in function.go, what
// they compute with in value.go. Fields of messages that are JSON are found
// when a query asks for them (row.go).
//
// AWS documents the language in the CloudWatch Logs User Guide under
// "CloudWatch Logs Insights language query syntax":
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
package insights
