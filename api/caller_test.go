package api_test

import (
	"context"
	"slices"
	"testing"

	"sealstack/api"
)

var alice = api.Caller{
	Principal:   api.Principal{Type: api.User, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/alice", Name: "alice"},
	AccessKeyID: "AKIAIOSFODNN7EXAMPLE", Partition: "aws", Region: "eu-west-1", RequestID: "r-1", SourceIP: "192.0.2.1",
}

func TestAContextWithoutACallerHoldsTheAnonymousOne(t *testing.T) {
	c := api.CallerOf(context.Background())
	if c.Type != api.Anonymous || c.Account != "" || c.ARN != "" {
		t.Errorf("%+v", c)
	}
}

func TestAServiceCallsByItself(t *testing.T) {
	group := "arn:aws:logs:eu-west-1:111122223333:log-group:g"
	ctx := api.AsService(api.WithCaller(context.Background(), &alice), "logs.eu-west-1.amazonaws.com", group, "111122223333")
	c := api.CallerOf(ctx)
	if c.Type != api.AWSService || c.ARN != "logs.eu-west-1.amazonaws.com" || c.SourceARN != group || c.SourceAccount != "111122223333" {
		t.Errorf("the service calls as %+v", c)
	}
	if c.Account != "" || c.AccessKeyID != "" || c.Session != nil {
		t.Errorf("the user's identity is left in %+v", c)
	}
	if c.Region != "eu-west-1" || c.Partition != "aws" || c.RequestID != "r-1" {
		t.Errorf("the call's own facts are lost in %+v", c)
	}
}

func TestForwardingKeepsTheUserAndAddsTheService(t *testing.T) {
	first := api.Forward(api.WithCaller(context.Background(), &alice), "athena.amazonaws.com")
	second := api.Forward(first, "s3.amazonaws.com")
	c := api.CallerOf(second)
	if c.ARN != alice.ARN || c.AccessKeyID != alice.AccessKeyID {
		t.Errorf("the user is lost in %+v", c)
	}
	if want := []string{"athena.amazonaws.com", "s3.amazonaws.com"}; !slices.Equal(c.Via, want) {
		t.Errorf("via %v, expected %v", c.Via, want)
	}
	if len(alice.Via) != 0 || len(api.CallerOf(first).Via) != 1 {
		t.Error("forwarding changed the caller that it was given")
	}
}

func TestTwoForwardsOfOneCallDoNotShareTheirList(t *testing.T) {
	base := api.Forward(api.WithCaller(context.Background(), &alice), "a.amazonaws.com")
	left, right := api.Forward(base, "left.amazonaws.com"), api.Forward(base, "right.amazonaws.com")
	if l, r := api.CallerOf(left).Via[1], api.CallerOf(right).Via[1]; l != "left.amazonaws.com" || r != "right.amazonaws.com" {
		t.Errorf("%s, %s", l, r)
	}
}
