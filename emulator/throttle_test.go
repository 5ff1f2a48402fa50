package emulator_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"sealstack/emulator"
	"sealstack/emulator/emulatortest"
)

// throttledAmong calls DescribeCustomKeyStores so often and says how many calls
// were throttled.
func throttledAmong(t *testing.T, s *emulatortest.Server, calls int) (throttled int) {
	t.Helper()
	config := awsConfig(s)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	client := kms.NewFromConfig(config)
	for range calls {
		_, err := client.DescribeCustomKeyStores(t.Context(), &kms.DescribeCustomKeyStoresInput{})
		if err == nil {
			continue
		}
		var e smithy.APIError
		var response *awshttp.ResponseError
		if !errors.As(err, &e) || e.ErrorCode() != "ThrottlingException" || !errors.As(err, &response) || response.HTTPStatusCode() != http.StatusBadRequest ||
			e.ErrorMessage() != "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls." {
			t.Fatal(err)
		}
		throttled++
	}
	return throttled
}

func TestRequestQuotasAreOffUnlessTheyAreAskedFor(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*emulator.Config)
		want   bool
	}{
		"as it is": {func(*emulator.Config) {}, false},
		"AWS's":    {func(c *emulator.Config) { c.Throttling = true }, true},
		"one":      {func(c *emulator.Config) { c.Quotas = map[string]int{"kms.rate.DescribeCustomKeyStores": 1} }, true},
		"another":  {func(c *emulator.Config) { c.Quotas = map[string]int{"kms.rate.ListKeys": 1} }, false},
		"raised": {func(c *emulator.Config) {
			c.Throttling, c.Quotas = true, map[string]int{"kms.rate.DescribeCustomKeyStores": 9999}
		}, false},
		"one of a number": {func(c *emulator.Config) { c.Quotas = map[string]int{"kms.keys": 1} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := emulatortest.Start(t, emulatortest.WithConfig(row.change))
			if n := throttledAmong(t, s, 60); (n > 0) != row.want {
				t.Errorf("%d of 60 calls are throttled", n)
			}
		})
	}
}

func TestAThrottledCallPassesOnceTheClockHasMoved(t *testing.T) {
	s := emulatortest.Start(t, emulatortest.WithConfig(func(c *emulator.Config) { c.Quotas = map[string]int{"kms.rate.DescribeCustomKeyStores": 3} }))
	if throttledAmong(t, s, 30) == 0 {
		t.Fatal("no call is throttled")
	}
	if status, body := control(t, s, "POST", "clock/advance", `{"duration":"10s"}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if n := throttledAmong(t, s, 3); n != 0 {
		t.Errorf("%d of 3 calls are throttled after ten seconds", n)
	}
}

func TestTheNamesOfTheQuotasAreListed(t *testing.T) {
	list := strings.Join(emulator.QuotaNames(), " ")
	for _, name := range []string{"kms.keys ", "kms.rate.CreateKey ", "kms.rate.symmetric", "kms.rate.GenerateDataKeyPair-RSA_4096 "} {
		if !strings.Contains(list, name) {
			t.Errorf("%s is not in %s", name, list)
		}
	}
}
