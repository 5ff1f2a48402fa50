package cloudtrail

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/api/organizationsapi"
	"sealstack/storage"
)

func TestTagsOfStoresChannelsAndDashboards(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("outside", audits)
	for _, id := range []string{store, b.channel("in", store), b.dashboard("board", nil)} {
		list := func() string {
			out, err := b.ListTags(b.ctx, &cloudtrailapi.ListTagsRequest{ResourceIdList: []string{id}})
			b.ok(err)
			var s []string
			for _, g := range out.ResourceTagList[0].TagsList {
				s = append(s, g.Key+"="+deref(g.Value))
			}
			return strings.Join(s, " ")
		}
		_, err := b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: id, TagsList: []cloudtrailapi.Tag{{Key: "a", Value: new("1")}, {Key: "b"}}})
		b.ok(err)
		_, err = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: id, TagsList: []cloudtrailapi.Tag{{Key: "a", Value: new("2")}}})
		b.ok(err)
		if got := list(); got != "a=2 b=" {
			t.Errorf("%s: tags are %s", id, got)
		}
		_, err = b.RemoveTags(b.ctx, &cloudtrailapi.RemoveTagsRequest{ResourceId: id, TagsList: []cloudtrailapi.Tag{{Key: "a"}, {Key: "c"}}})
		b.ok(err)
		if got := list(); got != "b=" {
			t.Errorf("%s: tags are %s", id, got)
		}
		b.auth.deny = map[string]bool{"cloudtrail:AddTags": true}
		_, err = b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: id, TagsList: []cloudtrailapi.Tag{{Key: "d"}}})
		b.fails(err, "AccessDeniedException", "denied cloudtrail:AddTags")
		b.auth.deny = nil
	}
}

func TestTagsOfWhatIsNotThere(t *testing.T) {
	b := newLakeBench(t)
	const id = "/11111111-2222-3333-4444-555555555555"
	for arn, code := range map[string]string{
		"eventdatastore" + id: "EventDataStoreNotFoundException", "channel" + id: "ChannelNotFoundException",
		"dashboard/x": "ResourceNotFoundException", "thing/x": "ResourceTypeNotSupportedException", "channel/x": "ChannelARNInvalidException",
	} {
		_, err := b.AddTags(b.ctx, &cloudtrailapi.AddTagsRequest{ResourceId: "arn:aws:cloudtrail:us-east-1:" + account + ":" + arn})
		b.fails(err, code, "")
	}
}

func forInsights(in *cloudtrailapi.CreateEventDataStoreRequest) {
	in.AdvancedEventSelectors = []cloudtrailapi.AdvancedEventSelector{{FieldSelectors: []cloudtrailapi.AdvancedFieldSelector{
		{Field: "eventCategory", Equals: []string{insight}},
	}}}
}

var callRate = []cloudtrailapi.InsightSelector{{InsightType: new(cloudtrailapi.InsightTypeApiErrorRateInsight)}}

func TestInsightsOfAStoreGoToAnother(t *testing.T) {
	b := newLakeBench(t)
	from, to := b.eventStore("main"), b.eventStore("insights", forInsights)
	_, err := b.GetInsightSelectors(b.ctx, &cloudtrailapi.GetInsightSelectorsRequest{EventDataStore: &from})
	b.fails(err, "InsightNotEnabledException", "")
	out, err := b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{EventDataStore: &from, InsightsDestination: &to, InsightSelectors: callRate})
	b.ok(err)
	same(t, "selectors", out.InsightSelectors, `[{"InsightType":"ApiErrorRateInsight","EventCategories":null}]`)
	for range 40 {
		b.advance(time.Hour)
	}
	for range 50 {
		_, _ = b.kms.Decrypt(b.ctx, &kmsapi.DecryptRequest{KeyId: new("denied"), CiphertextBlob: []byte("x")})
	}
	b.advance(2 * time.Minute)
	b.advance(2 * time.Minute)
	got := b.ask("SELECT insightState, insightEventName, insightErrorCode, insightSource, insightContext.insightAverage FROM " + idOf(to) + " ORDER BY insightState")
	want := "End|Decrypt|AccessDenied|" + from + "|50;Start|Decrypt|AccessDenied|" + from + "|50"
	if got != want {
		t.Errorf("the store for insights holds\n%s, want\n%s", got, want)
	}
	_, err = b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{EventDataStore: &from, InsightsDestination: &from, InsightSelectors: callRate})
	b.fails(err, "InvalidParameterException", "")
	_, err = b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{EventDataStore: &from, TrailName: new("x")})
	b.fails(err, "InvalidParameterCombinationException", "")
	_, err = b.PutInsightSelectors(b.ctx, &cloudtrailapi.PutInsightSelectorsRequest{EventDataStore: &from, InsightSelectors: []cloudtrailapi.InsightSelector{}})
	b.ok(err)
	_, err = b.GetInsightSelectors(b.ctx, &cloudtrailapi.GetInsightSelectorsRequest{EventDataStore: &from})
	b.fails(err, "InsightNotEnabledException", "")
}

