package kms

import (
	"errors"

	"sealstack/policy"
	"sealstack/storage"
)

// Quotas are the numbers of resources that KMS allows; AWS raises all but the
// on-demand rotations on request. Zero stands for AWS's default.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
type Quotas struct {
	Keys              int // customer managed keys in an account and Region
	Aliases           int // of one key
	Grants            int // on one key
	KeyStores         int // custom key stores in an account and Region
	OnDemandRotations int // of one key
	PolicyBytes       int // of a key policy document
}

// The defaults of what belongs to one key.
const (
	defaultAliases = 50
	defaultGrants  = 50_000
)

// filled has AWS's defaults in place of zeros.
func (q Quotas) filled() Quotas {
	for at, def := range map[*int]int{
		&q.Keys: 100_000, &q.Aliases: defaultAliases, &q.Grants: defaultGrants, &q.KeyStores: 10, &q.OnDemandRotations: maxOnDemand, &q.PolicyBytes: policy.MaxKeyPolicyBytes,
	} {
		if *at == 0 {
			*at = def
		}
	}
	return q
}

// keyCounts: account, region. How many customer managed keys there are; no
// row where nobody has counted yet.
var keyCounts = storage.NewTable[int]("kms.keycount")

// countKey changes the count of customer managed keys by one. One more is
// refused beyond the quota.
func (s *Service) countKey(tx storage.Tx, r *record, by int) error {
	if r.Managed {
		return nil
	}
	at := storage.K(r.Account, r.Region)
	n, err := keyCounts.Get(tx, at)
	if errors.Is(err, storage.ErrNotFound) {
		n, err = countKeys(tx, at)
	}
	if err != nil {
		return err
	}
	if by > 0 && n >= s.quotas.Keys {
		return keyLimit(s.quotas.Keys, n)
	}
	return keyCounts.Put(tx, at, n+by)
}

// countKeys counts what an earlier version has stored.
func countKeys(tx storage.Tx, at storage.Key) (n int, err error) {
	for row, err := range keys.Scan(tx, storage.Range{Prefix: at}) {
		if err != nil {
			return 0, err
		}
		if !row.Value.Managed {
			n++
		}
	}
	return n, nil
}
