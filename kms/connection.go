package kms

import (
	"context"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/storage"
)

// ConnectCustomKeyStore begins to connect a key store to what is behind it.
// Whether that succeeds, DescribeCustomKeyStores tells later.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ConnectCustomKeyStore.html
//
// Unverified: that a key store that is connected or about to be stays as it
// is.
func (s *Service) ConnectCustomKeyStore(ctx context.Context, in *kmsapi.ConnectCustomKeyStoreRequest) (*kmsapi.ConnectCustomKeyStoreResponse, error) {
	st, err := s.openStore(ctx, "ConnectCustomKeyStore", in.CustomKeyStoreId)
	if err != nil {
		return nil, err
	}
	done := &kmsapi.ConnectCustomKeyStoreResponse{}
	switch state := st.state(s.clock.Now()); state {
	case failed, kmsapi.ConnectionStateTypeDisconnecting:
		return nil, storeState(st.ID, state)
	case disconnected:
	default:
		return done, nil
	}
	var failure kmsapi.ConnectionErrorCodeType
	if st.Kind == externalStore {
		failure = s.tryProxy(ctx, st)
	}
	err = s.changeStore(ctx, st, func(tx storage.Tx, st *keyStore) error {
		if state := st.state(s.clock.Now()); state != disconnected {
			return storeState(st.ID, state)
		}
		if st.Kind == cloudHSM {
			if failure, err = s.tryCluster(tx, st); err != nil {
				return err
			}
		}
		st.aim(connected, s.clock.Now().Add(s.storeDelay))
		if failure != "" {
			st.Target, st.Failure = failed, failure
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// DisconnectCustomKeyStore makes the keys of a key store unavailable, until it
// is connected again.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DisconnectCustomKeyStore.html
func (s *Service) DisconnectCustomKeyStore(ctx context.Context, in *kmsapi.DisconnectCustomKeyStoreRequest) (*kmsapi.DisconnectCustomKeyStoreResponse, error) {
	st, err := s.openStore(ctx, "DisconnectCustomKeyStore", in.CustomKeyStoreId)
	if err != nil {
		return nil, err
	}
	err = s.changeStore(ctx, st, func(_ storage.Tx, st *keyStore) error {
		now := s.clock.Now()
		if state := st.state(now); state == disconnected || state == kmsapi.ConnectionStateTypeDisconnecting {
			return storeState(st.ID, state)
		}
		st.aim(disconnected, now.Add(s.storeDelay))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &kmsapi.DisconnectCustomKeyStoreResponse{}, nil
}

// UpdateCustomKeyStore changes a key store. What matters to its connection
// can change only while there is none.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdateCustomKeyStore.html
func (s *Service) UpdateCustomKeyStore(ctx context.Context, in *kmsapi.UpdateCustomKeyStoreRequest) (*kmsapi.UpdateCustomKeyStoreResponse, error) {
	st, err := s.openStore(ctx, "UpdateCustomKeyStore", in.CustomKeyStoreId)
	if err != nil {
		return nil, err
	}
	if err := st.takes(in); err != nil {
		return nil, err
	}
	if in.CloudHsmClusterId != nil {
		if err := s.allowClusters(ctx); err != nil {
			return nil, err
		}
	}
	change := func(tx storage.Tx, st *keyStore) error {
		state := st.state(s.clock.Now())
		if state != disconnected && (state != connected || !whileConnected(in)) {
			return storeState(st.ID, state)
		}
		if err := s.amend(st, in); err != nil {
			return err
		}
		if in.CloudHsmClusterId != nil {
			if err := s.relatedCluster(tx, st); err != nil {
				return err
			}
		}
		return s.admitStore(tx, st, "")
	}
	if err := s.see(ctx, func(tx storage.Tx) error { return change(tx, st) }); err != nil {
		return nil, err
	}
	if in.XksProxyUriPath != nil || in.XksProxyAuthenticationCredential != nil || in.XksProxyUriEndpoint != nil || in.XksProxyConnectivity != nil {
		if err := s.probe(ctx, st, "UpdateCustomKeyStore"); err != nil {
			return nil, managementFault(err)
		}
	}
	if err := s.changeStore(ctx, st, change); err != nil {
		return nil, err
	}
	return &kmsapi.UpdateCustomKeyStoreResponse{}, nil
}

// whileConnected says that the change may be made to a connected key store.
func whileConnected(in *kmsapi.UpdateCustomKeyStoreRequest) bool {
	return in.KeyStorePassword == nil && in.CloudHsmClusterId == nil && in.XksProxyUriEndpoint == nil && in.XksProxyConnectivity == nil &&
		in.XksProxyVpcEndpointServiceName == nil && in.XksProxyVpcEndpointServiceOwner == nil
}

// takes refuses changes that are for the other type of key store.
func (st *keyStore) takes(in *kmsapi.UpdateCustomKeyStoreRequest) error {
	ofCluster := in.KeyStorePassword != nil || in.CloudHsmClusterId != nil
	ofProxy := in.XksProxyUriEndpoint != nil || in.XksProxyUriPath != nil || in.XksProxyConnectivity != nil ||
		in.XksProxyAuthenticationCredential != nil || in.XksProxyVpcEndpointServiceName != nil || in.XksProxyVpcEndpointServiceOwner != nil
	if st.Kind == cloudHSM && ofProxy || st.Kind == externalStore && ofCluster {
		return otherKind(st.Kind)
	}
	return nil
}

// amend makes the changes.
func (s *Service) amend(st *keyStore, in *kmsapi.UpdateCustomKeyStoreRequest) error {
	st.Name = or(in.NewCustomKeyStoreName, st.Name)
	if st.Kind == cloudHSM {
		link := *st.Cluster
		link.ID = or(in.CloudHsmClusterId, link.ID)
		if in.KeyStorePassword != nil {
			link.Password = s.root.Seal(st.label(), []byte(*in.KeyStorePassword))
		}
		st.Cluster = &link
		return nil
	}
	link := *st.Proxy
	link.Endpoint, link.Path = or(in.XksProxyUriEndpoint, link.Endpoint), or(in.XksProxyUriPath, link.Path)
	link.Service, link.Owner = or(in.XksProxyVpcEndpointServiceName, link.Service), or(in.XksProxyVpcEndpointServiceOwner, link.Owner)
	if link.Connectivity = or(in.XksProxyConnectivity, link.Connectivity); link.Connectivity == public && in.XksProxyConnectivity != nil {
		link.Service, link.Owner = value(in.XksProxyVpcEndpointServiceName), ""
	}
	if link.Service != "" && link.Owner == "" {
		link.Owner = st.Account
	}
	if c := in.XksProxyAuthenticationCredential; c != nil {
		link.AccessKeyID, link.Secret = c.AccessKeyId, s.root.Seal(st.label(), []byte(c.RawSecretAccessKey))
	}
	st.Proxy = &link
	return checkConnectivity(link.Connectivity, link.Service)
}

// aim sets the state that is reached at an instant.
func (st *keyStore) aim(target kmsapi.ConnectionStateType, at time.Time) {
	st.Target, st.Until, st.Failure = target, at, ""
}

// randomFrom says whether random bytes may be made in the key store.
func (s *Service) randomFrom(ctx context.Context, id string) error {
	return s.see(ctx, func(tx storage.Tx) error {
		st, err := s.storeOf(tx, api.CallerOf(ctx), id)
		if err != nil {
			return err
		}
		if st.Kind == externalStore {
			return unsupported()
		}
		if state := st.state(s.clock.Now()); state != connected {
			return storeState(id, state)
		}
		return nil
	})
}
