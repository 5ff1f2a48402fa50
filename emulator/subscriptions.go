package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"sealstack/arn"
	"sealstack/logs"
)

// Streams and functions that subscriptions of CloudWatch Logs deliver to exist
// as far as these routes say where they are.

func (e *Emulator) putAddress(r *http.Request) (any, error) {
	var in logs.Address
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, badRequest{fmt.Errorf("%w: %w", logs.ErrBadAddress, err)}
	}
	err := e.logs.SetAddress(r.Context(), in)
	if errors.Is(err, logs.ErrBadAddress) {
		return nil, badRequest{err}
	}
	return in, err
}

func (e *Emulator) deleteAddress(r *http.Request) (any, error) {
	name := r.URL.Query().Get("arn")
	if name == "" {
		return nil, badRequest{errors.New("the query must be arn=ARN")}
	}
	return struct{}{}, e.logs.DropAddress(r.Context(), name)
}

func (e *Emulator) listAddresses(r *http.Request) (any, error) { return e.logs.Addresses(r.Context()) }

// deadLetters lists what subscriptions of an account in a Region could not
// deliver.
func (e *Emulator) deadLetters(r *http.Request) (any, error) {
	region, account := r.URL.Query().Get("region"), r.URL.Query().Get("account")
	if region == "" {
		region = e.config.Region
	}
	if account == "" {
		account = e.config.Account
	}
	if !arn.ValidRegion(region) || !accountPattern.MatchString(account) {
		return nil, badRequest{errors.New("the query may be region=REGION and account=ACCOUNT")}
	}
	return e.logs.DeadLetters(asRoot(r.Context(), account, region))
}