func TestEventConfigurations(t *testing.T) {
	b := newLakeBench(t)
	store, outside := b.eventStore("main"), b.eventStore("outside", audits)
	b.trail("trail")
	size := func() cloudtrailapi.MaxEventSize {
		out, err := b.GetEventConfiguration(b.ctx, &cloudtrailapi.GetEventConfigurationRequest{EventDataStore: &store})
		b.ok(err)
		return *out.MaxEventSize
	}
	if size() != cloudtrailapi.MaxEventSizeStandard {
		t.Error("events of a new store may be large")
	}
	large := new(cloudtrailapi.MaxEventSizeLarge)
	_, err := b.PutEventConfiguration(b.ctx, &cloudtrailapi.PutEventConfigurationRequest{EventDataStore: &store, MaxEventSize: large})
	b.ok(err)
	if size() != cloudtrailapi.MaxEventSizeLarge {
		t.Error("the size is not kept")
	}
	keys := []cloudtrailapi.ContextKeySelector{{Type: cloudtrailapi.TypeRequestContext, Equals: []string{"aws:SourceIp"}}}
	for _, test := range []struct {
		code string
		in   cloudtrailapi.PutEventConfigurationRequest
	}{
		{"InvalidParameterCombinationException", cloudtrailapi.PutEventConfigurationRequest{}},
		{"InvalidParameterCombinationException", cloudtrailapi.PutEventConfigurationRequest{EventDataStore: &store, TrailName: new("trail")}},
		{"InvalidEventDataStoreCategoryException", cloudtrailapi.PutEventConfigurationRequest{EventDataStore: &outside}},
		{"InvalidParameterException", cloudtrailapi.PutEventConfigurationRequest{EventDataStore: &store, ContextKeySelectors: keys}},
		{"NotImplemented", cloudtrailapi.PutEventConfigurationRequest{EventDataStore: &store, ContextKeySelectors: keys, MaxEventSize: large}},
		{"InvalidParameterException", cloudtrailapi.PutEventConfigurationRequest{TrailName: new("trail"), MaxEventSize: large}},
		{"TrailNotFoundException", cloudtrailapi.PutEventConfigurationRequest{TrailName: new("other")}},
	} {
		_, err := b.PutEventConfiguration(b.ctx, &test.in)
		b.fails(err, test.code, "")
	}
}

// order is an organization of two accounts.
type order struct {
	organizationsapi.Client
	delegated atomic.Bool
}

func (o *order) Standing(_ context.Context, a string) (*Standing, error) {
	if a != account && a != foreign {
		return nil, nil
	}
	return &Standing{
		Organization: "o-1", Management: account, AllFeatures: true, Trusted: true, Delegated: o.delegated.Load() && a == foreign,
		Accounts: []string{account, foreign},
	}, nil
}

func TestAStoreOfAnOrganizationCollectsFromEveryAccount(t *testing.T) {
	o := &order{}
	k := newLakeKeys()
	b := &lakeBench{newBench(t, func(c *Config) { c.Keys, c.Organizations = k, o }), k}
	everyone := func(in *cloudtrailapi.CreateEventDataStoreRequest) { in.OrganizationEnabled = new(true) }
	store := b.eventStore("all", everyone)
	b.call(2)
	home := b.ctx
	b.ctx = as(rootUser(foreign))
	b.call(3)
	_, err := b.CreateEventDataStore(b.ctx, &cloudtrailapi.CreateEventDataStoreRequest{Name: "mine", OrganizationEnabled: new(true)})
	b.fails(err, "NotOrganizationMasterAccountException", "")
	list := func() int {
		out, err := b.ListEventDataStores(b.ctx, &cloudtrailapi.ListEventDataStoresRequest{})
		b.ok(err)
		return len(out.EventDataStores)
	}
	if n := list(); n != 0 {
		t.Errorf("a member sees %d stores", n)
	}
	o.delegated.Store(true)
	b.advance(10 * time.Minute)
	if n := list(); n != 1 {
		t.Errorf("the delegated administrator sees %d stores", n)
	}
	b.counts(store, "8") // the owner of the key hears of the three, too
	queries, err := b.ListQueries(b.ctx, &cloudtrailapi.ListQueriesRequest{EventDataStore: idOf(store)})
	b.ok(err)
	if len(queries.Queries) != 1 {
		t.Errorf("%d queries are listed", len(queries.Queries))
	}
	_, err = b.UpdateEventDataStore(b.ctx, &cloudtrailapi.UpdateEventDataStoreRequest{EventDataStore: store, OrganizationEnabled: new(false)})
	b.fails(err, "NotOrganizationMasterAccountException", "")
	out, err := b.UpdateEventDataStore(home, &cloudtrailapi.UpdateEventDataStoreRequest{EventDataStore: store, OrganizationEnabled: new(false)})
	b.ok(err)
	if *out.OrganizationEnabled {
		t.Error("the store is still the organization's")
	}
	b.call(4)
	b.ctx = home
	b.call(1)
	b.advance(10 * time.Minute)
	b.counts(store, "13")
	got, err := b.GetEventDataStore(b.ctx, &cloudtrailapi.GetEventDataStoreRequest{EventDataStore: store})
	b.ok(err)
	if *got.OrganizationEnabled || !slices.Contains([]string{store}, *got.EventDataStoreArn) {
		t.Errorf("the store is %+v", got)
	}
}

