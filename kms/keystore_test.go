package kms

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/kms/xks"
	"sealstack/kms/xks/xksproxy"
	"sealstack/storage"
)

const (
	clusterID = "cluster-aaaaaaaaaaa"
	anchor    = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
	proxyHost = "https://xks.example.com"
	proxyPath = "/kms/xks/v1"
	proxyKey  = "AAAAAAAAAAAAAAAAAAAA"
	proxyWord = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"
	linking   = 5 * time.Minute
)

func (h *harness) cluster(change ...func(*Cluster)) Cluster {
	h.t.Helper()
	c := Cluster{Account: account, Region: region, ID: clusterID, TrustAnchor: anchor, Password: "kmsPswd"}
	for _, fn := range change {
		fn(&c)
	}
	must(h.t, h.PutCluster(h.ctx, c))
	return c
}

func hsmStore(change ...func(*kmsapi.CreateCustomKeyStoreRequest)) *kmsapi.CreateCustomKeyStoreRequest {
	in := &kmsapi.CreateCustomKeyStoreRequest{
		CustomKeyStoreName: "hsm", CloudHsmClusterId: new(clusterID), TrustAnchorCertificate: new(anchor), KeyStorePassword: new("kmsPswd"),
	}
	for _, fn := range change {
		fn(in)
	}
	return in
}

func xksStore(change ...func(*kmsapi.CreateCustomKeyStoreRequest)) *kmsapi.CreateCustomKeyStoreRequest {
	in := &kmsapi.CreateCustomKeyStoreRequest{
		CustomKeyStoreName: "xks", CustomKeyStoreType: new(externalStore), XksProxyConnectivity: new(public),
		XksProxyUriEndpoint: new(proxyHost), XksProxyUriPath: new(proxyPath),
		XksProxyAuthenticationCredential: &kmsapi.XksProxyAuthenticationCredentialType{AccessKeyId: proxyKey, RawSecretAccessKey: proxyWord},
	}
	for _, fn := range change {
		fn(in)
	}
	return in
}

// outside starts a proxy behind proxyHost.
func (h *harness) outside() *xksproxy.Proxy {
	h.t.Helper()
	p := xksproxy.New(proxyPath, proxyKey, proxyWord)
	p.AddKey("one")
	server := httptest.NewServer(p)
	h.t.Cleanup(server.Close)
	h.endpoints = map[string]string{proxyHost: server.URL, "https://private.example.com": server.URL}
	h.xks = xks.NewClient(10 * time.Second)
	h.storeDelay = linking
	return p
}

func (h *harness) keyStore(in *kmsapi.CreateCustomKeyStoreRequest) string {
	h.t.Helper()
	out, err := h.CreateCustomKeyStore(h.ctx, in)
	must(h.t, err)
	return *out.CustomKeyStoreId
}

func (h *harness) connect(id string) error {
	_, err := h.ConnectCustomKeyStore(h.ctx, &kmsapi.ConnectCustomKeyStoreRequest{CustomKeyStoreId: id})
	return err
}

func (h *harness) disconnect(id string) error {
	_, err := h.DisconnectCustomKeyStore(h.ctx, &kmsapi.DisconnectCustomKeyStoreRequest{CustomKeyStoreId: id})
	return err
}

func (h *harness) connectedStore(in *kmsapi.CreateCustomKeyStoreRequest) string {
	h.t.Helper()
	id := h.keyStore(in)
	must(h.t, h.connect(id))
	h.advance(linking)
	h.wantLink(id, "CONNECTED", "")
	return id
}

func (h *harness) described(id string) kmsapi.CustomKeyStoresListEntry {
	h.t.Helper()
	out, err := h.DescribeCustomKeyStores(h.ctx, &kmsapi.DescribeCustomKeyStoresRequest{CustomKeyStoreId: &id})
	must(h.t, err)
	return out.CustomKeyStores[0]
}

