package iam

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/storage"
)

// kind is the word for a sort of entity in its ARN.
type kind string

const (
	aUser     kind = "user"
	aGroup    kind = "group"
	aRole     kind = "role"
	aProfile  kind = "instance-profile"
	aProvider kind = "oidc-provider" // its name is the URL without https://
	aSAML     kind = "saml-provider"
	// aRoot holds what belongs to an account's root user: its access keys.
	aRoot kind = "root"
)

// home is where identities belong: IAM is global within a partition.
type home struct{ Partition, Account string }

// homeOf is where the caller's own identities are.
func homeOf(ctx context.Context) home {
	return home{partitionOf(ctx), api.CallerOf(ctx).Account}
}

// arn returns the ARN of something with a path: "/" or "/a/b/".
func (h home) arn(what kind, path, name string) string {
	return "arn:" + h.Partition + ":iam::" + h.Account + ":" + string(what) + path + name
}

func (h home) root() string { return "arn:" + h.Partition + ":iam::" + h.Account + ":root" }

// entity is a user, group, role or instance profile with all that it holds:
// IAM's quotas keep it small.
type entity struct {
	Name     string            `cbor:"1,keyasint"`
	Path     string            `cbor:"2,keyasint"`
	ID       string            `cbor:"3,keyasint"`
	Created  time.Time         `cbor:"4,keyasint"`
	Tags     []tag             `cbor:"5,keyasint,omitempty"`
	Inline   map[string]string `cbor:"6,keyasint,omitempty"` // documents by policy name
	Attached []string          `cbor:"7,keyasint,omitempty"` // ARNs of managed policies, oldest attachment first
	Boundary string            `cbor:"8,keyasint,omitempty"` // ARN of a managed policy

	Groups []string `cbor:"9,keyasint,omitempty"`  // of a user: ids of groups
	Keys   []string `cbor:"10,keyasint,omitempty"` // of a user: access key ids

	Trust       string     `cbor:"11,keyasint,omitempty"` // of a role: its trust policy, see newTrust
	Description *string    `cbor:"12,keyasint,omitempty"` // of a role
	MaxSession  int32      `cbor:"13,keyasint,omitempty"` // of a role, in seconds
	LastUsed    *roleUsage `cbor:"14,keyasint,omitempty"` // of a role
	Role        string     `cbor:"15,keyasint,omitempty"` // of an instance profile: id of its role

	Clients     []string `cbor:"16,keyasint,omitempty"` // of an OIDC provider: audiences of its tokens
	Thumbprints []string `cbor:"17,keyasint,omitempty"` // of an OIDC provider: SHA-1 of certificates

	Metadata   string    `cbor:"18,keyasint,omitempty"` // of a SAML provider: its metadata document
	ValidUntil time.Time `cbor:"19,keyasint,omitzero"`  // of a SAML provider
	Encryption string    `cbor:"20,keyasint,omitempty"` // of a SAML provider: its AssertionEncryptionMode
}

type tag struct {
	Key   string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint"`
}

// roleUsage is when and where a role last made a call.
type roleUsage struct {
	At     time.Time `cbor:"1,keyasint"`
	Region string    `cbor:"2,keyasint"`
}

// ref names an entity. Names are unique whatever their case, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
//
// Unverified: that an entity is also found under a name in another case.
type ref struct {
	Home home   `cbor:"1,keyasint"`
	Kind kind   `cbor:"2,keyasint"`
	Name string `cbor:"3,keyasint"`
}

var (
	entities = storage.NewTable[entity]("iam.entity")
	byID     = storage.NewTable[ref]("iam.id")
)

func (r ref) key() storage.Key {
	return storage.K(r.Home.Partition, r.Home.Account, r.Kind, strings.ToLower(r.Name))
}

// arn returns the ARN of e, which r names. Without an entity it is the ARN that
// one without a path would have: what AWS shows of what does not exist.
func (r ref) arn(e *entity) string {
	switch {
	case r.Kind == aRoot:
		return r.Home.root()
	case e == nil:
		return r.Home.arn(r.Kind, "/", r.Name)
	}
	return r.Home.arn(r.Kind, e.Path, e.Name)
}

// lookup returns the entity, or nil if there is none.
func (r ref) lookup(tx storage.Tx) (*entity, error) {
	e, err := entities.Get(tx, r.key())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// load returns the entity, or AWS's NoSuchEntity.
func (r ref) load(tx storage.Tx) (*entity, error) {
	e, err := r.lookup(tx)
	if err == nil && e == nil {
		err = noSuch(r.Kind, r.Name)
	}
	return e, err
}

// save writes an entity that exists already.
func (r ref) save(tx storage.Tx, e *entity) error { return entities.Put(tx, r.key(), *e) }

// create writes a new entity, or returns AWS's EntityAlreadyExists or
// LimitExceeded.
func (r ref) create(tx storage.Tx, e *entity) error {
	if taken, err := entities.Has(tx, r.key()); err != nil || taken {
		return firstError(err, alreadyExists(r.Kind, r.Name))
	}
	if n, err := countEntities(tx, r.Home, r.Kind); err != nil || n >= perAccount[r.Kind] {
		return firstError(err, overQuota(quotaNames[r.Kind], perAccount[r.Kind]))
	}
	if err := byID.Put(tx, storage.K(r.Home.Partition, e.ID), r); err != nil {
		return err
	}
	return r.save(tx, e)
}

// remove deletes an entity and its id.
func (r ref) remove(tx storage.Tx, e *entity) error {
	if err := byID.Delete(tx, storage.K(r.Home.Partition, e.ID)); err != nil {
		return err
	}
	return entities.Delete(tx, r.key())
}

// rename moves e to the name in it; r is its old name.
func (r ref) rename(tx storage.Tx, e *entity) error {
	to := ref{r.Home, r.Kind, e.Name}
	if slices.Equal(to.key(), r.key()) {
		return r.save(tx, e)
	}
	if taken, err := entities.Has(tx, to.key()); err != nil || taken {
		return firstError(err, alreadyExists(r.Kind, e.Name))
	}
	if err := byID.Put(tx, storage.K(r.Home.Partition, e.ID), to); err != nil {
		return err
	}
	if err := entities.Delete(tx, r.key()); err != nil {
		return err
	}
	return to.save(tx, e)
}

// findID returns the entity with a unique id; storage.ErrNotFound.
func findID(tx storage.Tx, partition, id string) (ref, *entity, error) {
	r, err := byID.Get(tx, storage.K(partition, id))
	if err != nil {
		return r, nil, err
	}
	e, err := entities.Get(tx, r.key())
	return r, &e, err
}

// countEntities counts an account's entities of one kind.
func countEntities(tx storage.Tx, h home, what kind) (n int, err error) {
	for _, err := range entities.Keys(tx, storage.Range{Prefix: storage.K(h.Partition, h.Account, what)}) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// firstError returns err unless it is nil, else otherwise.
func firstError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
