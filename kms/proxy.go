package kms

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/xks"
	"sealstack/storage"
)

// proxyLink is what an external key store knows of its proxy.
type proxyLink struct {
	Connectivity kmsapi.XksProxyConnectivityType `cbor:"1,keyasint"`
	Endpoint     string                          `cbor:"2,keyasint"`
	Path         string                          `cbor:"3,keyasint"`
	AccessKeyID  string                          `cbor:"4,keyasint"`
	Secret       []byte                          `cbor:"5,keyasint"` // secret access key, sealed
	Service      string                          `cbor:"6,keyasint,omitempty"`
	Owner        string                          `cbor:"7,keyasint,omitempty"` // of Service
}

const public = kmsapi.XksProxyConnectivityTypePublicEndpoint

// EndpointService is a simulated VPC endpoint service, by which KMS reaches a
// proxy that is not public: there are no VPCs here.
type EndpointService struct {
	Region string `json:"region" cbor:"1,keyasint"`
	Name   string `json:"name" cbor:"2,keyasint"`
	Owner  string `json:"owner" cbor:"3,keyasint"` // account
	// PrivateDNSName is the host of the proxy's endpoint.
	PrivateDNSName string `json:"privateDnsName" cbor:"4,keyasint"`
	// Misconfigured says what else is wrong with it.
	Misconfigured string `json:"misconfigured,omitempty" cbor:"5,keyasint,omitempty"`
}

// endpointServices: region, name.
var endpointServices = storage.NewTable[EndpointService]("kms.endpointservice")

// PutEndpointService declares a simulated VPC endpoint service, or replaces
// it.
func (s *Service) PutEndpointService(ctx context.Context, e EndpointService) error {
	if e.Region == "" || e.Name == "" || e.PrivateDNSName == "" || !accountPattern.MatchString(e.Owner) {
		return errors.New("an endpoint service needs a region, a name, an owner of 12 digits and a privateDnsName")
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return endpointServices.Put(tx, storage.K(e.Region, e.Name), e)
	})
}

// checkConnectivity holds the connectivity against the endpoint service.
func checkConnectivity(how kmsapi.XksProxyConnectivityType, service string) error {
	if how == public && service != "" {
		return serviceNotAllowed()
	}
	if how != public && service == "" {
		return missing("xksProxyVpcEndpointServiceName")
	}
	return nil
}

// conflict refuses what two external key stores of a Region can't share.
// https://docs.aws.amazon.com/kms/latest/developerguide/create-xks-keystore.html#require-endpoint
func (p *proxyLink) conflict(other *proxyLink, sameAccount bool) error {
	sameEndpoint := p.Endpoint == other.Endpoint
	switch {
	case sameAccount && sameEndpoint && p.Path == other.Path:
		return uriInUse()
	case sameEndpoint && (p.Connectivity != other.Connectivity || sameAccount && p.Connectivity != public):
		return endpointInUse()
	case p.Service != "" && p.Service == other.Service:
		return endpointServiceInUse(p.Service)
	}
	return nil
}

// admitService holds the endpoint service of an external key store against its
// requirements.
func (s *Service) admitService(tx storage.Tx, st *keyStore) error {
	if st.Proxy == nil || st.Proxy.Service == "" {
		return nil
	}
	e, err := endpointServices.Get(tx, storage.K(st.Region, st.Proxy.Service))
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && e.Owner != st.Proxy.Owner:
		return endpointServiceNotFound(st.Proxy.Service)
	case err != nil:
		return err
	case e.Misconfigured != "":
		return endpointServiceInvalid(e.Misconfigured)
	case st.Proxy.Endpoint != "https://"+e.PrivateDNSName:
		return endpointServiceInvalid(fmt.Sprintf("The private DNS name %s does not match the proxy URI endpoint %s.", e.PrivateDNSName, st.Proxy.Endpoint))
	}
	return nil
}

// proxyOf is the proxy of a key store as it is called.
func (s *Service) proxyOf(st *keyStore) (xks.Proxy, error) {
	secret, err := s.secretOf(st, st.Proxy.Secret)
	if err != nil {
		return xks.Proxy{}, err
	}
	p := xks.Proxy{URL: st.Proxy.Endpoint + st.Proxy.Path, Region: st.Region, AccessKeyID: st.Proxy.AccessKeyID, SecretAccessKey: secret}
	if elsewhere := s.endpoints[st.Proxy.Endpoint]; elsewhere != "" {
		named, err := url.Parse(st.Proxy.Endpoint)
		if err != nil {
			return p, fmt.Errorf("kms: endpoint of %s: %w", st.ID, err)
		}
		p.URL, p.Host = elsewhere+st.Proxy.Path, named.Host
	}
	return p, nil
}

// told is what a proxy hears of the caller: k is nil if there is no key yet.
func told(ctx context.Context, k *key, operation string) xks.Metadata {
	c := api.CallerOf(ctx)
	m := xks.Metadata{Principal: c.ARN, Operation: operation, RequestID: c.RequestID}
	if c.Type == api.AWSService {
		m.Principal = c.Name
	}
	if m.RequestID == "" { // inside of the process
		m.RequestID = newKeyID()
	}
	if k != nil {
		m.Key = k.arn()
	}
	if n := len(c.Via); n > 0 {
		m.ViaService = viaService(c.Via[n-1], c.Region)
	}
	return m
}

// probe asks the proxy of a new or changed external key store for its health.
// One behind an endpoint service is asked when it is connected.
func (s *Service) probe(ctx context.Context, st *keyStore, operation string) error {
	if st.Kind != externalStore || st.Proxy.Connectivity != public {
		return nil
	}
	return s.health(ctx, st, operation)
}

func (s *Service) health(ctx context.Context, st *keyStore, operation string) error {
	p, err := s.proxyOf(st)
	if err != nil {
		return err
	}
	m := told(ctx, nil, operation)
	m.Principal, m.ViaService = "", ""
	return s.xks.Health(ctx, p, m)
}

// tryProxy connects to the proxy of a key store and says why that failed, ""
// if it did not.
func (s *Service) tryProxy(ctx context.Context, st *keyStore) kmsapi.ConnectionErrorCodeType {
	err := s.see(ctx, func(tx storage.Tx) error { return s.admitService(tx, st) })
	if e, ok := errors.AsType[*api.Error](err); ok {
		if e.Code == "XksProxyVpcEndpointServiceNotFoundException" {
			return kmsapi.ConnectionErrorCodeTypeXksVpcEndpointServiceNotFound
		}
		return kmsapi.ConnectionErrorCodeTypeXksVpcEndpointServiceInvalidConfiguration
	}
	if err == nil {
		err = s.health(ctx, st, "ConnectCustomKeyStore")
	}
	if err == nil {
		return ""
	}
	return or(proxyFaults[xks.FaultOf(err)].connection, kmsapi.ConnectionErrorCodeTypeInternalError)
}
