package cloudtrail

import (
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/api/iamapi"
	"sealstack/clock"
)

func TestFullQueueMakesCallersWaitAndLosesNothing(t *testing.T) {
	gate, written := make(chan struct{}), 0
	q := newQueue(clock.Fixed(start), func(batch []item) error {
		<-gate
		written += len(batch)
		return nil
	})
	const more = 100
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range maxQueue + maxBatch + more {
			q.put(item{record: &record{}})
		}
	}()
	select {
	case <-done:
		t.Error("the queue has no bound")
	case <-time.After(200 * time.Millisecond):
	}
	close(gate)
	<-done
	if err := q.close(); err != nil || written != maxQueue+maxBatch+more {
		t.Errorf("%d are written, %v", written, err)
	}
}

func TestNumbersAreUniqueAndNotBeforeTheirTime(t *testing.T) {
	var seen []uint64
	q := newQueue(clock.Fixed(start), func(batch []item) error {
		for _, i := range batch {
			seen = append(seen, i.sequence)
		}
		return nil
	})
	for range 1000 {
		q.put(item{record: &record{}})
	}
	if err := q.close(); err != nil {
		t.Fatal(err)
	}
	for i, n := range seen {
		if n != uint64(start.UnixNano())+uint64(i) {
			t.Fatalf("number %d is %d", i, n)
		}
	}
}

func TestGlobalEventsGoWhereTheyAreWanted(t *testing.T) {
	b := newBench(t)
	b.trail("with")
	b.trail("without", func(in *cloudtrailapi.CreateTrailRequest) {
		in.S3BucketName, in.IncludeGlobalServiceEvents = "other-bucket", new(false)
	})
	b.Record(b.ctx, api.Call{Service: iamapi.Service, Operation: iamapi.OpListUsers.Operation, In: &iamapi.ListUsersRequest{}, Out: &iamapi.ListUsersResponse{}})
	b.advance(5 * time.Minute)
	if files := b.s3.files("/CloudTrail/"); len(files) != 1 || files[0][:len(bucket)] != bucket {
		t.Errorf("files are %v", files)
	}
}
