package cloudtrail

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// Decrypt answers what the trails' tests never ask for.
func (f *fakeKeys) Decrypt(context.Context, *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	return nil, api400("NotFoundException")
}

// lakeKeys is KMS for CloudTrail Lake: data keys that open while the key is on.
type lakeKeys struct {
	*fakeKeys
	off    bool            // disabled
	banned map[string]bool // principals that the key policy refuses
	keys   map[string][]byte
}

func newLakeKeys() *lakeKeys {
	return &lakeKeys{fakeKeys: &fakeKeys{}, keys: map[string][]byte{}, banned: map[string]bool{}}
}

func (k *lakeKeys) may(ctx context.Context, what string, pairs map[string]string) error {
	c := api.CallerOf(ctx)
	k.calls, k.contexts, k.callers = append(k.calls, what), append(k.contexts, pairs), append(k.callers, c)
	switch {
	case k.banned[c.Name] || k.banned[c.ARN]:
		return kmsapi.Service.AccessDenied("no")
	case k.off:
		return kmsapi.DisabledException("%s is disabled.", key)
	}
	return nil
}

func (k *lakeKeys) GenerateDataKey(ctx context.Context, in *kmsapi.GenerateDataKeyRequest) (*kmsapi.GenerateDataKeyResponse, error) {
	if err := k.may(ctx, "GenerateDataKey", in.EncryptionContext); err != nil {
		return nil, err
	}
	plain := make([]byte, 32)
	rand.Read(plain)
	blob := fmt.Sprintf("blob-%d-%v", len(k.keys), in.EncryptionContext)
	k.keys[blob] = bytes.Clone(plain)
	return &kmsapi.GenerateDataKeyResponse{Plaintext: plain, CiphertextBlob: []byte(blob), KeyId: new(key)}, nil
}

func (k *lakeKeys) Decrypt(ctx context.Context, in *kmsapi.DecryptRequest) (*kmsapi.DecryptResponse, error) {
	if err := k.may(ctx, "Decrypt", in.EncryptionContext); err != nil {
		return nil, err
	}
	plain, ok := k.keys[string(in.CiphertextBlob)]
	if !ok || !strings.HasSuffix(string(in.CiphertextBlob), fmt.Sprint(in.EncryptionContext)) {
		return nil, kmsapi.InvalidCiphertextException("")
	}
	return &kmsapi.DecryptResponse{Plaintext: bytes.Clone(plain)}, nil
}

type lakeBench struct {
	*bench
	keys *lakeKeys
}

func newLakeBench(t *testing.T) *lakeBench {
	k := newLakeKeys()
	return &lakeBench{newBench(t, func(c *Config) { c.Keys, c.DataKeyLifetime = k, 5*time.Minute }), k}
}

// newStoreOf makes a store, by default under no KMS key and unprotected.
func (b *lakeBench) eventStore(name string, change ...func(*cloudtrailapi.CreateEventDataStoreRequest)) string {
	b.t.Helper()
	in := &cloudtrailapi.CreateEventDataStoreRequest{Name: name, TerminationProtectionEnabled: new(false)}
	for _, fn := range change {
		fn(in)
	}
	out, err := b.CreateEventDataStore(b.ctx, in)
	b.ok(err)
	return *out.EventDataStoreArn
}

func underKey(in *cloudtrailapi.CreateEventDataStoreRequest) { in.KmsKeyId = new(key) }

func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// ask runs a query to its end and returns its rows, with bars and semicolons.
func (b *lakeBench) ask(statement string) string {
	b.t.Helper()
	out, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: &statement})
	b.ok(err)
	return b.rows(*out.QueryId)
}

