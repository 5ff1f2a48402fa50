package kms

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// Cluster is a simulated CloudHSM cluster. There is no AWS CloudHSM here:
// whoever wants a CloudHSM key store declares the cluster behind it, with
// whatever is wrong with it. Key material stays in KMS.
type Cluster struct {
	Account string `json:"account" cbor:"1,keyasint"`
	Region  string `json:"region" cbor:"2,keyasint"`
	ID      string `json:"id" cbor:"3,keyasint"` // "cluster-" and 11 to 16 letters and digits 2 to 7
	// TrustAnchor is the content of customerCA.crt.
	TrustAnchor string `json:"trustAnchor" cbor:"4,keyasint"`
	// Password of the crypto user kmsuser; it is not told again.
	Password string `json:"password,omitempty" cbor:"-"`
	// HSMs is how many are active, 2 unless it is given.
	HSMs *int `json:"hsms,omitempty" cbor:"5,keyasint,omitempty"`
	// History is shared by clusters made of one backup; the id unless given.
	History string `json:"history,omitempty" cbor:"6,keyasint,omitempty"`
	// Inactive: not initialized and activated.
	Inactive bool `json:"inactive,omitempty" cbor:"7,keyasint,omitempty"`
	// Misconfigured says what is wrong with subnets or the security group.
	Misconfigured string `json:"misconfigured,omitempty" cbor:"8,keyasint,omitempty"`
	// ConnectionError is the ConnectionErrorCode with which connecting fails.
	ConnectionError string `json:"connectionError,omitempty" cbor:"9,keyasint,omitempty"`

	Sealed   []byte `json:"-" cbor:"10,keyasint"`           // the password
	Attempts int    `json:"-" cbor:"11,keyasint,omitempty"` // with a wrong password, one after the other
}

// clusters: account, region, cluster id.
var clusters = storage.NewTable[Cluster]("kms.cluster")

// lockout is how many wrong passwords lock kmsuser out.
// https://docs.aws.amazon.com/kms/latest/developerguide/fix-keystore.html
const lockout = 5

func (c *Cluster) place() storage.Key { return storage.K(c.Account, c.Region, c.ID) }

func (c *Cluster) label() string { return "kms.cluster " + c.place().String() }

func (c *Cluster) hsms() int { return or(c.HSMs, 2) }

