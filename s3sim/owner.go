package s3sim

import (
	"context"

	"sealstack/storage"
)

// Place returns the account and the Region of a bucket, both "" if there is
// none of that name. It decides nothing: it is for whoever records calls.
func (s *Service) Place(partition, name string) (account, region string) {
	var r bucketRecord
	err := s.store.View(context.Background(), func(_ context.Context, tx storage.Tx) (err error) {
		r, err = buckets.Get(tx, bucketAt(partition, name))
		return err
	})
	if err != nil {
		return "", "" // a store that fails here fails whoever uses it next
	}
	return r.Account, r.Region
}
