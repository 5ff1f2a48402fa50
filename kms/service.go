// Package kms owns AWS Key Management Service: keys and their states, aliases,
// key policies, grants, tags, and what is done with keys. Key material itself and
// ciphertext blobs belong to kms/material.
//
// Only emulator imports it; other services call KMS through kmsapi.Client.
//
// AWS documents it in the KMS Developer Guide and the API reference:
// https://docs.aws.amazon.com/kms/latest/developerguide/overview.html
// https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html
//
// Every operation follows AWS's order of checks: the edge has held the
// parameters against the model; then what they say together, finding the key,
// authorization, the key's state, its usage, and only then the work.
package kms

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"time"

	"sealstack/api/kmsapi"
	"sealstack/auth"
	"sealstack/clock"
	"sealstack/kms/material"
	"sealstack/kms/xks"
	"sealstack/storage"
	"sealstack/storage/seal"
)

// Config is what a Service stands on. Store, Root, Clock and Authorizer are
// needed.
type Config struct {
	Store      storage.Store
	Root       *seal.Root // of Store
	Clock      clock.Clock
	Authorizer *auth.Authorizer
	// Principals knows the users and roles that key policies and grants name.
	// Without it they may name any, and are stored as they are written.
	Principals Principals
	// GrantDelay is how long a new grant works only for requests that bring
	// one of its tokens; AWS says up to five minutes.
	// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
	GrantDelay time.Duration
	// Noted hears of what KMS does of its own accord, once it is done; nil if
	// nobody listens. It must not wait for I/O.
	Noted func(context.Context, ServiceEvent)
	// KeyStoreDelay is how long a custom key store is CONNECTING and
	// DISCONNECTING; AWS says minutes.
	// https://docs.aws.amazon.com/kms/latest/developerguide/connect-keystore.html
	KeyStoreDelay time.Duration
	// ProxyTimeout is how long an external key store proxy may take; zero
	// stands for AWS's 250 milliseconds.
	ProxyTimeout time.Duration
	// ProxyEndpoints says where proxies really are that have an endpoint of
	// AWS's form: "http://127.0.0.1:9000" for "https://xks.example.com".
	ProxyEndpoints map[string]string
	Quotas         Quotas
	// AttestationRoots are the roots that attestation documents are held
	// against; AWS's if nil.
	AttestationRoots *x509.CertPool
}

// Principals knows the users and roles that exist.
type Principals interface {
	// UniqueID returns the unique id (AIDA..., AROA...) of the user or role
	// with that ARN, "" if there is none.
	UniqueID(ctx context.Context, arn string) (string, error)
	// ARN returns the ARN of the user or role with that unique id, "" if it
	// does not exist or was deleted.
	ARN(ctx context.Context, id string) (string, error)
}

// Service implements kmsapi.API. It is safe for concurrent use.
type Service struct {
	kmsapi.Unimplemented

	store      storage.Store
	vault      *seal.Vault
	tokens     seal.Tokens
	root       *seal.Root
	clock      clock.Clock
	authorizer *auth.Authorizer
	principals Principals
	grantDelay time.Duration
	noted      func(context.Context, ServiceEvent)
	storeDelay time.Duration
	xks        *xks.Client
	endpoints  map[string]string
	quotas     Quotas
	roots      *x509.CertPool

	// Where new keys come from; the tests take RSA keys from a stock.
	newMaterial func(spec string) (material.Material, error)
	wrappingKey func(bits int) (*rsa.PrivateKey, error)

	compiled compiledPolicies
	unsealed unsealedMaterials
	usages   lastUsages
}

var _ kmsapi.API = (*Service)(nil)

// New returns a Service over what is in the store.
func New(c Config) *Service {
	return &Service{
		store: c.Store, vault: seal.NewVault(c.Store, c.Root), tokens: c.Root.Tokens(), root: c.Root,
		clock: c.Clock, authorizer: c.Authorizer, principals: c.Principals, grantDelay: c.GrantDelay, noted: c.Noted,
		storeDelay: c.KeyStoreDelay, xks: xks.NewClient(c.ProxyTimeout), endpoints: c.ProxyEndpoints, quotas: c.Quotas.filled(), roots: trusted(c.AttestationRoots),
		newMaterial: material.New, wrappingKey: newWrappingKey,
	}
}

// Reset wipes everything that the service holds in memory. Call it when the
// store was emptied.
func (s *Service) Reset() {
	s.compiled.reset()
	s.unsealed.reset()
	s.usages.reset()
}
