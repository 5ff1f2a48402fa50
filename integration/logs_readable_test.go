package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// TestWhatIsReadableDependsOnTheKeyThatSealedIt holds every way to log data
// against one rule: events need the key that they were sealed under, and no
// other; a range needs the keys of the events in it.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func TestWhatIsReadableDependsOnTheKeyThatSealedIt(t *testing.T) {
	t.Parallel()
	for _, c := range keyConditions {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEstateOfLogs(t, &c)
			e.holds(&keyCondition{usable: true}, "at first")
			c.bring(e)
			e.holds(&c, "afterwards")
			e.server.Restart()
			e.holds(&c, "after a restart")
			if c.undo != nil {
				c.undo(e)
				e.holds(&keyCondition{usable: true}, "when it is undone")
			}
		})
	}
}

// lost is the rule.
func (c *keyCondition) lost(touched ...era) bool {
	return !c.usable && slices.Contains(touched, keyed)
}

// holds compares every path to every era of every group with the rule.
func (e *estateOfLogs) holds(c *keyCondition, when string) {
	e.Helper()
	for _, g := range eras {
		for _, in := range g.history() {
			e.readsAs(c, when, stretch{g, e.at[in], e.at[in].Add(time.Second), []string{g.text(in)}}, in)
		}
		var all []string
		for _, in := range g.history() {
			all = append(all, g.text(in))
		}
		e.readsAs(c, when, stretch{g, e.at[unkeyed], e.at[g].Add(time.Second), all}, g.history()...)
		if e.server.Now().Before(e.askedAt.Add(7 * 24 * time.Hour)) { // results live no longer
			e.is(when, "GetQueryResults of an earlier query", g, e.earlier(g), outcomeOf(nil, all...))
		}
		e.is(when, "calls that need no key", g, e.untouched(g), "served")
		for name, write := range map[string]func(era) string{"PutLogEvents": e.write, "StartLiveTail": e.tail} {
			want := map[string]string{"PutLogEvents": "written", "StartLiveTail": "tailed"}[name]
			if c.lost(g) {
				want = keyRefused(g)
			}
			e.is(when, name, g, write(g), want)
		}
	}
	e.pagesStop(c, when)
}

// readsAs reads a stretch, which touches eras, by every path.
func (e *estateOfLogs) readsAs(c *keyCondition, when string, r stretch, touched ...era) {
	e.Helper()
	for _, p := range readPaths {
		want, opens := outcomeOf(nil, slices.Clone(r.messages)...), touched
		if p.ends {
			opens = []era{touched[0], touched[len(touched)-1]}
		}
		if c.lost(opens...) {
			want = p.lost(r.group)
		}
		if got := p.read(e, r); got != want {
			e.Errorf("%s: %s of %s in %v:\n got %s\nwant %s", when, p.name, r.group.group(), touched, got, want)
		}
	}
}

func (e *estateOfLogs) is(when, what string, g era, got, want string) {
	e.Helper()
	if got != want {
		e.Errorf("%s: %s of %s:\n got %s\nwant %s", when, what, g.group(), got, want)
	}
}

// pagesStop reads groups page by page, an event a page: what lies before the
// events that are lost is given, and the page that would hold them refused.
func (e *estateOfLogs) pagesStop(c *keyCondition, when string) {
	e.Helper()
	for _, g := range eras {
		for _, fromHead := range []bool{true, false} {
			order := slices.Clone(g.history())
			if !fromHead {
				slices.Reverse(order)
			}
			var want []string
			for _, in := range order {
				if c.lost(in) {
					want = append(want, keyRefused(g))
					break
				}
				want = append(want, g.text(in))
			}
			if got := e.pages(g, fromHead, len(order)); got != strings.Join(want, "|") {
				e.Errorf("%s: pages of %s, startFromHead %t:\n got %s\nwant %s", when, g.group(), fromHead, got, strings.Join(want, "|"))
			}
		}
	}
}

// pages reads up to n pages of one event.
func (e *estateOfLogs) pages(g era, fromHead bool, n int) string {
	var got []string
	in := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: aws.String(g.group()), LogStreamName: aws.String("s"), StartFromHead: &fromHead, Limit: aws.Int32(1),
		EndTime: aws.Int64(e.at[replaced].Add(time.Minute).UnixMilli()),
	}
	for range n {
		out, err := e.logs.GetLogEvents(e.Context(), in)
		if err != nil {
			got = append(got, outcomeOf(err))
			break
		}
		got = append(got, *out.Events[0].Message)
		in.NextToken = out.NextForwardToken
		if !fromHead {
			in.NextToken = out.NextBackwardToken
		}
	}
	return strings.Join(got, "|")
}
