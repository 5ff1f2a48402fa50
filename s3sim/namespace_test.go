package s3sim

import (
	"testing"

	"sealstack/api/s3api"
)

func TestNamesOfAnAccountsOwnNamespace(t *testing.T) {
	own := s3api.BucketNamespaceAccountRegional
	global := s3api.BucketNamespaceGlobal
	for name, tt := range map[string]struct {
		asked *s3api.BucketNamespace
		code  string // empty: it is made
	}{
		"logs-111122223333-us-west-2-an": {&own, ""},
		"data-111122223333-us-west-2-an": {nil, "InvalidBucketName"},
		"dump-111122223333-us-west-2-an": {&global, "InvalidBucketName"},
		"logs-444455556666-us-west-2-an": {&own, "InvalidBucketName"},
		"logs-111122223333-us-east-1-an": {&own, "InvalidBucketName"},
		"logs-an":                        {&own, "InvalidBucketName"},
		"loose-an":                       {nil, "InvalidBucketName"},
		"-111122223333-us-west-2-an":     {&own, "InvalidBucketName"},
		"plain":                          {&own, "InvalidBucketName"},
		"plainer":                        {&global, ""},
		"plan":                           {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			_, err := b.CreateBucket(b.ctx, &s3api.CreateBucketRequest{Bucket: name, BucketNamespace: tt.asked,
				CreateBucketConfiguration: &s3api.CreateBucketConfiguration{LocationConstraint: new(s3api.BucketLocationConstraint(region))}})
			if tt.code == "" {
				b.ok(err)
				return
			}
			b.code(err, tt.code)
		})
	}
}

func TestAPolicyCanAskForTheNamespace(t *testing.T) {
	b := newBench(t)
	name := "logs-111122223333-us-west-2-an"
	ctx := b.user(account, "ann", `{"Effect":"Allow","Action":"s3:CreateBucket","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-bucket-namespace":"account-regional"}}}`)
	in := &s3api.CreateBucketRequest{Bucket: "logs", CreateBucketConfiguration: &s3api.CreateBucketConfiguration{LocationConstraint: new(s3api.BucketLocationConstraint(region))}}
	_, err := b.CreateBucket(ctx, in)
	b.code(err, "AccessDenied")
	in.Bucket, in.BucketNamespace = name, new(s3api.BucketNamespaceAccountRegional)
	_, err = b.CreateBucket(ctx, in)
	b.ok(err)
}
