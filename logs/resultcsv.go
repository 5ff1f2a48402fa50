package logs

import (
	"slices"

	"sealstack/logs/insights"
)

// csvOf writes the results of a query as CSV: a header with the fields in the
// order in which they come up, @ptr left out, and a line for each row.
func csvOf(rows [][]insights.Field) (string, error) {
	var names []string
	for _, row := range rows {
		for _, f := range row {
			if f.Name != "@ptr" && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	records := [][]string{names}
	for _, row := range rows {
		record := make([]string, len(names))
		for _, f := range row {
			if i := slices.Index(names, f.Name); i >= 0 {
				record[i] = f.Value
			}
		}
		records = append(records, record)
	}
	return bytesOf(records)
}