func (b *lakeBench) rows(id string) string {
	b.t.Helper()
	b.lake.done.Wait()
	r, err := b.GetQueryResults(b.ctx, &cloudtrailapi.GetQueryResultsRequest{QueryId: id})
	b.ok(err)
	if *r.QueryStatus != cloudtrailapi.QueryStatusFinished {
		return string(*r.QueryStatus) + ": " + deref(r.ErrorMessage)
	}
	var rows []string
	for _, row := range r.QueryResultRows {
		var cells []string
		for _, cell := range row {
			for _, v := range cell {
				cells = append(cells, v)
			}
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	return strings.Join(rows, ";")
}

func (b *lakeBench) counts(store, want string) {
	b.t.Helper()
	if got := b.ask("SELECT count(*) FROM " + idOf(store) + " WHERE eventName = 'DescribeKey'"); got != want {
		b.t.Errorf("the store holds %s events, want %s", got, want)
	}
}

func TestAnEventDataStoreCollectsEventsAndAnswersQueries(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	b.call(3)
	b.advance(6 * time.Minute)
	b.counts(store, "3")
	got := b.ask("SELECT eventName, userIdentity.type, eventTime, element_at(requestParameters, 'keyId') FROM " + idOf(store) + " LIMIT 1")
	if want := "DescribeKey|Root|2026-03-01 12:00:00.000|" + key; got != want {
		t.Errorf("row is %s, want %s", got, want)
	}
}

func TestEachEventIsCollectedOnceAcrossRestarts(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	for range 3 {
		b.call(2)
		b.advance(6 * time.Minute)
		b.restart()
		b.advance(6 * time.Minute)
	}
	b.counts(store, "6")
}

func TestSelectorsAndIngestionDecideWhatIsCollected(t *testing.T) {
	b := newLakeBench(t)
	all := b.eventStore("all")
	none := b.eventStore("none", func(in *cloudtrailapi.CreateEventDataStoreRequest) {
		in.AdvancedEventSelectors = []cloudtrailapi.AdvancedEventSelector{{FieldSelectors: []cloudtrailapi.AdvancedFieldSelector{
			{Field: "eventCategory", Equals: []string{"Management"}}, {Field: "readOnly", Equals: []string{"false"}},
		}}}
	})
	stopped := b.eventStore("stopped", func(in *cloudtrailapi.CreateEventDataStoreRequest) { in.StartIngestion = new(false) })
	b.call(1)
	other := rootUser(account)
	other.RequestID = "request-2"
	_, err := b.StopEventDataStoreIngestion(as(other), &cloudtrailapi.StopEventDataStoreIngestionRequest{EventDataStore: all})
	b.ok(err)
	_, err = b.StartEventDataStoreIngestion(b.ctx, &cloudtrailapi.StartEventDataStoreIngestionRequest{EventDataStore: stopped})
	b.ok(err)
	b.call(2)
	b.advance(6 * time.Minute)
	b.counts(all, "1")
	b.counts(none, "0")
	b.counts(stopped, "2")
}

func TestEventsLeaveWhenTheirRetentionEnds(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake", func(in *cloudtrailapi.CreateEventDataStoreRequest) { in.RetentionPeriod = new(int32(7)) })
	b.call(2)
	b.advance(6 * time.Minute)
	b.counts(store, "2")
	b.advance(7 * day)
	b.counts(store, "0")
	n := 0
	b.ok(b.store.View(context.Background(), func(_ context.Context, tx storage.Tx) error {
		for _, err := range segments.Keys(tx, storage.Range{}) {
			b.ok(err)
			n++
		}
		return nil
	}))
	if n != 0 {
		t.Errorf("%d segments are left", n)
	}
}

func TestEventsAreSealedUnderTheKeyOfTheStore(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake", underKey)
	b.call(2)
	b.advance(6 * time.Minute)
	b.ok(b.store.View(context.Background(), func(ctx context.Context, tx storage.Tx) error {
		for row, err := range segments.Scan(tx, storage.Range{}) {
			b.ok(err)
			raw, err := b.store.Blobs().Read(ctx, row.Value.Blob)
			b.ok(err)
			if bytes.Contains(raw, []byte("DescribeKey")) {
				t.Error("events lie in clear")
			}
		}
		return nil
	}))
	b.counts(store, "2")
	want := map[string]string{"aws:cloudtrail:arn": store}
	for i, pairs := range b.keys.contexts {
		if fmt.Sprint(pairs) != fmt.Sprint(want) {
			t.Errorf("call %d has the context %v", i, pairs)
		}
	}
	if c := b.keys.callers[1]; c.Type != api.AWSService || c.ARN != principal || c.SourceARN != "" {
		t.Errorf("the store's key is made by %v", c)
	}
}

func TestADisabledKeyStopsIngestionAndQueriesUntilItIsEnabled(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake", underKey)
	b.call(1)
	b.advance(6 * time.Minute)
	out, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: new("SELECT count(*) FROM " + idOf(store))})
	b.ok(err)
	b.lake.done.Wait()
	b.keys.off = true
	b.call(2)
	b.advance(6 * time.Minute)
	_, err = b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: new("SELECT count(*) FROM " + idOf(store))})
	b.fails(err, "InsufficientEncryptionPolicyException", "Insufficient permissions to access KMS key "+key+".")
	_, err = b.GetQueryResults(b.ctx, &cloudtrailapi.GetQueryResultsRequest{QueryId: *out.QueryId})
	b.fails(err, "InsufficientEncryptionPolicyException", "")
	b.keys.off = false
	b.counts(store, "1")
	b.advance(6 * time.Minute)
	b.counts(store, "3")
}