func (h *harness) wantLink(id string, state kmsapi.ConnectionStateType, failure kmsapi.ConnectionErrorCodeType) {
	h.t.Helper()
	e := h.described(id)
	if *e.ConnectionState != state || value(e.ConnectionErrorCode) != failure || (e.ConnectionErrorCode == nil) != (failure == "") {
		h.t.Errorf("the key store is %s, %s, want %s, %s", *e.ConnectionState, value(e.ConnectionErrorCode), state, failure)
	}
}

func inKeyStore(id string, xksKey ...string) func(*kmsapi.CreateKeyRequest) {
	return func(in *kmsapi.CreateKeyRequest) {
		in.CustomKeyStoreId, in.Origin = &id, new(kmsapi.OriginTypeAwsCloudhsm)
		if len(xksKey) > 0 {
			in.Origin, in.XksKeyId = new(kmsapi.OriginTypeExternalKeyStore), &xksKey[0]
		}
	}
}

func TestACustomKeyStoreGoesThroughItsStates(t *testing.T) {
	h := newHarness(t)
	h.storeDelay = linking
	h.cluster()
	id := h.keyStore(hsmStore())
	h.wantLink(id, "DISCONNECTED", "")
	wantCode(t, h.disconnect(id), "CustomKeyStoreInvalidStateException")
	must(t, h.connect(id))
	h.wantLink(id, "CONNECTING", "")
	must(t, h.connect(id))
	h.advance(linking - time.Second)
	h.wantLink(id, "CONNECTING", "")
	h.advance(time.Second)
	h.wantLink(id, "CONNECTED", "")
	must(t, h.connect(id))
	h.wantLink(id, "CONNECTED", "")
	must(t, h.disconnect(id))
	h.wantLink(id, "DISCONNECTING", "")
	wantCode(t, h.connect(id), "CustomKeyStoreInvalidStateException")
	wantCode(t, h.disconnect(id), "CustomKeyStoreInvalidStateException")
	h.advance(linking)
	h.wantLink(id, "DISCONNECTED", "")
	_, err := h.DeleteCustomKeyStore(h.ctx, &kmsapi.DeleteCustomKeyStoreRequest{CustomKeyStoreId: id})
	must(t, err)
	wantCode(t, h.connect(id), "CustomKeyStoreNotFoundException")
	wantCode(t, h.disconnect(id), "CustomKeyStoreNotFoundException")
	_, err = h.DeleteCustomKeyStore(h.ctx, &kmsapi.DeleteCustomKeyStoreRequest{CustomKeyStoreId: id})
	wantCode(t, err, "CustomKeyStoreNotFoundException")
}

func TestAConnectionThatFailsSaysWhy(t *testing.T) {
	one, zero := 1, 0
	for code, change := range map[kmsapi.ConnectionErrorCodeType]func(*Cluster){
		"INVALID_CREDENTIALS":                   func(c *Cluster) { c.Password = "another" },
		"INSUFFICIENT_CLOUDHSM_HSMS":            func(c *Cluster) { c.HSMs = &zero },
		"NETWORK_ERRORS":                        func(c *Cluster) { c.ConnectionError = "NETWORK_ERRORS" },
		"USER_LOGGED_IN":                        func(c *Cluster) { c.ConnectionError = "USER_LOGGED_IN" },
		"SUBNET_NOT_FOUND":                      func(c *Cluster) { c.ConnectionError = "SUBNET_NOT_FOUND" },
		"INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET": func(c *Cluster) { c.ConnectionError = "INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET" },
		"":                                      func(c *Cluster) { c.HSMs = &one },
	} {
		h := newHarness(t)
		h.cluster()
		id := h.keyStore(hsmStore())
		h.cluster(change)
		must(t, h.connect(id))
		if code == "" {
			h.wantLink(id, "CONNECTED", "")
			continue
		}
		h.wantLink(id, "FAILED", code)
		wantCode(t, h.connect(id), "CustomKeyStoreInvalidStateException")
		must(t, h.disconnect(id))
		h.wantLink(id, "DISCONNECTED", "")
	}
}

