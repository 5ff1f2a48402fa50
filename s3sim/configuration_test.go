package s3sim

import (
	"reflect"
	"testing"

	"sealstack/api"
	"sealstack/api/s3api"
)

func TestConfigurationsComeBackAndGo(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.bucket("target")
	rule := s3api.CORSRule{AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"*"}, MaxAgeSeconds: new(int32(5))}
	for _, tt := range []struct {
		name, missing string
		put           func() (*api.None, error)
		get           func() (any, error)
		remove        func() (*api.None, error)
		want          any
	}{
		{"cors", "NoSuchCORSConfiguration",
			func() (*api.None, error) {
				return b.PutBucketCors(b.ctx, &s3api.PutBucketCorsRequest{Bucket: "logs", CORSConfiguration: s3api.CORSConfiguration{CORSRules: []s3api.CORSRule{rule}}})
			},
			func() (any, error) { return b.GetBucketCors(b.ctx, &s3api.GetBucketCorsRequest{Bucket: "logs"}) },
			func() (*api.None, error) {
				return b.DeleteBucketCors(b.ctx, &s3api.DeleteBucketCorsRequest{Bucket: "logs"})
			},
			&s3api.GetBucketCorsOutput{CORSRules: []s3api.CORSRule{rule}}},
		{"website", "NoSuchWebsiteConfiguration",
			func() (*api.None, error) {
				return b.PutBucketWebsite(b.ctx, &s3api.PutBucketWebsiteRequest{Bucket: "logs", WebsiteConfiguration: s3api.WebsiteConfiguration{IndexDocument: &s3api.IndexDocument{Suffix: "i"}}})
			},
			func() (any, error) {
				return b.GetBucketWebsite(b.ctx, &s3api.GetBucketWebsiteRequest{Bucket: "logs"})
			},
			func() (*api.None, error) {
				return b.DeleteBucketWebsite(b.ctx, &s3api.DeleteBucketWebsiteRequest{Bucket: "logs"})
			},
			&s3api.GetBucketWebsiteOutput{IndexDocument: &s3api.IndexDocument{Suffix: "i"}}},
		{"logging", "",
			func() (*api.None, error) {
				return b.PutBucketLogging(b.ctx, &s3api.PutBucketLoggingRequest{Bucket: "logs", BucketLoggingStatus: s3api.BucketLoggingStatus{LoggingEnabled: &s3api.LoggingEnabled{TargetBucket: "target", TargetPrefix: "p"}}})
			},
			func() (any, error) {
				return b.GetBucketLogging(b.ctx, &s3api.GetBucketLoggingRequest{Bucket: "logs"})
			},
			func() (*api.None, error) {
				return b.PutBucketLogging(b.ctx, &s3api.PutBucketLoggingRequest{Bucket: "logs"})
			},
			&s3api.GetBucketLoggingOutput{LoggingEnabled: &s3api.LoggingEnabled{TargetBucket: "target", TargetPrefix: "p"}}},
		{"notification", "",
			func() (*api.None, error) {
				return b.PutBucketNotificationConfiguration(b.ctx, &s3api.PutBucketNotificationConfigurationRequest{Bucket: "logs", NotificationConfiguration: s3api.NotificationConfiguration{EventBridgeConfiguration: &s3api.EventBridgeConfiguration{}}})
			},
			func() (any, error) {
				return b.GetBucketNotificationConfiguration(b.ctx, &s3api.GetBucketNotificationConfigurationRequest{Bucket: "logs"})
			},
			func() (*api.None, error) {
				return b.PutBucketNotificationConfiguration(b.ctx, &s3api.PutBucketNotificationConfigurationRequest{Bucket: "logs"})
			},
			&s3api.NotificationConfiguration{EventBridgeConfiguration: &s3api.EventBridgeConfiguration{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before, err := tt.get()
			if tt.missing != "" {
				b.code(err, tt.missing)
			}
			_, err = tt.put()
			b.ok(err)
			got, err := tt.get()
			b.ok(err)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			_, err = tt.remove()
			b.ok(err)
			after, err := tt.get()
			if tt.missing != "" {
				b.code(err, tt.missing)
			} else if !reflect.DeepEqual(before, after) {
				t.Errorf("after all %+v, before %+v", after, before)
			}
		})
	}
}

