// Package pattern owns the filter pattern language of CloudWatch Logs: what
// FilterLogEvents, metric filters, subscription filters and live tail search
// with. It is pure: it sees one message at a time and knows no AWS error type.
//
// Only logs may import it.
//
// A pattern is one of four things, told apart by its first character:
//
//	                            blank: every message
//	ERROR "exact phrase" -DEBUG terms (terms.go)
//	[ip, user, ..., status=4*]  a space-delimited message (fields.go)
//	{ $.a.b = "x*" && ... }     a JSON message (expression.go)
//
// A pattern on values, in brackets or braces, compares them with conditions
// (condition.go); anywhere a value can be a regular expression (regex.go).
//
// AWS documents the language in the CloudWatch Logs User Guide under "Filter
// pattern syntax for metric filters, subscription filters, filter log events,
// and Live Tail", and what TestMetricFilter extracts in its API reference.
package pattern
