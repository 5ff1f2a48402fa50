package s3sim

import (
	"fmt"
	"testing"

	"sealstack/api/s3api"
)

func inventory(id string, change ...func(*s3api.InventoryConfiguration)) *s3api.PutBucketInventoryConfigurationRequest {
	c := s3api.InventoryConfiguration{Id: id, IsEnabled: true, IncludedObjectVersions: "All", Schedule: s3api.InventorySchedule{Frequency: "Daily"}}
	c.Destination.S3BucketDestination = s3api.InventoryS3BucketDestination{Bucket: "arn:aws:s3:::reports", Format: "CSV"}
	for _, fn := range change {
		fn(&c)
	}
	return &s3api.PutBucketInventoryConfigurationRequest{Bucket: "logs", Id: id, InventoryConfiguration: c}
}

func TestConfigurationsAreKeptByTheirIDs(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	for n := range 101 {
		_, err := b.PutBucketInventoryConfiguration(b.ctx, inventory(fmt.Sprintf("i-%03d", n)))
		b.ok(err)
	}
	_, err := b.PutBucketInventoryConfiguration(b.ctx, inventory("i-000", func(c *s3api.InventoryConfiguration) { c.Schedule.Frequency = "Weekly" }))
	b.ok(err)
	one, err := b.GetBucketInventoryConfiguration(b.ctx, &s3api.GetBucketInventoryConfigurationRequest{Bucket: "logs", Id: "i-000"})
	b.ok(err)
	b.same("replaced", one.InventoryConfiguration.Schedule.Frequency, "Weekly")
	list, err := b.ListBucketInventoryConfigurations(b.ctx, &s3api.ListBucketInventoryConfigurationsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("page", []any{len(list.InventoryConfigurationList), *list.IsTruncated}, []any{100, true})
	rest, err := b.ListBucketInventoryConfigurations(b.ctx, &s3api.ListBucketInventoryConfigurationsRequest{Bucket: "logs", ContinuationToken: list.NextContinuationToken})
	b.ok(err)
	b.same("the rest", []any{len(rest.InventoryConfigurationList), rest.InventoryConfigurationList[0].Id, *rest.IsTruncated, rest.NextContinuationToken == nil}, []any{1, "i-100", false, true})
	_, err = b.ListBucketInventoryConfigurations(b.ctx, &s3api.ListBucketInventoryConfigurationsRequest{Bucket: "logs", ContinuationToken: new("x")})
	b.code(err, "InvalidArgument")
	drop := &s3api.DeleteBucketInventoryConfigurationRequest{Bucket: "logs", Id: "i-000"}
	_, err = b.DeleteBucketInventoryConfiguration(b.ctx, drop)
	b.ok(err)
	_, err = b.DeleteBucketInventoryConfiguration(b.ctx, drop)
	b.same("status", b.fails(err, "NoSuchConfiguration", "The specified configuration does not exist.").Status, 404)
	_, err = b.GetBucketInventoryConfiguration(b.ctx, &s3api.GetBucketInventoryConfigurationRequest{Bucket: "logs", Id: "i-000"})
	b.code(err, "NoSuchConfiguration")
	b.forgottenWith("logs")
}

// forgottenWith deletes a bucket and makes it again: nothing may be left.
func (b *bench) forgottenWith(name string) {
	b.t.Helper()
	_, err := b.DeleteBucket(b.ctx, &s3api.DeleteBucketRequest{Bucket: name})
	b.ok(err)
	b.bucket(name)
	list, err := b.ListBucketInventoryConfigurations(b.ctx, &s3api.ListBucketInventoryConfigurationsRequest{Bucket: name})
	b.ok(err)
	b.same("configurations of another bucket of that name", len(list.InventoryConfigurationList), 0)
}

func TestABucketTakesAThousandConfigurations(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	put := func(id string) error {
		_, err := b.PutBucketMetricsConfiguration(b.ctx, &s3api.PutBucketMetricsConfigurationRequest{Bucket: "logs", Id: id, MetricsConfiguration: s3api.MetricsConfiguration{Id: id}})
		return err
	}
	for n := range 1000 {
		b.ok(put(fmt.Sprint("m", n)))
	}
	b.fails(put("more"), "TooManyConfigurations", "You are attempting to create a new configuration but have already reached the 1,000-configuration limit.")
	b.ok(put("m7"))
}

func TestConfigurationsOfEachKindComeBack(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	_, err := b.PutBucketAnalyticsConfiguration(b.ctx, &s3api.PutBucketAnalyticsConfigurationRequest{Bucket: "logs", Id: "a", AnalyticsConfiguration: s3api.AnalyticsConfiguration{Id: "a", Filter: &s3api.AnalyticsFilter{Prefix: new("p/")}}})
	b.ok(err)
	a, err := b.GetBucketAnalyticsConfiguration(b.ctx, &s3api.GetBucketAnalyticsConfigurationRequest{Bucket: "logs", Id: "a"})
	b.ok(err)
	as, err := b.ListBucketAnalyticsConfigurations(b.ctx, &s3api.ListBucketAnalyticsConfigurationsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("analytics", []any{*a.AnalyticsConfiguration.Filter.Prefix, len(as.AnalyticsConfigurationList)}, []any{"p/", 1})
	_, err = b.PutBucketMetricsConfiguration(b.ctx, &s3api.PutBucketMetricsConfigurationRequest{Bucket: "logs", Id: "m", MetricsConfiguration: s3api.MetricsConfiguration{Id: "m", Filter: &s3api.MetricsFilter{Tag: &s3api.Tag{Key: "k", Value: "v"}}}})
	b.ok(err)
	m, err := b.GetBucketMetricsConfiguration(b.ctx, &s3api.GetBucketMetricsConfigurationRequest{Bucket: "logs", Id: "m"})
	b.ok(err)
	b.same("metrics", *m.MetricsConfiguration.Filter.Tag, s3api.Tag{Key: "k", Value: "v"})
	ms, err := b.ListBucketMetricsConfigurations(b.ctx, &s3api.ListBucketMetricsConfigurationsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("list", len(ms.MetricsConfigurationList), 1)
	_, err = b.PutBucketIntelligentTieringConfiguration(b.ctx, tieringOf("Enabled", "ARCHIVE_ACCESS", 90))
	b.ok(err)
	i, err := b.GetBucketIntelligentTieringConfiguration(b.ctx, &s3api.GetBucketIntelligentTieringConfigurationRequest{Bucket: "logs", Id: "t"})
	b.ok(err)
	b.same("tiering", i.IntelligentTieringConfiguration.Tierings[0].Days, 90)
	is, err := b.ListBucketIntelligentTieringConfigurations(b.ctx, &s3api.ListBucketIntelligentTieringConfigurationsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("list", len(is.IntelligentTieringConfigurationList), 1)
	_, err = b.DeleteBucketAnalyticsConfiguration(b.ctx, &s3api.DeleteBucketAnalyticsConfigurationRequest{Bucket: "logs", Id: "a"})
	b.ok(err)
	_, err = b.DeleteBucketMetricsConfiguration(b.ctx, &s3api.DeleteBucketMetricsConfigurationRequest{Bucket: "logs", Id: "m"})
	b.ok(err)
	_, err = b.DeleteBucketIntelligentTieringConfiguration(b.ctx, &s3api.DeleteBucketIntelligentTieringConfigurationRequest{Bucket: "logs", Id: "t"})
	b.ok(err)
}

func tieringOf(status s3api.IntelligentTieringStatus, tier s3api.IntelligentTieringAccessTier, days int32) *s3api.PutBucketIntelligentTieringConfigurationRequest {
	return &s3api.PutBucketIntelligentTieringConfigurationRequest{Bucket: "logs", Id: "t", IntelligentTieringConfiguration: s3api.IntelligentTieringConfiguration{
		Id: "t", Status: status, Tierings: []s3api.Tiering{{AccessTier: tier, Days: days}},
	}}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	inventoryWith := func(change func(*s3api.InventoryConfiguration)) func() error {
		return func() error { _, err := b.PutBucketInventoryConfiguration(b.ctx, inventory("i", change)); return err }
	}
	tiering := func(status s3api.IntelligentTieringStatus, tier s3api.IntelligentTieringAccessTier, days int32) func() error {
		return func() error {
			_, err := b.PutBucketIntelligentTieringConfiguration(b.ctx, tieringOf(status, tier, days))
			return err
		}
	}
	analysis := func(e s3api.StorageClassAnalysisDataExport) func() error {
		return func() error {
			_, err := b.PutBucketAnalyticsConfiguration(b.ctx, &s3api.PutBucketAnalyticsConfigurationRequest{Bucket: "logs", Id: "a", AnalyticsConfiguration: s3api.AnalyticsConfiguration{
				Id: "a", StorageClassAnalysis: s3api.StorageClassAnalysis{DataExport: &e},
			}})
			return err
		}
	}
	to := func(bucket string) (d s3api.AnalyticsExportDestination) {
		d.S3BucketDestination = s3api.AnalyticsS3BucketDestination{Bucket: bucket, Format: "CSV"}
		return d
	}
	for name, tt := range map[string]struct {
		call func() error
		code string
	}{
		"frequency": {inventoryWith(func(c *s3api.InventoryConfiguration) { c.Schedule.Frequency = "Hourly" }), "MalformedXML"},
		"versions":  {inventoryWith(func(c *s3api.InventoryConfiguration) { c.IncludedObjectVersions = "Some" }), "MalformedXML"},
		"format":    {inventoryWith(func(c *s3api.InventoryConfiguration) { c.Destination.S3BucketDestination.Format = "TXT" }), "MalformedXML"},
		"fields":    {inventoryWith(func(c *s3api.InventoryConfiguration) { c.OptionalFields = []s3api.InventoryOptionalField{"Colour"} }), "MalformedXML"},
		"encryption": {inventoryWith(func(c *s3api.InventoryConfiguration) {
			c.Destination.S3BucketDestination.Encryption = &s3api.InventoryEncryption{}
		}), "MalformedXML"},
		"destination":    {inventoryWith(func(c *s3api.InventoryConfiguration) { c.Destination.S3BucketDestination.Bucket = "reports" }), "InvalidArgument"},
		"another id":     {inventoryWith(func(c *s3api.InventoryConfiguration) { c.Id = "j" }), "InvalidArgument"},
		"status":         {tiering("On", "ARCHIVE_ACCESS", 90), "MalformedXML"},
		"tier":           {tiering("Enabled", "COLD", 90), "MalformedXML"},
		"too soon":       {tiering("Enabled", "ARCHIVE_ACCESS", 89), "InvalidArgument"},
		"deep too soon":  {tiering("Enabled", "DEEP_ARCHIVE_ACCESS", 179), "InvalidArgument"},
		"too late":       {tiering("Enabled", "ARCHIVE_ACCESS", 731), "InvalidArgument"},
		"schema":         {analysis(s3api.StorageClassAnalysisDataExport{OutputSchemaVersion: "V_2", Destination: to("arn:aws:s3:::reports")}), "MalformedXML"},
		"analysed where": {analysis(s3api.StorageClassAnalysisDataExport{OutputSchemaVersion: "V_1", Destination: to("x")}), "InvalidArgument"},
		"an id": {func() error {
			_, err := b.PutBucketInventoryConfiguration(b.ctx, inventory("a/b"))
			return err
		}, "InvalidArgument"},
		"two filters": {func() error {
			_, err := b.PutBucketMetricsConfiguration(b.ctx, &s3api.PutBucketMetricsConfigurationRequest{Bucket: "logs", Id: "m", MetricsConfiguration: s3api.MetricsConfiguration{
				Id: "m", Filter: &s3api.MetricsFilter{Prefix: new("p"), Tag: &s3api.Tag{Key: "k"}},
			}})
			return err
		}, "MalformedXML"},
		"no right": {func() error {
			_, err := b.PutBucketInventoryConfiguration(b.user(account, "bob", allow("s3:GetInventoryConfiguration", "*")), inventory("i"))
			return err
		}, "AccessDenied"},
	} {
		if err := tt.call(); !isError(err, tt.code) {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	list, err := b.ListBucketInventoryConfigurations(b.user(account, "amy", allow("s3:GetInventoryConfiguration", "*")), &s3api.ListBucketInventoryConfigurationsRequest{Bucket: "logs"})
	b.ok(err)
	b.same("kept", len(list.InventoryConfigurationList), 0)
}