func TestWhatIsEasilySeenOfAClusterIsAnErrorAtOnce(t *testing.T) {
	h := newHarness(t)
	h.cluster()
	id := h.keyStore(hsmStore())
	h.cluster(func(c *Cluster) { c.Inactive = true })
	wantCode(t, h.connect(id), "CloudHsmClusterNotActiveException")
	h.cluster(func(c *Cluster) { c.Misconfigured = "one subnet" })
	wantError(t, h.connect(id), "CloudHsmClusterInvalidConfigurationException", "one subnet")
	h.wantLink(id, "DISCONNECTED", "")
	must(t, h.DeleteCluster(h.ctx, account, region, clusterID))
	must(t, h.connect(id))
	h.wantLink(id, "FAILED", "CLUSTER_NOT_FOUND")
}

func TestFiveWrongPasswordsLockKmsuserOut(t *testing.T) {
	h := newHarness(t)
	h.cluster()
	id := h.keyStore(hsmStore(func(in *kmsapi.CreateCustomKeyStoreRequest) { in.KeyStorePassword = new("wrongwrong") }))
	for range 5 {
		must(t, h.connect(id))
		h.wantLink(id, "FAILED", "INVALID_CREDENTIALS")
		must(t, h.disconnect(id))
	}
	update := &kmsapi.UpdateCustomKeyStoreRequest{CustomKeyStoreId: id, KeyStorePassword: new("kmsPswd")}
	_, err := h.UpdateCustomKeyStore(h.ctx, update)
	must(t, err)
	must(t, h.connect(id))
	h.wantLink(id, "FAILED", "USER_LOCKED_OUT")
	must(t, h.disconnect(id))
	h.cluster() // the password is set again
	must(t, h.connect(id))
	h.wantLink(id, "CONNECTED", "")
}

