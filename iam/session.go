package iam

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sealstack/api"
	"sealstack/api/stsapi"
	"sealstack/auth"
	"sealstack/storage"
)

// session is what temporary credentials stand for. Everything in it that
// policies see is fixed when it is made; whether the user behind it still
// exists is asked when it is used.
type session struct {
	Secret string
	Token  string
	Home   home

	Type     api.PrincipalType
	ARN      string
	ID       string
	Name     string
	Issuer   string
	IssuerID string

	Issued         time.Time
	Expires        time.Time
	MFA            bool
	Policies       []string
	PolicyARNs     []string
	Tags           map[string]string
	Transitive     []string // keys of Tags that pass on to the next role
	SourceIdentity string
	Provider       string
}

// storedSession is a sealed session. Only the instant after which it can be
// forgotten is in clear.
type storedSession struct {
	Expires time.Time `cbor:"1,keyasint"`
	Sealed  []byte    `cbor:"2,keyasint"`
}

var (
	sessions = storage.NewTable[storedSession]("iam.session")
	// bySessionEnd orders sessions by their end, for Sweep.
	bySessionEnd = storage.NewTable[bool]("iam.session.end")
)

// sessionMemory is how long an expired session is remembered, so that its use
// is answered with "expired" and not with "unknown".
const sessionMemory = 7 * 24 * time.Hour

func sessionLabel(id string) string { return "iam session " + id }

// newToken returns a session token: random, about as long as those of AWS.
func newToken() string {
	var b [240]byte
	rand.Read(b[:])
	return "IQoJb3JpZ2luX2Vj" + encodeBase64(b[:])
}

func encodeBase64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decodeBase64(text string) ([]byte, error) { return base64.StdEncoding.DecodeString(text) }

// issue makes temporary credentials for a session and keeps them.
func (s *state) issue(ctx context.Context, n *session) (*stsapi.Credentials, error) {
	id, err := newKeyID(temporaryPrefix, n.Home.Account)
	if err != nil {
		return nil, err
	}
	n.Secret, n.Token = newSecret(), newToken()
	plain, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("iam: encode session: %w", err)
	}
	sealed := s.root.Seal(sessionLabel(id), plain)
	// Nobody has asked for this id before, so nothing in memory is stale.
	err = s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if err := bySessionEnd.Put(tx, storage.K(n.Expires, id), true); err != nil {
			return err
		}
		return sessions.Put(tx, storage.K(id), storedSession{n.Expires, sealed})
	})
	if err != nil {
		return nil, err
	}
	return &stsapi.Credentials{AccessKeyId: id, SecretAccessKey: n.Secret, SessionToken: n.Token, Expiration: n.Expires}, nil
}

// openSession returns the session of temporary credentials; storage.ErrNotFound.
func (s *state) openSession(tx storage.Tx, id string) (*session, error) {
	stored, err := sessions.Get(tx, storage.K(id))
	if err != nil {
		return nil, err
	}
	plain, err := s.root.Open(sessionLabel(id), stored.Sealed)
	if err != nil {
		return nil, err
	}
	var n session
	if err := json.Unmarshal(plain, &n); err != nil {
		return nil, fmt.Errorf("iam: decode session: %w", err)
	}
	return &n, nil
}

// findSession returns the credential of a session; storage.ErrNotFound also
// when the user behind it exists no more.
//
// Unverified: AWS's answer to temporary credentials of a deleted user.
func (s *state) findSession(tx storage.Tx, id string) (*found, error) {
	n, err := s.openSession(tx, id)
	if err != nil {
		return nil, err
	}
	principal := n.principal()
	if n.Type == api.User {
		if principal, err = userOrRoot(tx, n.Home, n.ID); err != nil {
			return nil, err
		}
	}
	return &found{auth.Credential{
		Secret: n.Secret, Token: n.Token, Active: true, Principal: principal, Session: n.session(),
	}}, nil
}

func (n *session) principal() api.Principal {
	return api.Principal{
		Type: n.Type, Account: n.Home.Account, ARN: n.ARN, ID: n.ID, Name: n.Name,
		Issuer: n.Issuer, IssuerID: n.IssuerID,
	}
}

func (n *session) session() *api.Session {
	return &api.Session{
		Issued: n.Issued, Expires: n.Expires, MFA: n.MFA, Policies: n.Policies, PolicyARNs: n.PolicyARNs,
		Tags: n.Tags, SourceIdentity: n.SourceIdentity, Provider: n.Provider,
	}
}

// Sweep forgets sessions that expired long ago and writes down when keys and
// roles were last used. It is to be run now and then, and before the end.
func (s *Service) Sweep(ctx context.Context) error {
	before := storage.K(s.clock.Now().Add(-sessionMemory))
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		for k, err := range bySessionEnd.Keys(tx, storage.Range{To: before}) {
			if err != nil {
				return err
			}
			if err := bySessionEnd.Delete(tx, k); err != nil {
				return err
			}
			id := storage.K(k.Parts()[1])
			if err := errors.Join(sessions.Delete(tx, id), retiredKeys.Put(tx, id, true)); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, s.usage.flush(ctx, s.state))
}
