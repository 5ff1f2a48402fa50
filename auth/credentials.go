package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"sealstack/api"
)

// ErrUnknownKey is what [Credentials] answers for an access key id that was
// never issued or has been deleted.
var ErrUnknownKey = errors.New("auth: unknown access key")

// Credentials are the access keys that were issued; the iam room implements
// it.
type Credentials interface {
	// Lookup returns what belongs to an access key id, or ErrUnknownKey. Any
	// other error is a failure of the store.
	Lookup(ctx context.Context, accessKeyID string) (Credential, error)
}

// Credential is an access key and whose it is.
type Credential struct {
	Secret    string
	Token     string // session token of temporary credentials, else ""
	Active    bool
	Principal api.Principal
	Session   *api.Session // of temporary credentials, else nil
}

// checkToken compares the session token of a request, and asks the emulator's
// clock whether temporary credentials have expired. It returns 0 if all is
// well.
func (c *Credential) checkToken(token string, now time.Time) FailureKind {
	if subtle.ConstantTimeCompare([]byte(token), []byte(c.Token)) != 1 {
		return InvalidToken
	}
	if c.Session != nil && !now.Before(c.Session.Expires) {
		return ExpiredToken
	}
	return 0
}