func TestCreateCustomKeyStoreRefuses(t *testing.T) {
	type request = kmsapi.CreateCustomKeyStoreRequest
	one := 1
	for name, tt := range map[string]struct {
		prepare func(*harness)
		in      *request
		code    string
	}{
		"a cluster that is not there":     {nil, hsmStore(func(in *request) { in.CloudHsmClusterId = new("cluster-bbbbbbbbbbb") }), "CloudHsmClusterNotFoundException"},
		"another trust anchor":            {nil, hsmStore(func(in *request) { in.TrustAnchorCertificate = new("other") }), "IncorrectTrustAnchorException"},
		"a cluster that is not active":    {func(h *harness) { h.cluster(func(c *Cluster) { c.Inactive = true }) }, hsmStore(), "CloudHsmClusterNotActiveException"},
		"a cluster of one HSM":            {func(h *harness) { h.cluster(func(c *Cluster) { c.HSMs = &one }) }, hsmStore(), "CloudHsmClusterInvalidConfigurationException"},
		"a cluster without subnets":       {func(h *harness) { h.cluster(func(c *Cluster) { c.Misconfigured = "subnets" }) }, hsmStore(), "CloudHsmClusterInvalidConfigurationException"},
		"a cluster that is in use":        {func(h *harness) { h.keyStore(hsmStore(func(in *request) { in.CustomKeyStoreName = "other" })) }, hsmStore(), "CloudHsmClusterInUseException"},
		"a name that is in use":           {func(h *harness) { h.keyStore(xksStore(func(in *request) { in.CustomKeyStoreName = "hsm" })) }, hsmStore(), "CustomKeyStoreNameInUseException"},
		"no cluster":                      {nil, hsmStore(func(in *request) { in.CloudHsmClusterId = nil }), "ValidationException"},
		"no trust anchor":                 {nil, hsmStore(func(in *request) { in.TrustAnchorCertificate = nil }), "ValidationException"},
		"no password":                     {nil, hsmStore(func(in *request) { in.KeyStorePassword = nil }), "ValidationException"},
		"a cluster with a proxy":          {nil, hsmStore(func(in *request) { in.XksProxyUriPath = new(proxyPath) }), "ValidationException"},
		"a proxy with a cluster":          {nil, xksStore(func(in *request) { in.CloudHsmClusterId = new(clusterID) }), "ValidationException"},
		"a proxy without connectivity":    {nil, xksStore(func(in *request) { in.XksProxyConnectivity = nil }), "ValidationException"},
		"a proxy without an endpoint":     {nil, xksStore(func(in *request) { in.XksProxyUriEndpoint = nil }), "ValidationException"},
		"a proxy without a path":          {nil, xksStore(func(in *request) { in.XksProxyUriPath = nil }), "ValidationException"},
		"a proxy without a credential":    {nil, xksStore(func(in *request) { in.XksProxyAuthenticationCredential = nil }), "ValidationException"},
		"a public proxy with a service":   {nil, xksStore(func(in *request) { in.XksProxyVpcEndpointServiceName = new("com.amazonaws.vpce.us-east-1.vpce-svc-1") }), "ValidationException"},
		"an address that is in use":       {func(h *harness) { h.keyStore(xksStore(func(in *request) { in.CustomKeyStoreName = "other" })) }, xksStore(), "XksProxyUriInUseException"},
		"a path that the proxy has not":   {nil, xksStore(func(in *request) { in.XksProxyUriPath = new("/other/kms/xks/v1") }), "XksProxyInvalidConfigurationException"},
		"a host that is not there":        {func(h *harness) { h.endpoints[proxyHost] = "http://127.0.0.1:1" }, xksStore(), "XksProxyUriUnreachableException"},
		"a private proxy without service": {nil, privateStore(func(in *request) { in.XksProxyVpcEndpointServiceName = nil }), "ValidationException"},
		"a service that is not there":     {nil, privateStore(), "XksProxyVpcEndpointServiceNotFoundException"},
		"a service of another account": {func(h *harness) { h.endpointService() },
			privateStore(func(in *request) { in.XksProxyVpcEndpointServiceOwner = new(foreign) }), "XksProxyVpcEndpointServiceNotFoundException"},
		"a service of another name": {func(h *harness) { h.endpointService() },
			privateStore(func(in *request) { in.XksProxyUriEndpoint = new("https://other.example.com") }), "XksProxyVpcEndpointServiceInvalidConfigurationException"},
		"a service that is not right": {func(h *harness) { h.endpointService(func(e *EndpointService) { e.Misconfigured = "acceptance" }) },
			privateStore(), "XksProxyVpcEndpointServiceInvalidConfigurationException"},
		"a service that is in use": {func(h *harness) {
			h.endpointService()
			h.keyStore(privateStore(func(in *request) { in.CustomKeyStoreName = "other" }))
			h.endpointService(func(e *EndpointService) { e.PrivateDNSName = "second.example.com" })
		}, privateStore(func(in *request) { in.XksProxyUriEndpoint = new("https://second.example.com") }), "XksProxyVpcEndpointServiceInUseException"},
		"a private endpoint that is in use": {func(h *harness) {
			h.endpointService()
			h.keyStore(privateStore(func(in *request) { in.CustomKeyStoreName = "other" }))
		}, xksStore(func(in *request) {
			in.XksProxyUriEndpoint, in.XksProxyUriPath = new("https://private.example.com"), new("/other/kms/xks/v1")
		}), "XksProxyUriEndpointInUseException"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t)
			h.outside()
			h.cluster()
			if tt.prepare != nil {
				tt.prepare(h)
			}
			before := h.stores()
			_, err := h.CreateCustomKeyStore(h.ctx, tt.in)
			wantCode(t, err, tt.code)
			if after := h.stores(); after != before {
				t.Errorf("%d key stores were %d", after, before)
			}
		})
	}
}

func (h *harness) stores() int {
	out, err := h.DescribeCustomKeyStores(h.ctx, &kmsapi.DescribeCustomKeyStoresRequest{})
	must(h.t, err)
	return len(out.CustomKeyStores)
}

