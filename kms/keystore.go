package kms

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// keyStore is a custom key store: a CloudHSM cluster, or an external key
// manager behind a proxy.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-store-overview.html
type keyStore struct {
	Account string                     `cbor:"1,keyasint"`
	Region  string                     `cbor:"2,keyasint"`
	ID      string                     `cbor:"3,keyasint"`
	Name    string                     `cbor:"4,keyasint"`
	Kind    kmsapi.CustomKeyStoreType  `cbor:"5,keyasint"`
	Created time.Time                  `cbor:"6,keyasint"`
	Target  kmsapi.ConnectionStateType `cbor:"7,keyasint"` // CONNECTED, FAILED or DISCONNECTED
	// Until is when the target is reached.
	Until   time.Time                      `cbor:"8,keyasint,omitzero"`
	Failure kmsapi.ConnectionErrorCodeType `cbor:"9,keyasint,omitempty"` // with target FAILED
	Cluster *clusterLink                   `cbor:"10,keyasint,omitempty"`
	Proxy   *proxyLink                     `cbor:"11,keyasint,omitempty"`
}

// clusterLink is what a CloudHSM key store knows of its cluster.
type clusterLink struct {
	ID       string `cbor:"1,keyasint"`
	Anchor   string `cbor:"2,keyasint"` // trust anchor certificate
	Password []byte `cbor:"3,keyasint"` // of kmsuser, sealed
	History  string `cbor:"4,keyasint"` // what clusters of one backup history share
}

var (
	// keyStores: account, region, key store id.
	keyStores = storage.NewTable[keyStore]("kms.keystore")
	// storedKeys: account, region, key store id, key id.
	storedKeys = storage.NewTable[struct{}]("kms.keystore.key")
	// externalKeys: account, region, key store id, external key id. The value
	// is the id of the KMS key.
	externalKeys = storage.NewTable[string]("kms.keystore.external")
)

const (
	cloudHSM      = kmsapi.CustomKeyStoreTypeAwsCloudhsm
	externalStore = kmsapi.CustomKeyStoreTypeExternalKeyStore

	connected    = kmsapi.ConnectionStateTypeConnected
	disconnected = kmsapi.ConnectionStateTypeDisconnected
	failed       = kmsapi.ConnectionStateTypeFailed
)

func (st *keyStore) place() storage.Key { return storage.K(st.Account, st.Region, st.ID) }

// label binds a sealed secret to its key store.
func (st *keyStore) label() string { return "kms.keystore " + st.place().String() }

// state is the connection state at an instant.
func (st *keyStore) state(now time.Time) kmsapi.ConnectionStateType {
	switch {
	case !now.Before(st.Until):
		return st.Target
	case st.Target == disconnected:
		return kmsapi.ConnectionStateTypeDisconnecting
	}
	return kmsapi.ConnectionStateTypeConnecting
}

// newStoreID is "cks-" and 17 hexadecimal digits.
func newStoreID() string {
	var b [9]byte
	rand.Read(b[:]) // documented never to fail
	return "cks-" + hex.EncodeToString(b[:])[:17]
}

// CreateCustomKeyStore makes a custom key store, not yet connected. What is
// behind it is held against its requirements first.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateCustomKeyStore.html
func (s *Service) CreateCustomKeyStore(ctx context.Context, in *kmsapi.CreateCustomKeyStoreRequest) (*kmsapi.CreateCustomKeyStoreResponse, error) {
	if err := checkStore(in); err != nil {
		return nil, err
	}
	if err := s.allowIAM(ctx, on(ctx, "CreateCustomKeyStore").inAccount(), "*"); err != nil {
		return nil, err
	}
	if in.CloudHsmClusterId != nil {
		if err := s.allowClusters(ctx); err != nil {
			return nil, err
		}
	}
	st := s.draftStore(api.CallerOf(ctx), in)
	admit := func(tx storage.Tx) error { return s.admitStore(tx, st, value(in.TrustAnchorCertificate)) }
	if err := s.see(ctx, admit); err != nil {
		return nil, err
	}
	if err := s.probe(ctx, st, "CreateCustomKeyStore"); err != nil {
		return nil, managementFault(err)
	}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if err := admit(tx); err != nil {
			return err
		}
		return keyStores.Put(tx, st.place(), *st)
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.CreateCustomKeyStoreResponse{CustomKeyStoreId: &st.ID}, nil
}

// see runs fn in a View.
func (s *Service) see(ctx context.Context, fn func(storage.Tx) error) error {
	return s.store.View(ctx, func(_ context.Context, tx storage.Tx) error { return fn(tx) })
}

