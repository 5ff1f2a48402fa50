package insights

import (
	"fmt"
	"testing"
)

// BenchmarkHundredThousandEvents runs whole queries; one operation is one
// query over all events.
func BenchmarkHundredThousandEvents(b *testing.B) {
	events := make([]*Event, 100_000)
	for i := range events {
		events[i] = &Event{Timestamp: start - int64(i)*100, Stream: "s", Log: "111122223333:g",
			Message: fmt.Sprintf(`{"level":%q,"ms":%d,"path":"/orders/%d","user":{"name":"u%d"}}`, []string{"INFO", "ERROR"}[i%2], i%97, i, i%10)}
	}
	for name, query := range map[string]string{
		"filter": `filter level = "ERROR" and ms > 50 | display @message | limit 100`,
		"stats":  `stats count(*), avg(ms), pct(ms, 99) by level, bin(1h)`,
	} {
		b.Run(name, func(b *testing.B) {
			q, err := Parse(query)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				r := q.Start(Options{})
				for _, e := range events {
					r.Add(e)
				}
				if len(r.Finish()) == 0 {
					b.Fatal("no rows")
				}
			}
		})
	}
}