func TestTheReaderNeedsTheKeyToo(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake", underKey)
	b.keys.banned["ann"] = true
	_, err := b.StartQuery(as(userOf(account, "ann")), &cloudtrailapi.StartQueryRequest{QueryStatement: new("SELECT count(*) FROM " + idOf(store))})
	b.fails(err, "InsufficientEncryptionPolicyException", "")
}

func TestAKeyIsGivenOnceAndStays(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	b.call(1)
	b.advance(6 * time.Minute)
	update := func(text string) error {
		out, err := b.UpdateEventDataStore(b.ctx, &cloudtrailapi.UpdateEventDataStoreRequest{EventDataStore: store, KmsKeyId: &text})
		if err == nil && deref(out.KmsKeyId) != key {
			t.Errorf("the key is %s", deref(out.KmsKeyId))
		}
		return err
	}
	b.ok(update(key))
	b.ok(update(key))
	b.fails(update(""), "InvalidParameterException", "")
	b.call(1)
	b.advance(6 * time.Minute)
	b.counts(store, "2")
}

func TestAStoreThatIsDeletedWaitsAWeekAndCanBeRestored(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	remove := func() error {
		_, err := b.DeleteEventDataStore(b.ctx, &cloudtrailapi.DeleteEventDataStoreRequest{EventDataStore: store})
		return err
	}
	status := func(want cloudtrailapi.EventDataStoreStatus) {
		t.Helper()
		out, err := b.GetEventDataStore(b.ctx, &cloudtrailapi.GetEventDataStoreRequest{EventDataStore: idOf(store)})
		b.ok(err)
		if *out.Status != want {
			t.Errorf("status is %s, want %s", *out.Status, want)
		}
	}
	b.call(1)
	b.advance(6 * time.Minute)
	b.ok(remove())
	status(cloudtrailapi.EventDataStoreStatusPendingDeletion)
	b.fails(remove(), "InactiveEventDataStoreException", "")
	_, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: new("SELECT 1 FROM " + idOf(store))})
	b.fails(err, "InactiveEventDataStoreException", "")
	restored, err := b.RestoreEventDataStore(b.ctx, &cloudtrailapi.RestoreEventDataStoreRequest{EventDataStore: store})
	b.ok(err)
	if *restored.Status != cloudtrailapi.EventDataStoreStatusEnabled {
		t.Errorf("status is %s", *restored.Status)
	}
	_, err = b.RestoreEventDataStore(b.ctx, &cloudtrailapi.RestoreEventDataStoreRequest{EventDataStore: store})
	b.fails(err, "InvalidEventDataStoreStatusException", "")
	b.counts(store, "1")
	b.ok(remove())
	b.advance(7 * day)
	_, err = b.GetEventDataStore(b.ctx, &cloudtrailapi.GetEventDataStoreRequest{EventDataStore: store})
	b.fails(err, "EventDataStoreNotFoundException", "")
}

