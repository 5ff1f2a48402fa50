package emulator_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
	"sealstack/kms/xks/xksproxy"
)

const xksSecret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"

func awsConfig(s *emulatortest.Server) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &s.URL, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "000000000000", SecretAccessKey: "secret"}, nil
	})}
}

func TestAnExternalKeyStoreWorksThroughTheSDK(t *testing.T) {
	proxy := xksproxy.New("/kms/xks/v1", "AAAAAAAAAAAAAAAAAAAA", xksSecret)
	proxy.AddKey("one")
	outside := httptest.NewServer(proxy)
	defer outside.Close()
	s := emulatortest.Start(t, emulatortest.WithDataDir(t.TempDir()), emulatortest.WithConfig(func(c *emulator.Config) {
		c.ProxyEndpoints, c.ProxyTimeout = map[string]string{"https://xks.example.com": outside.URL}, new(10*time.Second)
	}))
	ctx := t.Context()
	client := kms.NewFromConfig(awsConfig(s))
	created, err := client.CreateCustomKeyStore(ctx, &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: aws.String("out"), CustomKeyStoreType: types.CustomKeyStoreTypeExternalKeyStore,
		XksProxyConnectivity: types.XksProxyConnectivityTypePublicEndpoint, XksProxyUriEndpoint: aws.String("https://xks.example.com"),
		XksProxyUriPath: aws.String("/kms/xks/v1"), XksProxyAuthenticationCredential: &types.XksProxyAuthenticationCredentialType{
			AccessKeyId: aws.String("AAAAAAAAAAAAAAAAAAAA"), RawSecretAccessKey: aws.String(xksSecret),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ConnectCustomKeyStore(ctx, &kms.ConnectCustomKeyStoreInput{CustomKeyStoreId: created.CustomKeyStoreId}); err != nil {
		t.Fatal(err)
	}
	key, err := client.CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: created.CustomKeyStoreId, XksKeyId: aws.String("one")})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: key.KeyMetadata.KeyId, Plaintext: []byte("text")})
	if err != nil {
		t.Fatal(err)
	}
	s.Restart()
	opened, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	if err != nil || string(opened.Plaintext) != "text" {
		t.Fatalf("Decrypt after a restart: %v", err)
	}
	events, err := cloudtrail.NewFromConfig(awsConfig(s)).LookupEvents(ctx, &cloudtrail.LookupEventsInput{})
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, e := range events.Events {
		seen = seen || *e.EventName == "CreateCustomKeyStore"
		if strings.Contains(*e.CloudTrailEvent, xksSecret) {
			t.Errorf("the secret is in %s", *e.CloudTrailEvent)
		}
	}
	if !seen {
		t.Error("CreateCustomKeyStore is not recorded")
	}
}

func TestSimulatedClustersAreDeclared(t *testing.T) {
	s := emulatortest.Start(t)
	const id = "cluster-aaaaaaaaaaa"
	for _, tt := range []struct {
		method, path, body string
		status             int
		contains           string
	}{
		{"GET", "kms/clusters", "", 200, "[]"},
		{"PUT", "kms/clusters/" + id, `{"trustAnchor":"cert","password":"kmsPswd"}`, 200, "{}"},
		{"PUT", "kms/clusters/" + id, `{"trustAnchor":"cert"}`, 400, "needs a trustAnchor and a password"},
		{"PUT", "kms/clusters/cluster-1", `{"trustAnchor":"cert","password":"kmsPswd"}`, 400, "is not cluster-"},
		{"PUT", "kms/clusters/" + id, `{"trustAnchor":"cert","password":"kmsPswd","connectionError":"BAD"}`, 400, "is no ConnectionErrorCode"},
		{"PUT", "kms/clusters/" + id, `{"unknown":1}`, 400, "unknown field"},
		{"PUT", "kms/clusters/" + id, `{} {}`, 400, "something follows"},
		{"PUT", "kms/endpoint-services/com.amazonaws.vpce.us-east-1.vpce-svc-1", `{"privateDnsName":"xks.example.com"}`, 200, "{}"},
		{"PUT", "kms/endpoint-services/s", `{}`, 400, "needs a region"},
	} {
		if status, body := control(t, s, tt.method, tt.path, tt.body); status != tt.status || !strings.Contains(body, tt.contains) {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, status, body)
		}
	}
	client := kms.NewFromConfig(awsConfig(s))
	in := &kms.CreateCustomKeyStoreInput{
		CustomKeyStoreName: aws.String("hsm"), CloudHsmClusterId: aws.String(id), TrustAnchorCertificate: aws.String("cert"), KeyStorePassword: aws.String("kmsPswd"),
	}
	if _, err := client.CreateCustomKeyStore(t.Context(), in); err != nil {
		t.Error(err)
	}
	_, body := control(t, s, "GET", "kms/clusters", "")
	var list []map[string]any
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 1 || strings.Contains(body, "kmsPswd") {
		t.Errorf("clusters: %s, %v", body, err)
	}
	if status, _ := control(t, s, "DELETE", "kms/clusters/"+id, ""); status != 200 {
		t.Errorf("DELETE: %d", status)
	}
	if _, body := control(t, s, "GET", "kms/clusters", ""); body != "[]" {
		t.Errorf("clusters: %s", body)
	}
}

func TestSettingsOfKMSThatCannotBeAreRefused(t *testing.T) {
	for name, change := range map[string]func(*emulator.Config){
		"an unknown quota":          func(c *emulator.Config) { c.Quotas = map[string]int{"kms.wishes": 3} },
		"a quota of none":           func(c *emulator.Config) { c.Quotas = map[string]int{"kms.keys": 0} },
		"no time":                   func(c *emulator.Config) { c.ProxyTimeout = new(time.Duration(0)) },
		"an endpoint with a port":   func(c *emulator.Config) { c.ProxyEndpoints = map[string]string{"https://a:1": "https://b"} },
		"an address without TLS":    func(c *emulator.Config) { c.ProxyEndpoints = map[string]string{"https://a": "http://192.0.2.1"} },
		"an address with a path":    func(c *emulator.Config) { c.ProxyEndpoints = map[string]string{"https://a": "https://b/c"} },
		"an address that is no URL": func(c *emulator.Config) { c.ProxyEndpoints = map[string]string{"https://a": "b"} },
		"roots that are none":       func(c *emulator.Config) { c.AttestationRoots = []byte("none") },
		"a delay that is negative":  func(c *emulator.Config) { c.KeyStoreDelay = new(-time.Second) },
	} {
		c := emulator.DefaultConfig()
		c.Ephemeral = true
		change(&c)
		if e, err := emulator.Start(t.Context(), c); err == nil {
			t.Errorf("%s is taken", name)
			e.Close()
		}
	}
}
