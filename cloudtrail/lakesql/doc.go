// Package lakesql runs the SELECT statements of CloudTrail Lake over event
// records. It is pure: it is given the events as JSON and answers text.
//
// AWS runs Trino. Here a statement is read, held against AWS's schema of
// event records, and written anew for SQLite, which runs in memory over the
// columns that the statement names: one database a query, gone with it. What
// Trino does otherwise than SQLite is evened out: maps and rows with their
// subscripts and fields, timestamps, functions, the order of nulls, and the
// way that values are printed.
//
// Only cloudtrail may import it. AWS documents the language:
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html
package lakesql