// gated is a store whose blobs are read when the gate lets.
type gated struct {
	storage.Store
	gate func(context.Context) error
}

type gatedBlobs struct {
	storage.Blobs
	of *gated
}

func (g *gated) Blobs() storage.Blobs { return gatedBlobs{g.Store.Blobs(), g} }

func (g gatedBlobs) Read(ctx context.Context, id storage.BlobID) ([]byte, error) {
	if err := g.of.gate(ctx); err != nil {
		return nil, err
	}
	return g.Blobs.Read(ctx, id)
}

// newHeldBench is a bench whose queries wait in the reading of their store,
// which holds one event, until they are released.
func newHeldBench(t *testing.T) (b *lakeBench, store string, release func()) {
	k, open := newLakeKeys(), make(chan struct{})
	b = &lakeBench{newBench(t, func(c *Config) {
		c.Keys, c.Store = k, &gated{c.Store, func(ctx context.Context) error {
			select {
			case <-open:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
	}), k}
	store = b.eventStore("main")
	b.call(1)
	b.advance(10 * time.Minute)
	return b, store, func() { close(open) }
}

func (b *lakeBench) started(store string) (string, error) {
	out, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: new("SELECT eventName FROM " + idOf(store))})
	if err != nil {
		return "", err
	}
	return *out.QueryId, nil
}

func (b *lakeBench) queryStatus(id string) string {
	b.t.Helper()
	out, err := b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryId: &id})
	b.ok(err)
	return string(*out.QueryStatus)
}

func TestTenQueriesRunAtATime(t *testing.T) {
	b, store, release := newHeldBench(t)
	var last string
	for range maxRunning {
		id, err := b.started(store)
		b.ok(err)
		last = id
	}
	_, err := b.started(store)
	b.fails(err, "MaxConcurrentQueriesException", "")
	_, err = b.CancelQuery(b.ctx, &cloudtrailapi.CancelQueryRequest{QueryId: last})
	b.ok(err)
	if got := b.queryStatus(last); got != "CANCELLED" {
		t.Errorf("the query is %s", got)
	}
	release()
	b.lake.done.Wait()
	id, err := b.started(store)
	b.ok(err)
	if got := b.rows(id); got != "DescribeKey" {
		t.Errorf("a later query answers %s", got)
	}
}

func TestAQueryThatTakesTooLongTimesOut(t *testing.T) {
	b, store, _ := newHeldBench(t)
	if b.queryTimeout != time.Hour {
		t.Errorf("queries may take %v", b.queryTimeout)
	}
	b.queryTimeout = time.Millisecond
	id, err := b.started(store)
	b.ok(err)
	b.lake.done.Wait()
	if got := b.queryStatus(id); got != "TIMED_OUT" {
		t.Errorf("the query is %s", got)
	}
}

func TestAQueryThatACrashInterruptsHasFailed(t *testing.T) {
	b, store, _ := newHeldBench(t)
	id, err := b.started(store)
	b.ok(err)
	before := b.Service
	b.open()
	out, err := b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryId: &id})
	b.ok(err)
	if *out.QueryStatus != cloudtrailapi.QueryStatusFailed || deref(out.ErrorMessage) == "" {
		t.Errorf("the query is %s: %s", *out.QueryStatus, deref(out.ErrorMessage))
	}
	b.ok(before.Close())
	if got := b.queryStatus(id); got != "FAILED" {
		t.Errorf("the process that crashed made it %s", got)
	}
}
