package emulator

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sealstack/kms"
	"sealstack/kms/attestation"
)

// quotaFields are the quotas that can be set, by name.
var quotaFields = map[string]func(*kms.Quotas) *int{
	"kms.keys":                func(q *kms.Quotas) *int { return &q.Keys },
	"kms.aliases-per-key":     func(q *kms.Quotas) *int { return &q.Aliases },
	"kms.grants-per-key":      func(q *kms.Quotas) *int { return &q.Grants },
	"kms.key-stores":          func(q *kms.Quotas) *int { return &q.KeyStores },
	"kms.on-demand-rotations": func(q *kms.Quotas) *int { return &q.OnDemandRotations },
	"kms.key-policy-bytes":    func(q *kms.Quotas) *int { return &q.PolicyBytes },
}

// ratePrefix stands before the names of the request quotas of KMS.
const ratePrefix = "kms.rate."

// QuotaNames lists the quotas that Config.Quotas can set, ascending.
func QuotaNames() []string {
	names := slices.Collect(maps.Keys(quotaFields))
	for _, name := range kms.RateNames() {
		names = append(names, ratePrefix+name)
	}
	slices.Sort(names)
	return names
}

// kmsQuotas are the quotas of KMS on numbers as they are set.
func (c *Config) kmsQuotas() (q kms.Quotas) {
	for name, n := range c.Quotas {
		if field := quotaFields[name]; field != nil {
			*field(&q) = n
		}
	}
	return q
}

// kmsThrottle holds KMS to its request quotas; nil if there are none.
func (e *Emulator) kmsThrottle() *kms.Throttle {
	set := map[string]int{}
	for name, n := range e.config.Quotas {
		if rate, ok := strings.CutPrefix(name, ratePrefix); ok {
			set[rate] = n
		}
	}
	if !e.config.Throttling && len(set) == 0 {
		return nil
	}
	return kms.NewThrottle(e.clock, e.config.Throttling, set)
}

var proxyEndpoint = regexp.MustCompile(`^https://[a-zA-Z0-9.-]+$`)

// checkKMS reports the first value for KMS that can't be.
func (c *Config) checkKMS() error {
	names := QuotaNames()
	for name, n := range c.Quotas {
		if _, known := slices.BinarySearch(names, name); !known || n < 1 {
			return fmt.Errorf("quota %s=%d is none of %s with a positive number", name, n, strings.Join(names, ", "))
		}
	}
	if _, err := attestation.Roots(c.AttestationRoots); err != nil {
		return err
	}
	if c.ProxyTimeout != nil && *c.ProxyTimeout <= 0 {
		return errors.New("the timeout of external key store proxies is not positive")
	}
	for endpoint, at := range c.ProxyEndpoints {
		if !proxyEndpoint.MatchString(endpoint) {
			return fmt.Errorf("external key store endpoint %q is not https:// and a host", endpoint)
		}
		if err := checkProxyURL(at); err != nil {
			return err
		}
	}
	return nil
}

// checkProxyURL wants TLS, or this machine.
func checkProxyURL(at string) error {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return fmt.Errorf("external key store proxy %q is no URL of a host", at)
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return fmt.Errorf("external key store proxy %q has no TLS and is not on this machine", at)
	}
	return nil
}

// proxyTimeout is zero for AWS's.
func (c *Config) proxyTimeout() time.Duration {
	if c.ProxyTimeout == nil {
		return 0
	}
	return *c.ProxyTimeout
}
