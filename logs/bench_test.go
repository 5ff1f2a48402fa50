package logs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api/logsapi"
)

// line is an event as applications log it.
const line = `2026-11-21T12:00:00.000Z INFO  request served method=GET path=/orders/8f14e45f status=200 bytes=5123 duration=12ms tenant=a`

func BenchmarkPutLogEvents(b *testing.B) {
	for _, events := range []int{1, 100, 5000} {
		b.Run(fmt.Sprint("events=", events), func(b *testing.B) {
			s := streamBench(b)
			in := &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: inputs(s.now(), repeat(line, events)...)}
			b.SetBytes(int64(events * len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.PutLogEvents(s.ctx, in); err != nil {
					b.Fatal(err)
				}
				s.auth.asked = s.auth.asked[:0]
			}
		})
	}
}

// BenchmarkPutLogEventsMeasured puts a hundred events through metric filters
// that all of them match.
func BenchmarkPutLogEventsMeasured(b *testing.B) {
	for _, filters := range []int{0, 1, 10} {
		b.Run(fmt.Sprint("filters=", filters), func(b *testing.B) {
			s := streamBench(b)
			for i := range filters {
				s.putMetric(metricFilterOf(fmt.Sprint("f", i), `[day, level, ..., status=*200, bytes, duration, tenant]`, "1"))
			}
			in := &logsapi.PutLogEventsRequest{LogGroupName: "g", LogStreamName: "s", LogEvents: inputs(s.now(), repeat(line, 100)...)}
			b.SetBytes(int64(100 * len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.PutLogEvents(s.ctx, in); err != nil {
					b.Fatal(err)
				}
				s.auth.asked, s.told.callers = s.auth.asked[:0], s.told.callers[:0]
			}
		})
	}
}

// filled is a stream of a hundred batches of a hundred events, a minute apart.
func filled(b *testing.B) *bench {
	s := streamBench(b, func(c *Config) { c.DataKeyLifetime = time.Hour })
	for range 100 {
		s.put("g", "s", repeat(line, 100)...)
		s.ok(s.clock.Advance(time.Second))
	}
	b.ReportAllocs()
	b.ResetTimer()
	return s
}

func BenchmarkGetLogEvents(b *testing.B) {
	for _, head := range []bool{true, false} {
		b.Run(fmt.Sprint("fromHead=", head), func(b *testing.B) {
			s := filled(b)
			in := &logsapi.GetLogEventsRequest{LogGroupName: ptr("g"), LogStreamName: "s", StartFromHead: &head, Limit: ptr(int32(100))}
			for b.Loop() {
				out, err := s.GetLogEvents(s.ctx, in)
				if err != nil || len(out.Events) != 100 {
					b.Fatal(len(out.Events), err)
				}
				s.auth.asked = s.auth.asked[:0]
			}
		})
	}
}

func BenchmarkFilterLogEvents(b *testing.B) {
	s := filled(b)
	in := &logsapi.FilterLogEventsRequest{LogGroupName: ptr("g"), FilterPattern: ptr(`"no such text"`)}
	b.SetBytes(int64(10000 * len(line)))
	for b.Loop() {
		out, err := s.FilterLogEvents(s.ctx, in)
		if err != nil || len(out.Events) != 0 {
			b.Fatal(len(out.Events), err)
		}
		s.auth.asked = s.auth.asked[:0]
	}
}

func BenchmarkSegment(b *testing.B) {
	var events []event
	for i := range 1000 {
		events = append(events, event{int64(i), line})
	}
	key := newAEAD(b)
	h := header{Stream: strings.Repeat("s", 20), Count: len(events), Size: int64(len(events) * (len(line) + eventOverhead))}
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(int64(len(events) * len(line)))
		b.ReportAllocs()
		for b.Loop() {
			sealSegment(key, "group", &h, events)
		}
	})
	body := sealSegment(key, "group", &h, events)
	b.Run("open", func(b *testing.B) {
		b.SetBytes(int64(len(events) * len(line)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := openSegment(key, "group", &h, body); err != nil {
				b.Fatal(err)
			}
		}
	})
}