func (h *harness) endpointService(change ...func(*EndpointService)) {
	e := EndpointService{Region: region, Name: "com.amazonaws.vpce.us-east-1.vpce-svc-1", Owner: account, PrivateDNSName: "private.example.com"}
	for _, fn := range change {
		fn(&e)
	}
	must(h.t, h.PutEndpointService(h.ctx, e))
}

func privateStore(change ...func(*kmsapi.CreateCustomKeyStoreRequest)) *kmsapi.CreateCustomKeyStoreRequest {
	return xksStore(append([]func(*kmsapi.CreateCustomKeyStoreRequest){func(in *kmsapi.CreateCustomKeyStoreRequest) {
		in.XksProxyConnectivity, in.XksProxyUriEndpoint = new(kmsapi.XksProxyConnectivityTypeVpcEndpointService), new("https://private.example.com")
		in.XksProxyVpcEndpointServiceName = new("com.amazonaws.vpce.us-east-1.vpce-svc-1")
	}}, change...)...)
}

func TestAPrivateProxyIsReachedThroughItsEndpointService(t *testing.T) {
	h := newHarness(t)
	h.outside()
	h.endpointService()
	id := h.connectedStore(privateStore())
	if c := h.described(id).XksProxyConfiguration; *c.VpcEndpointServiceOwner != account || *c.Connectivity != "VPC_ENDPOINT_SERVICE" {
		t.Errorf("%+v", c)
	}
	for _, tt := range []struct {
		change func(*EndpointService)
		code   kmsapi.ConnectionErrorCodeType
	}{
		{func(e *EndpointService) { e.Misconfigured = "acceptance" }, "XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION"},
		{func(e *EndpointService) { e.Owner = foreign }, "XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND"},
	} {
		must(t, h.disconnect(id))
		h.advance(linking)
		h.endpointService(tt.change)
		must(t, h.connect(id))
		h.advance(linking)
		h.wantLink(id, "FAILED", tt.code)
	}
}

func TestAnAccountHasAsManyKeyStoresAsItsQuota(t *testing.T) {
	h := newHarness(t)
	h.quotas.KeyStores = 2
	for i := range 3 {
		cluster := fmt.Sprintf("cluster-aaaaaaaaaa%d", i+2)
		h.cluster(func(c *Cluster) { c.ID = cluster })
		_, err := h.CreateCustomKeyStore(h.ctx, hsmStore(func(in *kmsapi.CreateCustomKeyStoreRequest) {
			in.CustomKeyStoreName, in.CloudHsmClusterId = cluster, &cluster
		}))
		if i < 2 {
			must(t, err)
			continue
		}
		wantError(t, err, "LimitExceededException", "Custom key stores quota for this account in this region is 2, current usage is 2.")
	}
}