// draftStore is the key store that the request asks for.
func (s *Service) draftStore(c *api.Caller, in *kmsapi.CreateCustomKeyStoreRequest) *keyStore {
	st := &keyStore{
		Account: c.Account, Region: c.Region, ID: newStoreID(), Name: in.CustomKeyStoreName, Created: s.clock.Now(),
		Kind: or(in.CustomKeyStoreType, cloudHSM), Target: disconnected,
	}
	if st.Kind == cloudHSM {
		st.Cluster = &clusterLink{
			ID: *in.CloudHsmClusterId, Anchor: *in.TrustAnchorCertificate, Password: s.root.Seal(st.label(), []byte(*in.KeyStorePassword)),
		}
		return st
	}
	st.Proxy = &proxyLink{
		Connectivity: *in.XksProxyConnectivity, Endpoint: *in.XksProxyUriEndpoint, Path: *in.XksProxyUriPath,
		AccessKeyID: in.XksProxyAuthenticationCredential.AccessKeyId, Service: value(in.XksProxyVpcEndpointServiceName),
		Secret: s.root.Seal(st.label(), []byte(in.XksProxyAuthenticationCredential.RawSecretAccessKey)),
	}
	if st.Proxy.Service != "" {
		st.Proxy.Owner = or(in.XksProxyVpcEndpointServiceOwner, c.Account)
	}
	return st
}

// checkStore holds the parameters of a new key store against its type.
func checkStore(in *kmsapi.CreateCustomKeyStoreRequest) error {
	if or(in.CustomKeyStoreType, cloudHSM) == cloudHSM {
		switch {
		case in.CloudHsmClusterId == nil:
			return missing("cloudHsmClusterId")
		case in.TrustAnchorCertificate == nil:
			return missing("trustAnchorCertificate")
		case in.KeyStorePassword == nil:
			return missing("keyStorePassword")
		case in.XksProxyConnectivity != nil, in.XksProxyUriEndpoint != nil, in.XksProxyUriPath != nil, in.XksProxyAuthenticationCredential != nil,
			in.XksProxyVpcEndpointServiceName != nil, in.XksProxyVpcEndpointServiceOwner != nil:
			return otherKind(cloudHSM)
		}
		return nil
	}
	switch {
	case in.CloudHsmClusterId != nil, in.TrustAnchorCertificate != nil, in.KeyStorePassword != nil:
		return otherKind(externalStore)
	case in.XksProxyConnectivity == nil:
		return missing("xksProxyConnectivity")
	case in.XksProxyUriEndpoint == nil:
		return missing("xksProxyUriEndpoint")
	case in.XksProxyUriPath == nil:
		return missing("xksProxyUriPath")
	case in.XksProxyAuthenticationCredential == nil:
		return missing("xksProxyAuthenticationCredential")
	}
	return checkConnectivity(*in.XksProxyConnectivity, value(in.XksProxyVpcEndpointServiceName))
}

// admitStore holds a new or changed key store against the others of the
// Region, the quota and, with an anchor, the requirements of its cluster.
func (s *Service) admitStore(tx storage.Tx, st *keyStore, anchor string) error {
	count := 0
	for row, err := range keyStores.Scan(tx, storage.Range{}) {
		if err != nil {
			return err
		}
		other := &row.Value
		if other.Region != st.Region || other.ID == st.ID {
			continue
		}
		if other.Account == st.Account {
			count++
		}
		if err := st.conflict(other); err != nil {
			return err
		}
	}
	if count >= s.quotas.KeyStores && isNew(st, tx) {
		return storeLimit(s.quotas.KeyStores, count)
	}
	if st.Kind == cloudHSM && anchor != "" {
		return s.admitCluster(tx, st, anchor)
	}
	return s.admitService(tx, st)
}

// isNew says that the key store is not stored yet.
func isNew(st *keyStore, tx storage.Tx) bool {
	there, err := keyStores.Has(tx, st.place())
	return err == nil && !there
}

// conflict refuses what two key stores can't share.
func (st *keyStore) conflict(other *keyStore) error {
	if other.Account == st.Account && other.Name == st.Name {
		return storeNameInUse()
	}
	if other.Proxy == nil || st.Proxy == nil {
		return nil
	}
	return st.Proxy.conflict(other.Proxy, other.Account == st.Account)
}

// storeOf finds a key store of the caller.
func (s *Service) storeOf(tx storage.Tx, c *api.Caller, id string) (*keyStore, error) {
	st, err := keyStores.Get(tx, storage.K(c.Account, c.Region, id))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, storeNotFound()
	}
	return &st, err
}

// openStore authorizes the caller and finds its key store.
func (s *Service) openStore(ctx context.Context, action, id string) (st *keyStore, err error) {
	if err := s.allowIAM(ctx, on(ctx, action).inAccount(), "*"); err != nil {
		return nil, err
	}
	err = s.see(ctx, func(tx storage.Tx) (err error) {
		st, err = s.storeOf(tx, api.CallerOf(ctx), id)
		return err
	})
	return st, err
}

