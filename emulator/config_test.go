package emulator

import (
	"strings"
	"testing"
	"time"
)

func TestConfigurationsThatCannotBeAreRefused(t *testing.T) {
	minute := time.Minute
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string // part of the error; empty: none
	}{
		"the default":                   {func(*Config) {}, ""},
		"in memory, without directory":  {func(c *Config) { c.Ephemeral, c.DataDir = true, "" }, ""},
		"without directory":             {func(c *Config) { c.DataDir = "" }, "no data directory"},
		"an account of 11 digits":       {func(c *Config) { c.Account = "11112222333" }, "not 12 digits"},
		"an account with a line break":  {func(c *Config) { c.Account = "111122223333\n" }, "not 12 digits"},
		"digits of another script":      {func(c *Config) { c.Account = "١١١١٢٢٢٢٣٣٣٣" }, "not 12 digits"},
		"no account":                    {func(c *Config) { c.Account = "" }, "not 12 digits"},
		"another Region":                {func(c *Config) { c.Region = "eu-central-1" }, ""},
		"a Region of China":             {func(c *Config) { c.Region = "cn-north-1" }, ""},
		"no Region":                     {func(c *Config) { c.Region = "" }, "not a Region"},
		"a Region that AWS cannot have": {func(c *Config) { c.Region = "Mars" }, "not a Region"},
		"another way to authenticate":   {func(c *Config) { c.Auth = "none" }, "neither lenient nor strict"},
		"strict without keys":           {func(c *Config) { c.Auth = Strict }, "needs the root user's access key"},
		"strict without secret":         {func(c *Config) { c.Auth, c.RootAccessKey = Strict, "AKIA" }, "needs the root user's access key"},
		"strict":                        {func(c *Config) { c.Auth, c.RootAccessKey, c.RootSecretKey = Strict, "AKIA", "s" }, ""},
		"half a key pair":               {func(c *Config) { c.RootSecretKey = "s" }, "go together"},
		"another timing":                {func(c *Config) { c.Timing = "slow" }, "none of fast, aws, instant"},
		"a negative delay":              {func(c *Config) { d := -time.Second; c.AssociationDelay = &d }, "negative"},
		"a negative lifetime":           {func(c *Config) { d := -time.Second; c.DataKeyLifetime = &d }, "negative"},
		"a delay":                       {func(c *Config) { c.AssociationDelay = &minute }, ""},
		"another durability":            {func(c *Config) { c.Durability = "eternal" }, "neither process nor full"},
	} {
		c := DefaultConfig()
		tt.change(&c)
		err := c.check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if tt.want == "" {
			continue
		}
		c.DataDir = t.TempDir()
		if c.check() == nil {
			continue // only the directory was wrong
		}
		if _, err := Start(t.Context(), c); err == nil || !strings.HasPrefix(err.Error(), "emulator: ") {
			t.Errorf("%s: Start: %v", name, err)
		}
	}
}

func TestDelaysAreThoseOfTheProfileUnlessOverridden(t *testing.T) {
	hour := time.Hour
	fast := delays{association: time.Second, delivery: 2 * time.Second, digest: time.Minute, keyStore: time.Second}
	aws := delays{5 * time.Minute, 5 * time.Minute, 5 * time.Minute, 5 * time.Minute, time.Hour, 5 * time.Minute}
	instant := delays{digest: time.Minute}
	for name, tt := range map[string]struct {
		config Config
		want   delays
	}{
		"fast":               {Config{Timing: Fast}, fast},
		"aws":                {Config{Timing: AWS}, aws},
		"instant":            {Config{Timing: Instant}, instant},
		"aws, at once":       {Config{Timing: AWS, AssociationDelay: new(time.Duration(0))}, delays{0, aws.dataKey, aws.grant, aws.delivery, aws.digest, aws.keyStore}},
		"instant, all hours": {Config{Timing: Instant, AssociationDelay: &hour, DataKeyLifetime: &hour, GrantDelay: &hour, DeliveryInterval: &hour, DigestInterval: &hour, KeyStoreDelay: &hour}, delays{hour, hour, hour, hour, hour, hour}},
	} {
		if got, err := tt.config.delays(); err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, tt.want)
		}
	}
	for _, c := range []Config{{Timing: Fast, DigestInterval: new(time.Duration(0))}, {Timing: Fast, GrantDelay: new(-hour)}, {Timing: "slow"}} {
		if d, err := c.delays(); err == nil {
			t.Errorf("%+v has the delays %+v", c, d)
		}
	}
}

func TestDurationsMayBeginWithDays(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "0s": 0, "0": 0, "0d": 0,
		"7d": 7 * day, "1d12h": 36 * time.Hour, "30d1ms": 30*day + time.Millisecond, "36500d": 36500 * day,
		"-5m": -5 * time.Minute, "1.5h": 90 * time.Minute,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "d", "5", "-1d", "1.5d", "1d-1h", "1d1d", "1d x", "1d ", " 1d", "36501d", "999999d", "9999999d", "1D", "7d\n",
		"1e3s", "１d", "1w", "9223372036854775808ns", "36500d9223372036854775807ns",
	} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}
