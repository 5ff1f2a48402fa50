package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"sealstack/emulator"
)

// options is what the command line and the environment say.
type options struct {
	listen string
	config emulator.Config
}

// parse reads the flags; a flag that is not given takes its value from the
// environment.
func parse(args []string, getenv func(string) string, stderr io.Writer) (options, error) {
	o := options{config: emulator.DefaultConfig()}
	c := &o.config
	f := flag.NewFlagSet("emulator", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.listen, "listen", "127.0.0.1:4566", "`address` to listen on")
	f.StringVar(&c.DataDir, "data-dir", c.DataDir, "`directory` that holds everything")
	f.BoolVar(&c.Ephemeral, "ephemeral", c.Ephemeral, "keep everything in memory and forget it at the end")
	f.StringVar(&c.Account, "account", c.Account, "default `account`, 12 digits")
	f.StringVar(&c.Region, "region", c.Region, "`Region` of calls that name none")
	f.Var(text[emulator.AuthMode]{&c.Auth}, "auth", "`mode`: lenient (unknown access keys are root) or strict (they are refused)")
	f.StringVar(&c.RootAccessKey, "root-access-key", "", "access `key` id of the default account's root user")
	f.StringVar(&c.RootSecretKey, "root-secret-key", "", "secret access `key` of the default account's root user")
	f.Var(text[emulator.Timing]{&c.Timing}, "timing", "`profile` of AWS's delays: fast (a second), aws (five minutes) or instant")
	f.Var(duration{&c.AssociationDelay}, "association-delay", "`time` until a key association takes effect, instead of the profile's")
	f.Var(duration{&c.DataKeyLifetime}, "data-key-lifetime", "`time` that a plaintext data key lives in memory, instead of the profile's")
	f.Var(duration{&c.GrantDelay}, "grant-delay", "`time` until a grant works without its token, instead of the profile's")
	f.Var(duration{&c.DeliveryInterval}, "delivery-interval", "`time` for which CloudTrail collects a log file, instead of the profile's")
	f.Var(duration{&c.DigestInterval}, "digest-interval", "`time` that a digest file of CloudTrail covers, instead of the profile's")
	f.Var(duration{&c.KeyStoreDelay}, "key-store-delay", "`time` that a custom key store of KMS takes to connect, instead of the profile's")
	f.Var(duration{&c.ProxyTimeout}, "xks-timeout", "`time` that an external key store proxy may take; 250ms, as on AWS")
	f.Var(pairs{&c.ProxyEndpoints}, "xks-endpoints", "`endpoints` of external key store proxies and where they really are, with commas between: https://xks.example.com=http://127.0.0.1:9000")
	f.Var(numbers{&c.Quotas}, "quota", "`quotas` to replace AWS's, with commas between: kms.keys=5; one of "+strings.Join(quotaNames(), ", "))
	f.BoolVar(&c.Throttling, "throttling", c.Throttling, "hold calls to AWS's request quotas of KMS: ThrottlingException beyond them")
	f.Var(content{&c.AttestationRoots}, "attestation-roots", "`file` of certificates in PEM that count as roots of attestation documents besides AWS's")
	f.Var(text[emulator.DigestEncryption]{&c.DigestEncryption}, "digest-encryption", "`way`: sse-s3 or sse-kms, for CloudTrail's digest files")
	f.Var(list{&c.CORSOrigins}, "cors-origins", "`origins`, with commas between, whose pages may use S3 where no bucket's configuration says otherwise; none, as on AWS")
	f.Var(text[emulator.Durability]{&c.Durability}, "durability", "`what` an acknowledged write survives: process (kill -9) or full (loss of power)")
	passphrase := f.String("seal-passphrase-file", "", "`file` whose first line protects the root key")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if err := fromEnvironment(f, getenv); err != nil {
		return o, err
	}
	return o, readPassphrase(c, *passphrase)
}

// quotaNames lists the quotas for the help, those of requests in short.
func quotaNames() []string {
	const rate = "kms.rate."
	names := slices.DeleteFunc(emulator.QuotaNames(), func(name string) bool { return strings.HasPrefix(name, rate) })
	return append(names, rate+"OPERATION (requests a second, as of CreateKey)", rate+"symmetric", rate+"rsa", rate+"ecc")
}

// fromEnvironment sets every flag that was not given and whose variable is
// set: SEALSTACK_DATA_DIR for -data-dir.
func fromEnvironment(f *flag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	var failed error
	f.VisitAll(func(fl *flag.Flag) {
		name := "SEALSTACK_" + strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))
		value := getenv(name)
		if given[fl.Name] || value == "" || failed != nil {
			return
		}
		if err := f.Set(fl.Name, value); err != nil {
			failed = fmt.Errorf("%s=%q: %w", name, value, err)
		}
	})
	return failed
}

func readPassphrase(c *emulator.Config, file string) error {
	if file == "" {
		return nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	c.Passphrase = bytes.TrimRight(line, "\r")
	if len(c.Passphrase) == 0 {
		return fmt.Errorf("%s: the passphrase is empty", file)
	}
	return nil
}

// text is a flag whose type is one of the configuration's string types; the
// configuration checks the value.
type text[T ~string] struct{ at *T }

func (t text[T]) String() string {
	if t.at == nil {
		return ""
	}
	return string(*t.at)
}

func (t text[T]) Set(s string) error { *t.at = T(s); return nil }

// list is a flag of several values; "none" empties it.
type list struct{ at *[]string }

func (l list) String() string {
	if l.at == nil {
		return ""
	}
	return strings.Join(*l.at, ",")
}

func (l list) Set(s string) error {
	*l.at = nil
	if s != "none" {
		*l.at = strings.Split(s, ",")
	}
	return nil
}

// duration is a flag that stays nil unless it is given.
type duration struct{ at **time.Duration }

func (d duration) String() string {
	if d.at == nil || *d.at == nil {
		return ""
	}
	return (*d.at).String()
}

func (d duration) Set(s string) error {
	v, err := emulator.ParseDuration(s)
	*d.at = &v
	return err
}
