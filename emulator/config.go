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
	// These override Timing's values if not nil.
	AssociationDelay *time.Duration
	DataKeyLifetime  *time.Duration
	GrantDelay       *time.Duration
	DeliveryInterval *time.Duration
	DigestInterval   *time.Duration
	KeyStoreDelay    *time.Duration
	DigestEncryption DigestEncryption

	// ProxyTimeout is how long an external key store proxy may take, 250 ms on
	// AWS if nil. ProxyEndpoints says where proxies really are whose endpoint
	// has AWS's form ("https://xks.example.com"): at "http://127.0.0.1:9000".
	// Without TLS only this machine is talked to.
	ProxyTimeout   *time.Duration
	ProxyEndpoints map[string]string
	// AttestationRoots are certificates in PEM that count as roots of
	// attestation documents besides AWS's.
	AttestationRoots []byte
	// Quotas replaces AWS's default quotas, by the names in QuotaNames. A
	// request quota of KMS (requests per second) holds if it is here; with
	// Throttling AWS's defaults hold for all the others.
	Quotas     map[string]int
	Throttling bool

	// CORSOrigins are the origins whose pages may do everything with S3 where
	// no CORS configuration of a bucket says otherwise; each may have one "*".
	// AWS lets none in.
	CORSOrigins []string

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

// DigestEncryption says how CloudTrail's digest files are encrypted.
type DigestEncryption string

// The ways: the documentation of 2017 to 2023 says SSE-S3 for every digest
// file; the API reference of today says that a trail's key encrypts them too.
const (
	DigestSSES3  DigestEncryption = "sse-s3"
	DigestSSEKMS DigestEncryption = "sse-kms"
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
	delivery    time.Duration // for which CloudTrail collects a log file
	digest      time.Duration // that a digest file covers
	keyStore    time.Duration // for which a custom key store connects
}

var profiles = map[Timing]delays{
	// No data key is held: who revokes a key and reads, in two calls one
	// after the other, must see the outcome (docs/decisions).
	Fast: {association: time.Second, delivery: 2 * time.Second, digest: time.Minute, keyStore: time.Second},
	AWS: {
		association: 5 * time.Minute, dataKey: 5 * time.Minute, grant: 5 * time.Minute,
		delivery: 5 * time.Minute, digest: time.Hour, keyStore: 5 * time.Minute,
	},
	Instant: {digest: time.Minute},
}

// DefaultConfig returns the configuration of `go run ./cmd/emulator`.
func DefaultConfig() Config {
	return Config{
		DataDir: ".sealstack", Account: "000000000000", Region: "us-east-1",
		Auth: Lenient, Timing: Fast, Durability: Process, DigestEncryption: DigestSSES3,
		CORSOrigins: localOrigins(),
	}
}

// localOrigins are those of pages that this machine serves itself. A page from
// elsewhere that could read answers could read everything here, unknown access
// keys being root.
func localOrigins() (list []string) {
	for _, scheme := range []string{"http://", "https://"} {
		for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
			list = append(list, scheme+host, scheme+host+":*")
		}
	}
	return list
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
	case c.DigestEncryption != DigestSSES3 && c.DigestEncryption != DigestSSEKMS:
		return fmt.Errorf("digest encryption %q is neither sse-s3 nor sse-kms", c.DigestEncryption)
	case !c.Ephemeral && c.DataDir == "":
		return errors.New("no data directory is given")
	}
	if err := c.checkKMS(); err != nil {
		return err
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
	for given, at := range map[**time.Duration]*time.Duration{
		&c.AssociationDelay: &d.association, &c.DataKeyLifetime: &d.dataKey, &c.GrantDelay: &d.grant,
		&c.DeliveryInterval: &d.delivery, &c.DigestInterval: &d.digest, &c.KeyStoreDelay: &d.keyStore,
	} {
		if *given != nil {
			*at = **given
		}
	}
	if min(d.association, d.dataKey, d.grant, d.delivery, d.keyStore) < 0 || d.digest <= 0 {
		return d, errors.New("a delay is negative, or the digest interval is not positive")
	}
	return d, nil
}
