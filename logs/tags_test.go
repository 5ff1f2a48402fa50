package logs

import (
	"fmt"
	"maps"
	"testing"

	"sealstack/api/logsapi"
)

const groupARN = "arn:aws:logs:us-west-2:111122223333:log-group:g"

func TestOlderAndNewerTagOperationsWorkOnTheSameTags(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", Tags: map[string]string{"made": "yes"}})
	b.ok(err)
	_, err = b.TagLogGroup(b.ctx, &logsapi.TagLogGroupRequest{LogGroupName: "g", Tags: map[string]string{"old": "1", "both": "1"}})
	b.ok(err)
	_, err = b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: groupARN, Tags: map[string]string{"new": "2", "both": "2"}})
	b.ok(err)
	b.tagged(map[string]string{"made": "yes", "old": "1", "new": "2", "both": "2"})
	_, err = b.UntagLogGroup(b.ctx, &logsapi.UntagLogGroupRequest{LogGroupName: "g", Tags: []string{"new", "none"}})
	b.ok(err)
	_, err = b.UntagResource(b.ctx, &logsapi.UntagResourceRequest{ResourceArn: groupARN, TagKeys: []string{"old", "both", "made"}})
	b.ok(err)
	b.tagged(map[string]string{})
}

// tagged checks the tags that both listing operations give.
func (b *bench) tagged(want map[string]string) {
	b.t.Helper()
	older, err := b.ListTagsLogGroup(b.ctx, &logsapi.ListTagsLogGroupRequest{LogGroupName: "g"})
	b.ok(err)
	newer, err := b.ListTagsForResource(b.ctx, &logsapi.ListTagsForResourceRequest{ResourceArn: groupARN})
	b.ok(err)
	if !maps.Equal(older.Tags, want) || !maps.Equal(newer.Tags, want) || older.Tags == nil {
		b.t.Errorf("tags = %v and %v, want %v", older.Tags, newer.Tags, want)
	}
}

func TestAGroupHasAtMost50Tags(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	tags := map[string]string{}
	for i := range 50 {
		tags[fmt.Sprint("k", i)] = "v"
	}
	_, err := b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: groupARN, Tags: tags})
	b.ok(err)
	_, err = b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: groupARN, Tags: map[string]string{"one": "more"}})
	if codeOf(err) != "TooManyTagsException" {
		t.Errorf("the 51st tag: %v", err)
	}
	b.tagged(tags)
}

func TestTagOperationsNameWhatIsWrong(t *testing.T) {
	b := newBench(t)
	for arn, code := range map[string]string{
		groupARN: "ResourceNotFoundException",
		"arn:aws:logs:eu-west-1:111122223333:log-group:g": "InvalidParameterException",
		"nonsense": "InvalidParameterException",
		"arn:aws:logs:us-west-2:111122223333:nothing:d": "NotImplemented",
	} {
		_, err := b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: arn, Tags: map[string]string{"a": "b"}})
		if codeOf(err) != code {
			t.Errorf("TagResource(%s) = %v, want %s", arn, err, code)
		}
	}
}

func TestCreatingWithTagsNeedsThePermissionToTag(t *testing.T) {
	b := newBench(t)
	b.auth.deny = map[string]bool{"logs:TagResource": true, "logs:TagLogGroup": true}
	in := &logsapi.CreateLogGroupRequest{LogGroupName: "g", Tags: map[string]string{"a": "b"}}
	_, err := b.CreateLogGroup(b.ctx, in)
	b.fails(err, "AccessDeniedException", "User with accountId: 111122223333 is not authorized to perform CreateLogGroup with Tags")
	b.createGroup("g", "")
}

// The permission is asked with the tags of the group and of the request.
func TestTagsReachTheConditions(t *testing.T) {
	b := newBench(t)
	_, err := b.CreateLogGroup(b.ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "g", Tags: map[string]string{"Stage": "prod"}})
	b.ok(err)
	if v, ok := b.lastKey("aws:requesttag/stage"); !ok || v != "prod" {
		t.Errorf("aws:RequestTag/Stage = %q, %t", v, ok)
	}
	_, err = b.PutRetentionPolicy(b.ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "g", RetentionInDays: 1})
	b.ok(err)
	if v, ok := b.lastKey("aws:resourcetag/stage"); !ok || v != "prod" {
		t.Errorf("aws:ResourceTag/Stage = %q, %t", v, ok)
	}
}