func TestConfigurationsThatCantBe(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	b.bucket("versioned")
	b.versioning("versioned", "Enabled")
	replication := s3api.ReplicationConfiguration{Role: "r", Rules: []s3api.ReplicationRule{{Status: "Enabled"}}}
	for name, tt := range map[string]struct {
		call func() error
		code string
	}{
		"a website of nothing": {func() error {
			_, err := b.PutBucketWebsite(b.ctx, &s3api.PutBucketWebsiteRequest{Bucket: "logs"})
			return err
		}, "InvalidArgument"},
		"logging to nowhere": {func() error {
			_, err := b.PutBucketLogging(b.ctx, &s3api.PutBucketLoggingRequest{Bucket: "logs", BucketLoggingStatus: s3api.BucketLoggingStatus{LoggingEnabled: &s3api.LoggingEnabled{TargetBucket: "none"}}})
			return err
		}, "InvalidTargetBucketForLogging"},
		"replication without versions": {func() error {
			_, err := b.PutBucketReplication(b.ctx, &s3api.PutBucketReplicationRequest{Bucket: "logs", ReplicationConfiguration: replication})
			return err
		}, "InvalidRequest"},
		"no replication": {func() error {
			_, err := b.GetBucketReplication(b.ctx, &s3api.GetBucketReplicationRequest{Bucket: "logs"})
			return err
		}, "ReplicationConfigurationNotFoundError"},
		"a payer": {func() error {
			_, err := b.PutBucketRequestPayment(b.ctx, &s3api.PutBucketRequestPaymentRequest{Bucket: "logs", RequestPaymentConfiguration: s3api.RequestPaymentConfiguration{Payer: "me"}})
			return err
		}, "MalformedXML"},
		"acceleration": {func() error {
			_, err := b.PutBucketAccelerateConfiguration(b.ctx, &s3api.PutBucketAccelerateConfigurationRequest{Bucket: "logs"})
			return err
		}, "MalformedXML"},
		"versioning": {func() error {
			_, err := b.PutBucketVersioning(b.ctx, &s3api.PutBucketVersioningRequest{Bucket: "logs"})
			return err
		}, "IllegalVersioningConfigurationException"},
		"ownership": {func() error {
			_, err := b.PutBucketOwnershipControls(b.ctx, &s3api.PutBucketOwnershipControlsRequest{Bucket: "logs"})
			return err
		}, "MalformedXML"},
		"tags decide": {func() error {
			_, err := b.PutBucketAbac(b.ctx, &s3api.PutBucketAbacRequest{Bucket: "logs"})
			return err
		}, "MalformedXML"},
		"renaming": {func() error {
			_, err := b.RenameObject(b.ctx, &s3api.RenameObjectRequest{Bucket: "logs", Key: "k"})
			return err
		}, "NotImplemented"},
	} {
		if err := tt.call(); !isError(err, tt.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.PutBucketReplication(b.ctx, &s3api.PutBucketReplicationRequest{Bucket: "versioned", ReplicationConfiguration: replication})
	b.ok(err)
	payment, err := b.GetBucketRequestPayment(b.ctx, &s3api.GetBucketRequestPaymentRequest{Bucket: "logs"})
	b.ok(err)
	b.same("payer", *payment.Payer, "BucketOwner")
}

func TestPreflightsFindTheirRule(t *testing.T) {
	b := newBench(t)
	b.bucket("logs")
	rules := []s3api.CORSRule{
		{ID: new("one"), AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"https://*.example.com"}, AllowedHeaders: []string{"x-amz-*"}},
		{ID: new("two"), AllowedMethods: []string{"PUT", "GET"}, AllowedOrigins: []string{"*"}},
	}
	_, err := b.PutBucketCors(b.ctx, &s3api.PutBucketCorsRequest{Bucket: "logs", CORSConfiguration: s3api.CORSConfiguration{CORSRules: rules}})
	b.ok(err)
	kept, err := b.GetBucketCors(b.ctx, &s3api.GetBucketCorsRequest{Bucket: "logs"})
	b.ok(err)
	for _, tt := range []struct {
		origin, method string
		headers        []string
		want           string
	}{
		{"https://a.example.com", "GET", []string{"X-Amz-Date"}, "one"},
		{"https://a.example.com", "GET", []string{"Other"}, ""},
		{"https://example.com", "GET", nil, "two"},
		{"http://x", "PUT", nil, "two"},
		{"http://x", "DELETE", nil, ""},
	} {
		got := ""
		for i := len(kept.CORSRules) - 1; i >= 0; i-- {
			if ruleAllows(&kept.CORSRules[i], tt.origin, tt.method, tt.headers) {
				got = *kept.CORSRules[i].ID
			}
		}
		b.same(tt.origin+" "+tt.method, got, tt.want)
	}
	for _, bad := range []s3api.CORSRule{
		{AllowedMethods: []string{"PATCH"}, AllowedOrigins: []string{"*"}}, {AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"**"}},
		{AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"*"}, AllowedHeaders: []string{"*a*"}},
		{AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"*"}, ExposeHeaders: []string{"*"}},
	} {
		_, err := b.PutBucketCors(b.ctx, &s3api.PutBucketCorsRequest{Bucket: "logs", CORSConfiguration: s3api.CORSConfiguration{CORSRules: []s3api.CORSRule{bad}}})
		b.code(err, "InvalidRequest")
	}
}
