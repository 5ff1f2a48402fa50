package emulator

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"sealstack/arn"
)

// Config says how an emulator is to be. The zero value is not valid; start
// from [DefaultConfig].
type Config struct {
	DataDir   string // directory of the database, the log data and the root key; made if missing
	Ephemeral bool   // keep everything in memory; DataDir is not used

	Account string // default account, 12 digits
	Region  string // Region of calls that name none

	Auth          AuthMode
	RootAccessKey string // access key of the default account's root user (strict)
	RootSecretKey string

	Timing Timing
	// AssociationDelay, DataKeyLifetime and GrantDelay override Timing's
	// values if not nil.
	AssociationDelay *time.Duration
	DataKeyLifetime  *time.Duration
	GrantDelay       *time.Duration

	Durability Durability
	// Passphrase protects the root key. Without one, the key lies in a file
	// of mode 0600 in DataDir.
	Passphrase []byte

	Log *slog.Logger // nil discards
}

// AuthMode says what becomes of access key ids that the emulator did not
// issue.
type AuthMode string

// The modes of authentication. In both, a key that the emulator issued is
// always verified.
const (
	// Lenient takes an access key id of 12 digits as the root user of that
	// account and any other unknown id as the root user of the default account.
	Lenient AuthMode = "lenient"
	// Strict refuses unknown ids.
	Strict AuthMode = "strict"
)

// Timing is a profile of the delays that AWS documents.
type Timing string

// The profiles: what AWS does within five minutes takes a second at most
// (fast), five minutes of the emulator's clock (aws) or no time (instant).
const (
	Fast    Timing = "fast"
	AWS     Timing = "aws"
	Instant Timing = "instant"
)

// Durability says what an acknowledged write survives.
type Durability string

// The durabilities.
const (
	Process Durability = "process" // the death of the process, at any instant
	Full    Durability = "full"    // also a loss of power: each write is synced first
)

// delays are the instants that a profile sets.
type delays struct {
	association time.Duration // until a key association takes effect
	dataKey     time.Duration // life of a plaintext data key in memory
	grant       time.Duration // until a grant works without its token
}

var profiles = map[Timing]delays{
	// Half a second for data keys: a person who revokes a key and reads, in
	// two calls of the AWS CLI, must see the outcome (docs/decisions).
	Fast:    {association: time.Second, dataKey: 500 * time.Millisecond},
	AWS:     {association: 5 * time.Minute, dataKey: 5 * time.Minute, grant: 5 * time.Minute},
	Instant: {},
}

// DefaultConfig returns the configuration of `go run ./cmd/emulator`.
func DefaultConfig() Config {
	return Config{
		DataDir: ".sealstack", Account: "000000000000", Region: "us-east-1",
		Auth: Lenient, Timing: Fast, Durability: Process,
	}
}

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// check reports the first value of c that can't be.
func (c *Config) check() error {
	switch {
	case !accountPattern.MatchString(c.Account):
		return fmt.Errorf("account %q is not 12 digits", c.Account)
	case !arn.ValidRegion(c.Region):
		return fmt.Errorf("region %q is not a Region of AWS", c.Region)
	case c.Auth != Lenient && c.Auth != Strict:
		return fmt.Errorf("auth %q is neither lenient nor strict", c.Auth)
	case c.Auth == Strict && (c.RootAccessKey == "" || c.RootSecretKey == ""):
		return errors.New("strict authentication needs the root user's access key and secret key")
	case (c.RootAccessKey == "") != (c.RootSecretKey == ""):
		return errors.New("the root user's access key and secret key go together")
	case c.Durability != Process && c.Durability != Full:
		return fmt.Errorf("durability %q is neither process nor full", c.Durability)
	case !c.Ephemeral && c.DataDir == "":
		return errors.New("no data directory is given")
	}
	_, err := c.delays()
	return err
}

// delays returns the profile's delays with the overrides applied.
func (c *Config) delays() (delays, error) {
	d, ok := profiles[c.Timing]
	if !ok {
		return d, fmt.Errorf("timing %q is none of fast, aws, instant", c.Timing)
	}
	if c.AssociationDelay != nil {
		d.association = *c.AssociationDelay
	}
	if c.DataKeyLifetime != nil {
		d.dataKey = *c.DataKeyLifetime
	}
	if c.GrantDelay != nil {
		d.grant = *c.GrantDelay
	}
	if d.association < 0 || d.dataKey < 0 || d.grant < 0 {
		return d, errors.New("a delay is negative")
	}
	return d, nil
}