func TestRequestsThatAWSRefusesAreRefused(t *testing.T) {
	b := newLakeBench(t)
	protected := b.eventStore("protected", func(in *cloudtrailapi.CreateEventDataStoreRequest) { in.TerminationProtectionEnabled = nil })
	create := func(fn func(*cloudtrailapi.CreateEventDataStoreRequest)) error {
		in := &cloudtrailapi.CreateEventDataStoreRequest{Name: "new"}
		fn(in)
		_, err := b.CreateEventDataStore(b.ctx, in)
		return err
	}
	get := func(text string) error {
		_, err := b.GetEventDataStore(b.ctx, &cloudtrailapi.GetEventDataStoreRequest{EventDataStore: text})
		return err
	}
	query := func(text string) error {
		_, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: &text})
		return err
	}
	selector := func(fields ...cloudtrailapi.AdvancedFieldSelector) []cloudtrailapi.AdvancedEventSelector {
		return []cloudtrailapi.AdvancedEventSelector{{FieldSelectors: fields}}
	}
	_, protection := b.DeleteEventDataStore(b.ctx, &cloudtrailapi.DeleteEventDataStoreRequest{EventDataStore: protected})
	_, starting := b.StartEventDataStoreIngestion(b.ctx, &cloudtrailapi.StartEventDataStoreIngestionRequest{EventDataStore: protected})
	audit := b.eventStore("audit", func(in *cloudtrailapi.CreateEventDataStoreRequest) {
		in.AdvancedEventSelectors = selector(cloudtrailapi.AdvancedFieldSelector{Field: "eventCategory", Equals: []string{"ActivityAuditLog"}})
	})
	_, category := b.StopEventDataStoreIngestion(b.ctx, &cloudtrailapi.StopEventDataStoreIngestionRequest{EventDataStore: audit})
	_, unknown := b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryId: new(newID())})
	_, cancel := b.CancelQuery(b.ctx, &cloudtrailapi.CancelQueryRequest{QueryId: newID()})
	_, token := b.ListEventDataStores(b.ctx, &cloudtrailapi.ListEventDataStoresRequest{NextToken: new("x")})
	_, dates := b.ListQueries(b.ctx, &cloudtrailapi.ListQueriesRequest{EventDataStore: protected, StartTime: new(start), EndTime: new(start.Add(-1))})
	for _, c := range []struct {
		name, code string
		err        error
	}{
		{"a name that is taken", "EventDataStoreAlreadyExistsException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) { in.Name = "protected" })},
		{"a retention too long", "InvalidParameterException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) {
			in.BillingMode, in.RetentionPeriod = new(cloudtrailapi.BillingModeFixedRetentionPricing), new(int32(3000))
		})},
		{"a selector without category", "InvalidEventSelectorsException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) {
			in.AdvancedEventSelectors = selector(cloudtrailapi.AdvancedFieldSelector{Field: "readOnly", Equals: []string{"true"}})
		})},
		{"a category that is alone", "InvalidEventSelectorsException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) {
			in.AdvancedEventSelectors = selector(cloudtrailapi.AdvancedFieldSelector{Field: "eventCategory", Equals: []string{"ActivityAuditLog"}},
				cloudtrailapi.AdvancedFieldSelector{Field: "eventName", Equals: []string{"x"}})
		})},
		{"a key of another Region", "KmsKeyNotFoundException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) {
			in.KmsKeyId = new("arn:aws:kms:eu-west-1:111122223333:key/" + keyID)
		})},
		{"an organization", "OrganizationsNotInUseException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) { in.OrganizationEnabled = new(true) })},
		{"a tag twice", "InvalidTagParameterException", create(func(in *cloudtrailapi.CreateEventDataStoreRequest) {
			in.TagsList = []cloudtrailapi.Tag{{Key: "a"}, {Key: "a"}}
		})},
		{"an ARN that is none", "EventDataStoreARNInvalidException", get("arn:aws:cloudtrail:us-east-1:111122223333:trail/x")},
		{"an id that is none", "EventDataStoreARNInvalidException", get("lake")},
		{"a store that is not there", "EventDataStoreNotFoundException", get(newID())},
		{"termination protection", "EventDataStoreTerminationProtectedException", protection},
		{"ingestion that goes on already", "InvalidEventDataStoreStatusException", starting},
		{"ingestion of events from elsewhere", "InvalidEventDataStoreCategoryException", category},
		{"a statement that changes data", "InvalidQueryStatementException", query("DELETE FROM " + idOf(protected))},
		{"a statement without store", "InvalidQueryStatementException", query("SELECT 1")},
		{"a store that is not there", "EventDataStoreNotFoundException", query("SELECT 1 FROM " + newID())},
		{"a query that is not there", "QueryIdNotFoundException", unknown},
		{"a query that is not there", "QueryIdNotFoundException", cancel},
		{"a token that is none", "InvalidNextTokenException", token},
		{"an end before the start", "InvalidDateRangeException", dates},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.t = t
			b.fails(c.err, c.code, "")
		})
	}
	b.t = t
}

func TestARegionHoldsTenEventDataStores(t *testing.T) {
	b := newLakeBench(t)
	for i := range maxEventStores {
		b.eventStore(fmt.Sprintf("lake-%d", i))
	}
	_, err := b.CreateEventDataStore(b.ctx, &cloudtrailapi.CreateEventDataStoreRequest{Name: "one-more"})
	b.fails(err, "EventDataStoreMaxLimitExceededException", "")
	page, err := b.ListEventDataStores(b.ctx, &cloudtrailapi.ListEventDataStoresRequest{MaxResults: new(int32(6))})
	b.ok(err)
	rest, err := b.ListEventDataStores(b.ctx, &cloudtrailapi.ListEventDataStoresRequest{NextToken: page.NextToken})
	b.ok(err)
	if len(page.EventDataStores) != 6 || len(rest.EventDataStores) != 4 || rest.NextToken != nil {
		t.Errorf("pages have %d and %d stores", len(page.EventDataStores), len(rest.EventDataStores))
	}
}

