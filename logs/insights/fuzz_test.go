package insights

import (
	"errors"
	"testing"
)

// FuzzQueries: no query and no message makes the room panic, an error points
// into its query, and what runs gives no more rows than it may.
func FuzzQueries(f *testing.F) {
	for _, query := range []string{
		``, `fields @message | filter a.b = "x" and not c like /y/ | sort @timestamp desc | limit 5`,
		`parse @message "[*] *" as a, b | stats count(*), pct(a, 9) as p by bin(5m), b | sort p`,
		`parse @message /(?<x>\d+)/ | dedup x | limit 2`, "fields `a`[0].b, -1 ^ 2 % 3 # c\n| display concat(a, 'b')",
		`SOURCE logGroups(namePrefix: ['a'], class: ['STANDARD']) START=-1h END=now | pattern @message | diff previousMonth | sort @ratio`,
		`filter a in (SOURCE b | stats count(*) as n by a) | join type=left left=l right=r where l.a=r.a (SOURCE 'c') | appendcols max=2 (fields x)`,
		`lookup t-1 a as b, c OUTPUTNEW d as e | cidrlookup n ip as c OUTPUT o | unnest a into b | expand c | addtotals col=true fieldname=T a, b`,
		`stats histogram(a, 3), rate(b, 1m) by bin(1m) offset 1h | fillmissing with 0 for b, 1 for c | accum b as c | autoregress c p=1-3 | filldown c*`,
		`outlier action=remove param=1 uselower=true mark=true a | sessionize a, b maxspan 1h as s | countFrequent a, s | limit any 3`,
		`fields case(a, 1, 2), regexReplace(a, "(", ""), parseDate(a, b), strftime(a, "%Y%"), split(a, ""), decToHex(a), haversine(a, a, a, a)`,
		`stats sum(a)/count(*) by substr(b, 0, 3) | filter count(*) > 2`, `fields datefloor(a, 1mo), fromMillis(99999999999999999999)`,
	} {
		f.Add(query, `{"a":{"b":["x",1,null]},"c":true}`)
	}
	f.Fuzz(func(t *testing.T, query, message string) {
		q, err := Parse(query)
		if err != nil {
			e, isCompile := errors.AsType[*CompileError](err)
			_, isBeyond := errors.AsType[*Unsupported](err)
			if !isCompile && !isBeyond {
				t.Fatalf("an error of the kind %T", err)
			}
			if isCompile && (e.Start < 0 || e.End < e.Start || e.End > len(query)) {
				t.Fatalf("an error at %d-%d of %d", e.Start, e.End, len(query))
			}
			return
		}
		o := Options{Limit: 3, Tables: map[string]*Table{"t-1": {Columns: []string{"a", "d"}, Rows: [][]string{{"1", "x"}}}, "n": {}}}
		for _, s := range q.Subqueries() {
			r := s.Start(Options{Keep: true})
			r.Add(eventsOf(message)[0])
			o.Subqueries = append(o.Subqueries, r.Rows())
		}
		r := q.Start(o)
		for _, e := range eventsOf(message, "a b", message, `{"a":1}`) {
			r.Add(e)
		}
		r.AddBefore(eventsOf(message)[0])
		if rows := r.Finish(); len(rows) > MaxRows {
			t.Fatalf("%d rows", len(rows))
		}
	})
}

const benchmarked = `{"level":"INFO","ms":10,"path":"/orders/8f14e45f","user":{"name":"ann","ip":"10.0.0.1"},"status":200}`

func BenchmarkRun(b *testing.B) {
	for name, query := range map[string]string{
		"filter text":  `filter @message like "nothing such" | limit 20`,
		"filter regex": `filter @message like /no+thing/ | limit 20`,
		"stats json":   `stats avg(ms) by user.name, bin(5m)`,
		"parse":        `parse @message '"path":"*"' as path | stats count(*) by path`,
	} {
		b.Run(name, func(b *testing.B) {
			q, err := Parse(query)
			if err != nil {
				b.Fatal(err)
			}
			events := eventsOf(benchmarked, benchmarked, benchmarked, benchmarked)
			r := q.Start(Options{})
			b.SetBytes(int64(len(benchmarked)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Add(events[i%4])
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(`fields @timestamp, @message | filter level = "ERROR" and ms > 10 | stats count(*) by bin(5m)`); err != nil {
			b.Fatal(err)
		}
	}
}
