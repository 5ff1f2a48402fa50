package logs

import (
	"maps"
	"testing"

	"sealstack/api/logsapi"
)

// taggedAtCreation makes a resource of each kind with the tag made=yes, and
// gives their ARNs.
func taggedAtCreation(t *testing.T) (*bench, []string) {
	b, _ := subscribed(t, "")
	made := map[string]string{"made": "yes"}
	table, err := b.CreateLookupTable(b.ctx, &logsapi.CreateLookupTableRequest{LookupTableName: "users", TableBody: ptr(users), Tags: made})
	b.ok(err)
	detector, err := b.CreateLogAnomalyDetector(b.ctx, &logsapi.CreateLogAnomalyDetectorRequest{LogGroupArnList: []string{tailedARN}, Tags: made})
	b.ok(err)
	in := schedule()
	in.Tags = made
	query, err := b.CreateScheduledQuery(b.ctx, in)
	b.ok(err)
	to, err := b.PutDestination(b.ctx, &logsapi.PutDestinationRequest{DestinationName: "d", TargetArn: kinesis, RoleArn: roleARN, Tags: made})
	b.ok(err)
	source, err := b.PutDeliverySource(b.ctx, &logsapi.PutDeliverySourceRequest{Name: "s", ResourceArn: distribution, LogType: "ACCESS_LOGS", Tags: made})
	b.ok(err)
	sink := destinationTo("arn:aws:s3:::bucket")
	sink.Tags = made
	bucket, err := b.PutDeliveryDestination(b.ctx, sink)
	b.ok(err)
	delivery, err := b.deliver(*bucket.DeliveryDestination.Arn, func(in *logsapi.CreateDeliveryRequest) { in.Tags = made })
	b.ok(err)
	return b, []string{
		*table.LookupTableArn, *detector.AnomalyDetectorArn, *query.ScheduledQueryArn, *to.Destination.Arn,
		*source.DeliverySource.Arn, *bucket.DeliveryDestination.Arn, *delivery.Arn,
	}
}

// hasTags checks what ListTagsForResource gives.
func (b *bench) hasTags(resource string, want map[string]string) {
	b.t.Helper()
	out, err := b.ListTagsForResource(b.ctx, &logsapi.ListTagsForResourceRequest{ResourceArn: resource})
	b.ok(err)
	if !maps.Equal(out.Tags, want) || out.Tags == nil {
		b.t.Errorf("%s has the tags %v, want %v", resource, out.Tags, want)
	}
}

func TestResourcesBesideGroupsAreTagged(t *testing.T) {
	b, all := taggedAtCreation(t)
	for _, name := range all {
		b.hasTags(name, map[string]string{"made": "yes"})
		_, err := b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: name, Tags: map[string]string{"made": "again", "more": "1"}})
		b.ok(err)
		b.hasTags(name, map[string]string{"made": "again", "more": "1"})
		_, err = b.UntagResource(b.ctx, &logsapi.UntagResourceRequest{ResourceArn: name, TagKeys: []string{"made", "none"}})
		b.ok(err)
		b.hasTags(name, map[string]string{"more": "1"})
		_, err = b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: name, Tags: manyTags(maxTags)})
		if codeOf(err) != "TooManyTagsException" {
			t.Errorf("51 tags of %s: %v", name, err)
		}
		b.hasTags(name, map[string]string{"more": "1"})
	}
}

func manyTags(n int) map[string]string {
	tags := map[string]string{}
	for i := range n {
		tags[string(rune('A'+i))] = "v"
	}
	return tags
}

func TestTagsOfOtherResourcesReachTheConditions(t *testing.T) {
	b, all := taggedAtCreation(t)
	for _, name := range all {
		for action, call := range tagCalls(b, name) {
			b.ok(call())
			asked := b.auth.asked[len(b.auth.asked)-1]
			if v, _ := asked.Keys.Lookup("aws:resourcetag/made"); asked.Action != "logs:"+action || asked.Resource != name || len(v) != 1 || v[0] != "yes" {
				t.Errorf("%s asks for %s on %s with %v, want %s", action, asked.Action, asked.Resource, v, name)
			}
		}
	}
}

// tagCalls are the operations, which leave the tag made as it is.
func tagCalls(b *bench, name string) map[string]func() error {
	return map[string]func() error{
		"TagResource": func() error {
			return second(b.TagResource(b.ctx, &logsapi.TagResourceRequest{ResourceArn: name, Tags: map[string]string{"a": "b"}}))
		},
		"UntagResource": func() error {
			return second(b.UntagResource(b.ctx, &logsapi.UntagResourceRequest{ResourceArn: name, TagKeys: []string{"a"}}))
		},
		"ListTagsForResource": func() error {
			return second(b.ListTagsForResource(b.ctx, &logsapi.ListTagsForResourceRequest{ResourceArn: name}))
		},
	}
}

func TestTagsOfWhatIsNotThereAreRefused(t *testing.T) {
	b := newBench(t)
	for kind := range otherTags {
		name := "arn:aws:logs:us-west-2:111122223333:" + kind + ":none"
		for action, call := range tagCalls(b, name) {
			if err := call(); codeOf(err) != "ResourceNotFoundException" {
				t.Errorf("%s of a %s that is not there: %v", action, kind, err)
			}
			b.auth.deny = map[string]bool{"logs:" + action: true}
			b.fails(call(), "AccessDeniedException", "denied logs:"+action)
			b.auth.deny = nil
		}
	}
}

func TestADestinationKeepsItsTagsWhenItGetsAnotherTarget(t *testing.T) {
	b, _ := taggedAtCreation(t)
	out, err := b.PutDestination(b.ctx, &logsapi.PutDestinationRequest{DestinationName: "d", TargetArn: firehose, RoleArn: roleARN})
	b.ok(err)
	b.hasTags(*out.Destination.Arn, map[string]string{"made": "yes"})
}