// lastKey returns a condition key of the last authorization.
func (b *bench) lastKey(name string) (string, bool) {
	values, ok := b.auth.asked[len(b.auth.asked)-1].Keys.Lookup(name)
	if !ok || len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// Each operation asks for its own permission, on the resource that AWS
// documents, before it tells whether the group exists.
func TestEveryOperationIsAuthorized(t *testing.T) {
	const all, missing = "arn:aws:logs:us-west-2:111122223333:log-group::log-stream:", "arn:aws:logs:us-west-2:111122223333:log-group:none:log-stream:"
	b := newBench(t)
	ctx := b.ctx
	for _, c := range []struct {
		action, resource string
		call             func() error
	}{
		{"CreateLogGroup", missing, func() error {
			return second(b.CreateLogGroup(ctx, &logsapi.CreateLogGroupRequest{LogGroupName: "none"}))
		}},
		{"DeleteLogGroup", missing, func() error {
			return second(b.DeleteLogGroup(ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "none"}))
		}},
		{"DescribeLogGroups", all, func() error { return second(b.DescribeLogGroups(ctx, &logsapi.DescribeLogGroupsRequest{})) }},
		{"ListLogGroups", all, func() error { return second(b.ListLogGroups(ctx, &logsapi.ListLogGroupsRequest{})) }},
		{"CreateLogStream", missing + "s", func() error {
			return second(b.CreateLogStream(ctx, &logsapi.CreateLogStreamRequest{LogGroupName: "none", LogStreamName: "s"}))
		}},
		{"DeleteLogStream", missing + "s", func() error {
			return second(b.DeleteLogStream(ctx, &logsapi.DeleteLogStreamRequest{LogGroupName: "none", LogStreamName: "s"}))
		}},
		{"DescribeLogStreams", missing, func() error {
			return second(b.DescribeLogStreams(ctx, &logsapi.DescribeLogStreamsRequest{LogGroupName: ptr("none")}))
		}},
		{"GetLogEvents", missing + "s", func() error {
			return second(b.GetLogEvents(ctx, &logsapi.GetLogEventsRequest{LogGroupName: ptr("none"), LogStreamName: "s"}))
		}},
		{"FilterLogEvents", missing, func() error {
			return second(b.FilterLogEvents(ctx, &logsapi.FilterLogEventsRequest{LogGroupName: ptr("none")}))
		}},
		{"AssociateKmsKey", missing, func() error {
			return second(b.AssociateKmsKey(ctx, &logsapi.AssociateKmsKeyRequest{LogGroupName: ptr("none"), KmsKeyId: keyARN}))
		}},
		{"DisassociateKmsKey", missing, func() error {
			return second(b.DisassociateKmsKey(ctx, &logsapi.DisassociateKmsKeyRequest{LogGroupName: ptr("none")}))
		}},
		{"PutRetentionPolicy", missing, func() error {
			return second(b.PutRetentionPolicy(ctx, &logsapi.PutRetentionPolicyRequest{LogGroupName: "none", RetentionInDays: 1}))
		}},
		{"DeleteRetentionPolicy", missing, func() error {
			return second(b.DeleteRetentionPolicy(ctx, &logsapi.DeleteRetentionPolicyRequest{LogGroupName: "none"}))
		}},
		{"PutLogGroupDeletionProtection", missing, func() error {
			return second(b.PutLogGroupDeletionProtection(ctx, &logsapi.PutLogGroupDeletionProtectionRequest{LogGroupIdentifier: "none"}))
		}},
		{"TagLogGroup", missing, func() error {
			return second(b.TagLogGroup(ctx, &logsapi.TagLogGroupRequest{LogGroupName: "none", Tags: map[string]string{"a": "b"}}))
		}},
		{"UntagLogGroup", missing, func() error {
			return second(b.UntagLogGroup(ctx, &logsapi.UntagLogGroupRequest{LogGroupName: "none", Tags: []string{"a"}}))
		}},
		{"ListTagsLogGroup", missing, func() error {
			return second(b.ListTagsLogGroup(ctx, &logsapi.ListTagsLogGroupRequest{LogGroupName: "none"}))
		}},
		{"TagResource", groupARN, func() error {
			return second(b.TagResource(ctx, &logsapi.TagResourceRequest{ResourceArn: groupARN, Tags: map[string]string{"a": "b"}}))
		}},
		{"UntagResource", groupARN, func() error {
			return second(b.UntagResource(ctx, &logsapi.UntagResourceRequest{ResourceArn: groupARN, TagKeys: []string{"a"}}))
		}},
		{"ListTagsForResource", groupARN, func() error {
			return second(b.ListTagsForResource(ctx, &logsapi.ListTagsForResourceRequest{ResourceArn: groupARN}))
		}},
	} {
		b.auth.deny = map[string]bool{"logs:" + c.action: true}
		b.fails(c.call(), "AccessDeniedException", "denied logs:"+c.action)
		if got := b.auth.asked[len(b.auth.asked)-1].Resource; got != c.resource {
			t.Errorf("%s is asked on %s, want %s", c.action, got, c.resource)
		}
	}
}

func second[T any](_ T, err error) error { return err }