func TestUpdateCustomKeyStoreChangesWhatMayChange(t *testing.T) {
	type request = kmsapi.UpdateCustomKeyStoreRequest
	h := newHarness(t)
	p := h.outside()
	h.cluster()
	h.cluster(func(c *Cluster) { c.ID, c.History = "cluster-related2222", clusterID })
	h.cluster(func(c *Cluster) { c.ID = "cluster-stranger222" })
	hsm, out := h.connectedStore(hsmStore()), h.connectedStore(xksStore())
	update := func(id string, change func(*request)) error {
		in := &request{CustomKeyStoreId: id}
		change(in)
		_, err := h.UpdateCustomKeyStore(h.ctx, in)
		return err
	}
	must(t, update(hsm, func(in *request) { in.NewCustomKeyStoreName = new("renamed") }))
	if got := *h.described(hsm).CustomKeyStoreName; got != "renamed" {
		t.Errorf("the name is %s", got)
	}
	for name, tt := range map[string]struct {
		id     string
		change func(*request)
		code   string
	}{
		"the password while connected": {hsm, func(in *request) { in.KeyStorePassword = new("another") }, "CustomKeyStoreInvalidStateException"},
		"the cluster while connected":  {hsm, func(in *request) { in.CloudHsmClusterId = new("cluster-related2222") }, "CustomKeyStoreInvalidStateException"},
		"the endpoint while connected": {out, func(in *request) { in.XksProxyUriEndpoint = new("https://b.example.com") }, "CustomKeyStoreInvalidStateException"},
		"a name that is in use":        {out, func(in *request) { in.NewCustomKeyStoreName = new("renamed") }, "CustomKeyStoreNameInUseException"},
		"a proxy of a cluster":         {hsm, func(in *request) { in.XksProxyUriPath = new(proxyPath) }, "ValidationException"},
		"a cluster of a proxy":         {out, func(in *request) { in.KeyStorePassword = new("another") }, "ValidationException"},
		"a path that is not there":     {out, func(in *request) { in.XksProxyUriPath = new("/b/kms/xks/v1") }, "XksProxyInvalidConfigurationException"},
		"a wrong credential": {out, func(in *request) {
			in.XksProxyAuthenticationCredential = &kmsapi.XksProxyAuthenticationCredentialType{AccessKeyId: proxyKey, RawSecretAccessKey: "wrong"}
		}, "XksProxyIncorrectAuthenticationCredentialException"},
		"a key store that is not there": {"cks-0", func(*request) {}, "CustomKeyStoreNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, update(tt.id, tt.change), tt.code) })
	}
	p.SetSecret("rotated")
	must(t, update(out, func(in *request) {
		in.XksProxyAuthenticationCredential = &kmsapi.XksProxyAuthenticationCredentialType{AccessKeyId: proxyKey, RawSecretAccessKey: "rotated"}
	}))
	must(t, h.disconnect(hsm))
	h.advance(linking)
	wantCode(t, update(hsm, func(in *request) { in.CloudHsmClusterId = new("cluster-stranger222") }), "CloudHsmClusterNotRelatedException")
	wantCode(t, update(hsm, func(in *request) { in.CloudHsmClusterId = new("cluster-nowhere2222") }), "CloudHsmClusterNotFoundException")
	must(t, update(hsm, func(in *request) { in.CloudHsmClusterId = new("cluster-related2222") }))
	must(t, h.connect(hsm))
	h.advance(linking)
	h.wantLink(hsm, "CONNECTED", "")
}

func TestDescribeCustomKeyStoresFindsAndPages(t *testing.T) {
	h := newHarness(t)
	h.outside()
	h.cluster()
	hsm := h.keyStore(hsmStore())
	h.keyStore(xksStore())
	e := h.described(hsm)
	if *e.CloudHsmClusterId != clusterID || *e.TrustAnchorCertificate != anchor || *e.CustomKeyStoreType != cloudHSM || e.XksProxyConfiguration != nil || !e.CreationDate.Equal(start) {
		t.Errorf("%+v", e)
	}
	describe := func(in *kmsapi.DescribeCustomKeyStoresRequest) *kmsapi.DescribeCustomKeyStoresResponse {
		t.Helper()
		out, err := h.DescribeCustomKeyStores(h.ctx, in)
		must(t, err)
		return out
	}
	x := describe(&kmsapi.DescribeCustomKeyStoresRequest{CustomKeyStoreName: new("xks")}).CustomKeyStores[0]
	if c := x.XksProxyConfiguration; x.CloudHsmClusterId != nil || *c.AccessKeyId != proxyKey || *c.UriEndpoint != proxyHost || *c.UriPath != proxyPath || *c.Connectivity != public {
		t.Errorf("%+v", x)
	}
	first := describe(&kmsapi.DescribeCustomKeyStoresRequest{Limit: new(int32(1))})
	second := describe(&kmsapi.DescribeCustomKeyStoresRequest{Limit: new(int32(1)), Marker: first.NextMarker})
	if !*first.Truncated || *second.Truncated || *first.CustomKeyStores[0].CustomKeyStoreId == *second.CustomKeyStores[0].CustomKeyStoreId {
		t.Errorf("%+v, %+v", first, second)
	}
	for code, in := range map[string]*kmsapi.DescribeCustomKeyStoresRequest{
		"CustomKeyStoreNotFoundException": {CustomKeyStoreId: new("cks-0")},
		"InvalidMarkerException":          {Marker: new("none")},
		"ValidationException":             {CustomKeyStoreId: new("a"), CustomKeyStoreName: new("b")},
	} {
		_, err := h.DescribeCustomKeyStores(h.ctx, in)
		wantCode(t, err, code)
	}
}

func TestOnlyWhoMayTouchesKeyStores(t *testing.T) {
	h := newHarness(t)
	h.cluster()
	id := h.keyStore(hsmStore())
	nobody := as(userOf(account, "nobody"))
	for name, call := range map[string]func(context.Context) error{
		"CreateCustomKeyStore": func(ctx context.Context) error { _, err := h.CreateCustomKeyStore(ctx, hsmStore()); return err },
		"ConnectCustomKeyStore": func(ctx context.Context) error {
			_, err := h.ConnectCustomKeyStore(ctx, &kmsapi.ConnectCustomKeyStoreRequest{CustomKeyStoreId: id})
			return err
		},
		"DisconnectCustomKeyStore": func(ctx context.Context) error {
			_, err := h.DisconnectCustomKeyStore(ctx, &kmsapi.DisconnectCustomKeyStoreRequest{CustomKeyStoreId: id})
			return err
		},
		"UpdateCustomKeyStore": func(ctx context.Context) error {
			_, err := h.UpdateCustomKeyStore(ctx, &kmsapi.UpdateCustomKeyStoreRequest{CustomKeyStoreId: id})
			return err
		},
		"DeleteCustomKeyStore": func(ctx context.Context) error {
			_, err := h.DeleteCustomKeyStore(ctx, &kmsapi.DeleteCustomKeyStoreRequest{CustomKeyStoreId: id})
			return err
		},
		"DescribeCustomKeyStores": func(ctx context.Context) error {
			_, err := h.DescribeCustomKeyStores(ctx, &kmsapi.DescribeCustomKeyStoresRequest{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantCode(t, call(nobody), "AccessDeniedException")
			allowed := h.grant(userOf(account, "allowed"), `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:`+name+`","cloudhsm:DescribeClusters"],"Resource":"*"}}`)
			if err := call(allowed); err != nil {
				if code(err) == "AccessDeniedException" {
					t.Error(err)
				}
			}
		})
	}
	stranger := as(rootUser(foreign)) // to whom the key store does not exist
	_, err := h.DeleteCustomKeyStore(stranger, &kmsapi.DeleteCustomKeyStoreRequest{CustomKeyStoreId: id})
	wantCode(t, err, "CustomKeyStoreNotFoundException")
}

func TestSecretsOfKeyStoresAreSealed(t *testing.T) {
	h := newHarness(t)
	h.outside()
	h.cluster()
	h.keyStore(hsmStore())
	h.keyStore(xksStore())
	list, err := h.Clusters(h.ctx)
	if err != nil || len(list) != 1 || list[0].Password != "" {
		t.Errorf("%+v, %v", list, err)
	}
	must(t, h.see(h.ctx, func(tx storage.Tx) error {
		for row, err := range keyStores.Scan(tx, storage.Range{}) {
			must(t, err)
			text := fmt.Sprintf("%+v", row.Value)
			if row.Value.Proxy != nil {
				text += string(row.Value.Proxy.Secret)
			} else {
				text += string(row.Value.Cluster.Password)
			}
			wantNoSecret(t, text)
		}
		return nil
	}))
}

func wantNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{proxyWord, "kmsPswd"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
}

func code(err error) string {
	if e, ok := errors.AsType[*api.Error](err); ok {
		return e.Code
	}
	return ""
}