// changeStore reads a key store again inside a write transaction and stores
// what fn made of it.
func (s *Service) changeStore(ctx context.Context, was *keyStore, fn func(storage.Tx, *keyStore) error) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		st, err := keyStores.Get(tx, was.place())
		if errors.Is(err, storage.ErrNotFound) {
			return storeNotFound()
		}
		if err != nil {
			return err
		}
		if err := fn(tx, &st); err != nil {
			return err
		}
		return keyStores.Put(tx, st.place(), st)
	})
}

// DeleteCustomKeyStore removes a key store that has no keys and is not
// connected. What was behind it stays as it is.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteCustomKeyStore.html
func (s *Service) DeleteCustomKeyStore(ctx context.Context, in *kmsapi.DeleteCustomKeyStoreRequest) (*kmsapi.DeleteCustomKeyStoreResponse, error) {
	st, err := s.openStore(ctx, "DeleteCustomKeyStore", in.CustomKeyStoreId)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for _, err := range storedKeys.Keys(tx, storage.Range{Prefix: st.place()}) {
			if err != nil {
				return err
			}
			return storeHasKeys()
		}
		now, err := keyStores.Get(tx, st.place())
		if errors.Is(err, storage.ErrNotFound) {
			return storeNotFound()
		}
		if err != nil {
			return err
		}
		if state := now.state(s.clock.Now()); state != disconnected {
			return storeState(st.ID, state)
		}
		return keyStores.Delete(tx, st.place())
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.DeleteCustomKeyStoreResponse{}, nil
}

// DescribeCustomKeyStores lists the key stores of the caller's account and
// Region, or describes one.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeCustomKeyStores.html
//
// Unverified: that only one of id and name may be given, and the order of the
// list.
func (s *Service) DescribeCustomKeyStores(ctx context.Context, in *kmsapi.DescribeCustomKeyStoresRequest) (*kmsapi.DescribeCustomKeyStoresResponse, error) {
	if in.CustomKeyStoreId != nil && in.CustomKeyStoreName != nil {
		return nil, notBoth("CustomKeyStoreId", "CustomKeyStoreName")
	}
	if err := s.allowIAM(ctx, on(ctx, "DescribeCustomKeyStores").inAccount(), "*"); err != nil {
		return nil, err
	}
	c := api.CallerOf(ctx)
	only := value(in.CustomKeyStoreId) + value(in.CustomKeyStoreName)
	p := page[kmsapi.CustomKeyStoresListEntry]{list: "DescribeCustomKeyStores " + c.Account + " " + only, size: or(in.Limit, 100), most: 1000}
	err := scan(ctx, s, &p, in.Marker, keyStores, storage.K(c.Account, c.Region), func(_ storage.Tx, at storage.Key, st keyStore) error {
		if (in.CustomKeyStoreId == nil || st.ID == only) && (in.CustomKeyStoreName == nil || st.Name == only) {
			p.add(at, st.entry(p.now))
		}
		return nil
	})
	if err == nil && only != "" && len(p.items) == 0 && in.Marker == nil {
		err = storeNotFound()
	}
	if err != nil {
		return nil, err
	}
	return &kmsapi.DescribeCustomKeyStoresResponse{CustomKeyStores: p.items, NextMarker: p.next, Truncated: new(p.next != nil)}, nil
}

// entry is a key store as KMS describes it: without its secrets.
func (st *keyStore) entry(now time.Time) kmsapi.CustomKeyStoresListEntry {
	e := kmsapi.CustomKeyStoresListEntry{
		CustomKeyStoreId: &st.ID, CustomKeyStoreName: &st.Name, CustomKeyStoreType: &st.Kind, CreationDate: &st.Created,
		ConnectionState: new(st.state(now)),
	}
	if *e.ConnectionState == failed {
		e.ConnectionErrorCode = &st.Failure
	}
	if st.Cluster != nil {
		e.CloudHsmClusterId, e.TrustAnchorCertificate = &st.Cluster.ID, &st.Cluster.Anchor
	}
	if p := st.Proxy; p != nil {
		e.XksProxyConfiguration = &kmsapi.XksProxyConfigurationType{
			Connectivity: &p.Connectivity, AccessKeyId: &p.AccessKeyID, UriEndpoint: &p.Endpoint, UriPath: &p.Path,
		}
		if p.Service != "" {
			e.XksProxyConfiguration.VpcEndpointServiceName, e.XksProxyConfiguration.VpcEndpointServiceOwner = &p.Service, &p.Owner
		}
	}
	return e
}

// secretOf opens a secret of a key store.
func (s *Service) secretOf(st *keyStore, sealed []byte) (string, error) {
	plain, err := s.root.Open(st.label(), sealed)
	if err != nil {
		return "", fmt.Errorf("kms: secret of %s: %w", st.ID, err)
	}
	defer clear(plain)
	return string(plain), nil
}
