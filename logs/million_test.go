package logs

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

// A group under a KMS key with a million events of 200 bytes, in batches of a
// thousand, one each second.
const (
	millionBatches = 1000
	millionEvents  = 1000 // in a batch
	rare           = "needle"
)

var theMillion struct {
	sync.Once
	b *bench
}

// million returns the group, which all benchmarks share.
func million(tb testing.TB) *bench {
	theMillion.Do(func() { theMillion.b = fill(tb, millionBatches) })
	theMillion.b.t = tb
	return theMillion.b
}

// fill returns a group of so many batches.
func fill(tb testing.TB, batches int) *bench {
	s := newMillionBench(tb)
	in := &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: make([]logsapi.InputLogEvent, millionEvents)}
	for i := range batches {
		for j := range in.LogEvents {
			in.LogEvents[j] = logsapi.InputLogEvent{Timestamp: s.now() + int64(j), Message: millionLine(i*millionEvents + j)}
		}
		_, err := s.PutLogEvents(s.ctx, in)
		s.ok(err)
		s.auth.asked = s.auth.asked[:0]
		s.ok(s.clock.Advance(time.Second))
	}
	return s
}

// newMillionBench lasts longer than the benchmark that needs it first.
func newMillionBench(tb testing.TB) *bench {
	s := newBenchOver(tb, memory.New(), seal.NewEphemeral(), func(c *Config) { c.DataKeyLifetime = 24 * time.Hour })
	s.createGroup("g", keyARN)
	s.createStream("g", "s")
	return s
}

// millionLine is an event as services log it, of 200 bytes.
func millionLine(n int) string {
	word := "served"
	if n%100_000 == 99_999 {
		word = rare
	}
	line := fmt.Sprintf(`{"level":"%s","id":"%016x","method":"GET","path":"/orders/%08x","status":%d,"duration":%d,"tenant":"t%d","outcome":"%s","text":"`,
		[]string{"INFO", "WARN", "INFO", "INFO"}[n%4], uint64(n)*0x9e3779b97f4a7c15, uint32(n)*2654435761, []int{200, 200, 200, 404, 500}[n%5], n%977, n%50, word)
	return line + strings.Repeat("x", 198-len(line)) + `"}`
}

// heapPeak runs fn and reports the most that the heap held beyond what it
// held before, in bytes, sampled each millisecond.
func heapPeak(fn func()) uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(sample)
	before, peak := sample[0].Value.Uint64(), uint64(0)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-done:
				return
			case <-tick.C:
			}
		}
	}()
	fn()
	close(done)
	<-ended
	return peak - min(peak, before)
}

// overMillion measures fn over the million events, with the heap's peak.
func overMillion(b *testing.B, fn func(*bench, int)) {
	s := million(b)
	b.SetBytes(millionBatches * millionEvents * 200)
	b.ReportAllocs()
	peak := uint64(0)
	b.ResetTimer()
	for b.Loop() {
		peak = max(peak, heapPeak(func() { fn(s, millionBatches) }))
		s.auth.asked = nil
	}
	b.ReportMetric(float64(peak)/(1<<20), "peakMiB")
}

func BenchmarkMillionFilterRareTerm(b *testing.B) { overMillion(b, filterRare) }

func BenchmarkMillionFilterRareField(b *testing.B) {
	overMillion(b, func(s *bench, batches int) { s.filterAll(`{ $.outcome = "needle" }`, batches/100) })
}

func BenchmarkMillionGetLogEvents(b *testing.B) { overMillion(b, pageThrough) }

func BenchmarkMillionQuery(b *testing.B) {
	for name, text := range millionQueries {
		b.Run(name, func(b *testing.B) { overMillion(b, func(s *bench, batches int) { s.queryAll(text, batches) }) })
	}
}

type millionQuery struct {
	query string
	rows  func(batches int) int
}

var millionQueries = map[string]millionQuery{
	"countByTime":  {"stats count(*) by bin(5m)", func(n int) int { return (n + 299) / 300 }},
	"countByField": {"stats count(*) by status", func(int) int { return 3 }},
	"rareTerm":     {"fields @message | filter @message like /needle/", func(n int) int { return n / 100 }},
}

func filterRare(s *bench, batches int) { s.filterAll(rare, batches/100) }

// filterAll goes through all pages of a filter.
func (b *bench) filterAll(pattern string, want int) {
	in, got := &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), FilterPattern: &pattern}, 0
	for {
		out, err := b.FilterLogEvents(b.ctx, in)
		b.ok(err)
		got += len(out.Events)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if got != want {
		b.t.Fatalf("%q finds %d events, want %d", pattern, got, want)
	}
}

// pageThrough reads everything from the stream's head.
func pageThrough(b *bench, batches int) {
	in, got := &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "s", StartFromHead: ptr(true)}, 0
	for {
		out, err := b.GetLogEvents(b.ctx, in)
		b.ok(err)
		if len(out.Events) == 0 {
			break
		}
		got += len(out.Events)
		in.NextToken = out.NextForwardToken
	}
	if got != batches*millionEvents {
		b.t.Fatalf("paging gives %d events", got)
	}
}

func (b *bench) queryAll(q millionQuery, batches int) {
	text, want := q.query, q.rows(batches)
	out, err := b.StartQuery(b.ctx, &logsapi.StartQueryRequest{LogGroupName: ptr("g"), QueryString: text, StartTime: 0, EndTime: start.Unix() + 7200})
	b.ok(err)
	b.Settle()
	got, err := b.GetQueryResults(b.ctx, &logsapi.GetQueryResultsRequest{QueryId: *out.QueryId})
	b.ok(err)
	if *got.Status != logsapi.QueryStatusComplete || len(got.Results) != want || *got.Statistics.RecordsScanned != float64(batches*millionEvents) {
		b.t.Fatalf("%s is %s with %d rows of %v records", text, *got.Status, len(got.Results), *got.Statistics.RecordsScanned)
	}
}

// A read holds the segments that it works on and no more, whatever the group
// holds: here 60 MB of events.
func TestReadingMuchNeedsLittleMemory(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	const batches, most = 300, 16 << 20
	s := fill(t, batches)
	reads := map[string]func(){
		"FilterLogEvents": func() { filterRare(s, batches) },
		"GetLogEvents":    func() { pageThrough(s, batches) },
	}
	for name, q := range millionQueries {
		reads["the query "+name] = func() { s.queryAll(q, batches) }
	}
	for name, read := range reads {
		if peak := heapPeak(read); peak > most {
			t.Errorf("%s needs %d KiB, more than %d", name, peak>>10, most>>10)
		}
		s.auth.asked = nil
	}
}