func TestQueriesAreDescribedListedPagedAndExpire(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	b.call(5)
	b.advance(6 * time.Minute)
	out, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{
		QueryStatement: new("SELECT eventID FROM " + idOf(store) + " WHERE eventName = ? ORDER BY 1"), QueryParameters: []string{"DescribeKey"},
	})
	b.ok(err)
	b.lake.done.Wait()
	d, err := b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryId: out.QueryId})
	b.ok(err)
	if *d.QueryStatus != cloudtrailapi.QueryStatusFinished || *d.QueryStatistics.EventsMatched != 5 || *d.QueryStatistics.EventsScanned < 5 || *d.QueryStatistics.BytesScanned == 0 {
		t.Errorf("the query is described as %s, %+v", *d.QueryStatus, *d.QueryStatistics)
	}
	first, err := b.GetQueryResults(b.ctx, &cloudtrailapi.GetQueryResultsRequest{QueryId: *out.QueryId, MaxQueryResults: new(int32(3))})
	b.ok(err)
	second, err := b.GetQueryResults(b.ctx, &cloudtrailapi.GetQueryResultsRequest{QueryId: *out.QueryId, NextToken: first.NextToken})
	b.ok(err)
	if len(first.QueryResultRows) != 3 || len(second.QueryResultRows) != 2 || *second.QueryStatistics.TotalResultsCount != 5 || second.NextToken != nil {
		t.Errorf("pages have %d and %d rows", len(first.QueryResultRows), len(second.QueryResultRows))
	}
	_, err = b.CancelQuery(b.ctx, &cloudtrailapi.CancelQueryRequest{QueryId: *out.QueryId})
	b.fails(err, "InactiveQueryException", "")
	list := func() int {
		l, err := b.ListQueries(b.ctx, &cloudtrailapi.ListQueriesRequest{EventDataStore: store})
		b.ok(err)
		return len(l.Queries)
	}
	if n := list(); n != 1 {
		t.Errorf("%d queries are listed", n)
	}
	b.restart()
	_, err = b.GetQueryResults(b.ctx, &cloudtrailapi.GetQueryResultsRequest{QueryId: *out.QueryId})
	b.ok(err)
	b.advance(queryLife)
	_, err = b.GetQueryResults(b.ctx, &cloudtrailapi.GetQueryResultsRequest{QueryId: *out.QueryId})
	b.fails(err, "QueryIdNotFoundException", "")
	if n := list(); n != 0 {
		t.Errorf("%d queries are listed after a week", n)
	}
}

func TestAQueryThatMeetsABadValueFails(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	b.call(1)
	b.advance(6 * time.Minute)
	if got := b.ask("SELECT requestParameters['none'] FROM " + idOf(store)); got != "FAILED: Key not present in map: none" {
		t.Errorf("the query ends as %s", got)
	}
}

func TestResultsAreDeliveredSignedToABucket(t *testing.T) {
	b := newLakeBench(t)
	store := b.eventStore("lake")
	b.call(1)
	b.advance(6 * time.Minute)
	start := func() cloudtrailapi.DeliveryStatus {
		out, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{
			QueryStatement: new("SELECT eventName FROM " + idOf(store)), DeliveryS3Uri: new("s3://" + bucket + "/answers/"),
		})
		b.ok(err)
		b.lake.done.Wait()
		d, err := b.DescribeQuery(b.ctx, &cloudtrailapi.DescribeQueryRequest{QueryId: out.QueryId})
		b.ok(err)
		return *d.DeliveryStatus
	}
	if got := start(); got != cloudtrailapi.DeliveryStatusSuccess {
		t.Fatalf("delivery is %s", got)
	}
	for at, o := range b.s3.objects {
		if strings.HasSuffix(at, "result_1.csv.gz") {
			if text := string(b.s3.plain(t, at)); !strings.HasPrefix(text, "eventName\n") || !strings.Contains(text, "DescribeKey\n") {
				t.Errorf("results are %q", text)
			}
		}
		if !strings.HasPrefix(at, bucket+"/answers/AWSLogs/"+account+"/CloudTrail-Lake/Query/2026/03/01/") || len(o.body) == 0 {
			t.Errorf("an object is at %s", at)
		}
	}
	if c := b.s3.callers[len(b.s3.callers)-1]; c.SourceARN != store || c.ARN != principal {
		t.Errorf("the results are delivered by %v", c)
	}
	b.s3.put = func(string) error { return api400("AccessDenied") }
	if got := start(); got != cloudtrailapi.DeliveryStatusAccessDenied {
		t.Errorf("delivery is %s", got)
	}
	b.s3.acl = api400("NoSuchBucket")
	_, err := b.StartQuery(b.ctx, &cloudtrailapi.StartQueryRequest{QueryStatement: new("SELECT 1 FROM " + idOf(store)), DeliveryS3Uri: new("s3://none")})
	b.fails(err, "S3BucketDoesNotExistException", "")
}