var (
	clusterPattern = regexp.MustCompile(`^cluster-[2-7a-zA-Z]{11,16}$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

// check says what keeps c from being a cluster.
func (c *Cluster) check() error {
	switch {
	case !accountPattern.MatchString(c.Account):
		return fmt.Errorf("account %q is not 12 digits", c.Account)
	case c.Region == "":
		return errors.New("a cluster needs a region")
	case !clusterPattern.MatchString(c.ID):
		return fmt.Errorf("id %q is not cluster- and 11 to 16 letters or digits from 2 to 7", c.ID)
	case c.TrustAnchor == "" || c.Password == "":
		return errors.New("a cluster needs a trustAnchor and a password")
	case c.hsms() < 0:
		return errors.New("hsms is negative")
	case c.ConnectionError != "" && !slices.Contains(kmsapi.Service.Shapes["ConnectionErrorCodeType"].Enum, c.ConnectionError):
		return fmt.Errorf("connectionError %q is no ConnectionErrorCode", c.ConnectionError)
	}
	return nil
}

// PutCluster declares a simulated CloudHSM cluster, or replaces it: kmsuser is
// then no longer locked out. The error says what is wrong with it.
func (s *Service) PutCluster(ctx context.Context, c Cluster) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.History == "" {
		c.History = c.ID
	}
	c.Sealed, c.Attempts = s.root.Seal(c.label(), []byte(c.Password)), 0
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return clusters.Put(tx, c.place(), c) })
}

// DeleteCluster removes a simulated cluster; nothing if there is none.
func (s *Service) DeleteCluster(ctx context.Context, account, region, id string) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return clusters.Delete(tx, storage.K(account, region, id))
	})
}

// Clusters lists the simulated clusters, without passwords.
func (s *Service) Clusters(ctx context.Context) (list []Cluster, err error) {
	err = s.see(ctx, func(tx storage.Tx) error {
		list = []Cluster{}
		for row, err := range clusters.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			list = append(list, row.Value)
		}
		return nil
	})
	return list, err
}

// clusterOf reads the cluster of a key store; nil if it does not exist.
func clusterOf(tx storage.Tx, st *keyStore) (*Cluster, error) {
	c, err := clusters.Get(tx, storage.K(st.Account, st.Region, st.Cluster.ID))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return &c, err
}

// fit finds a cluster that can stand behind a key store, with that many HSMs.
func fit(tx storage.Tx, st *keyStore, hsms int) (*Cluster, error) {
	c, err := clusterOf(tx, st)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return nil, clusterNotFound(st.Cluster.ID)
	case c.Inactive:
		return nil, clusterNotActive(st.Cluster.ID)
	case c.Misconfigured != "":
		return nil, clusterMisconfigured(c.Misconfigured)
	case c.hsms() < hsms:
		return nil, tooFewHSMs(hsms, c.hsms())
	}
	return c, nil
}

// twoHSMs is what all but connecting needs.
// https://docs.aws.amazon.com/kms/latest/developerguide/create-keystore.html#before-keystore
const twoHSMs = 2

// admitCluster holds the cluster of a new key store against its requirements.
func (s *Service) admitCluster(tx storage.Tx, st *keyStore, anchor string) error {
	c, err := fit(tx, st, twoHSMs)
	if err != nil {
		return err
	}
	st.Cluster.History = c.History
	for row, err := range keyStores.Scan(tx, storage.Range{Prefix: storage.K(st.Account, st.Region)}) {
		if err != nil {
			return err
		}
		if other := row.Value.Cluster; other != nil && row.Value.ID != st.ID && other.History == c.History {
			return clusterInUse(c.ID)
		}
	}
	if strings.TrimSpace(anchor) != strings.TrimSpace(c.TrustAnchor) {
		return incorrectTrustAnchor()
	}
	return nil
}

// relatedCluster holds the cluster that is to replace a key store's against
// the one it replaces: only one of the same backups has its keys.
func (s *Service) relatedCluster(tx storage.Tx, st *keyStore) error {
	c, err := fit(tx, st, twoHSMs)
	if err == nil && c.History != st.Cluster.History {
		err = clusterNotRelated(c.ID)
	}
	return err
}

// tryCluster logs into the cluster of a key store. What is easily seen is an
// error at once; the rest is told by the code.
//
// Unverified: which failures are errors at once.
func (s *Service) tryCluster(tx storage.Tx, st *keyStore) (kmsapi.ConnectionErrorCodeType, error) {
	c, err := clusterOf(tx, st)
	switch {
	case err != nil:
		return "", err
	case c == nil:
		return kmsapi.ConnectionErrorCodeTypeClusterNotFound, nil
	case c.Inactive:
		return "", clusterNotActive(c.ID)
	case c.Misconfigured != "":
		return "", clusterMisconfigured(c.Misconfigured)
	case c.hsms() == 0:
		return kmsapi.ConnectionErrorCodeTypeInsufficientCloudhsmHsms, nil
	case c.ConnectionError != "":
		return kmsapi.ConnectionErrorCodeType(c.ConnectionError), nil
	case c.Attempts >= lockout:
		return kmsapi.ConnectionErrorCodeTypeUserLockedOut, nil
	}
	return s.login(tx, st, c)
}

// login compares the passwords that key store and cluster have of kmsuser.
func (s *Service) login(tx storage.Tx, st *keyStore, c *Cluster) (kmsapi.ConnectionErrorCodeType, error) {
	mine, err := s.secretOf(st, st.Cluster.Password)
	if err != nil {
		return "", err
	}
	its, err := s.root.Open(c.label(), c.Sealed)
	if err != nil {
		return "", fmt.Errorf("kms: password of %s: %w", c.ID, err)
	}
	defer clear(its)
	if subtle.ConstantTimeCompare([]byte(mine), its) == 1 {
		c.Attempts = 0
		return "", clusters.Put(tx, c.place(), *c)
	}
	c.Attempts++
	return kmsapi.ConnectionErrorCodeTypeInvalidCredentials, clusters.Put(tx, c.place(), *c)
}

// allowClusters asks for the permission that whoever names a cluster needs
// besides KMS's own.
// https://docs.aws.amazon.com/kms/latest/developerguide/authorize-key-store.html
//
// Unverified: that the denial names this action.
func (s *Service) allowClusters(ctx context.Context) error {
	r := on(ctx, "").inAccount()
	r.action = "cloudhsm:DescribeClusters"
	return s.allowIAM(ctx, r, "*")
}

// inReach says whether the cluster of a connected key store can work.
func (s *Service) inReach(ctx context.Context, k *key) error {
	if k.Origin != kmsapi.OriginTypeAwsCloudhsm {
		return nil
	}
	return s.see(ctx, func(tx storage.Tx) error {
		c, err := clusterOf(tx, k.store)
		if err == nil && (c == nil || c.Inactive || c.hsms() == 0) {
			err = clusterOutOfReach(k.arn())
		}
		return err
	})
}
