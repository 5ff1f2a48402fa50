package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/api/stsapi"
	"sealstack/arn"
	"sealstack/auth"
	"sealstack/storage"
)

// Kinesis, Firehose and Lambda are not in this program. A stream or a function
// exists as far as an address for its ARN is known: what AWS would send it is
// posted there.

// target is what events are sent to.
type target struct {
	vendor string // "kinesis", "firehose" or "lambda"
	arn    string
	role   *string // nil for Lambda
	owner  string  // account whose role it is
}

// addresses are kept under (ARN): URLs.
var addresses = storage.NewTable[string]("logs.address")

// Address says where what is sent to a stream or function goes.
type Address struct {
	ARN string `json:"arn"`
	URL string `json:"url"`
}

// ErrBadAddress refuses an address that can't be one.
var ErrBadAddress = errors.New(`the address must be {"arn":"arn:aws:lambda|kinesis|firehose:...","url":"http(s)://..."}`)

// SetAddress makes a stream or function exist, at a URL. ErrBadAddress.
func (s *Service) SetAddress(ctx context.Context, a Address) error {
	name, err := arn.Parse(a.ARN)
	u, bad := url.Parse(a.URL)
	if err != nil || bad != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ErrBadAddress
	}
	switch name.Service {
	case "kinesis", "firehose", "lambda":
	default:
		return ErrBadAddress
	}
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error { return addresses.Put(tx, storage.K(a.ARN), a.URL) })
}

// DropAddress makes a stream or function go.
func (s *Service) DropAddress(ctx context.Context, name string) error {
	return s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return ignoreNotFound(addresses.Delete(tx, storage.K(name)))
	})
}

// Addresses lists the streams and functions that exist, by ARN.
func (s *Service) Addresses(ctx context.Context) (all []Address, err error) {
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		all = []Address{}
		for e, err := range addresses.Scan(tx, storage.Range{}) {
			if err != nil {
				return err
			}
			all = append(all, Address{e.Key.Strings()[0], e.Value})
		}
		return nil
	})
	return all, err
}

// aim returns what a subscription is for, with AWS's checks.
func (s *Service) aim(ctx context.Context, f *subscription) (target, error) {
	a, err := arn.Parse(f.Destination)
	if err != nil {
		return target{}, badDestination(f.Destination)
	}
	p := placeOf(ctx)
	switch {
	case a.Service == "logs" && strings.HasPrefix(a.Resource, "destination:"):
		return s.subscribeTo(ctx, a, f.Destination)
	case a.Service != "kinesis" && a.Service != "firehose" && a.Service != "lambda":
		return target{}, badDestination(f.Destination)
	case a.Service != "lambda" && f.Role == nil:
		return target{}, logsapi.InvalidParameterException("destinationArn for vendor %s cannot be used without roleArn", a.Service)
	case a.Account != p.account || a.Region != p.region:
		return target{}, logsapi.InvalidParameterException("Invalid destination ARN: %s is not in this account and Region.", f.Destination) // Unverified: AWS's sentence
	}
	return target{vendor: a.Service, arn: f.Destination, role: f.Role, owner: p.account}, nil
}

// try sends a stream AWS's test message. Of a function it is only seen that
// it is there: its resource policy is Lambda's.
func (s *Service) try(ctx context.Context, t target) error {
	err := error(nil)
	if t.vendor == "lambda" {
		_, err = s.address(ctx, t)
	} else {
		err = s.send(ctx, t, controlMessage(t.vendor, s.now()), "")
	}
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	switch t.vendor {
	case "lambda":
		return logsapi.InvalidParameterException("Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.")
	case "firehose":
		return logsapi.InvalidParameterException("Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state.")
	}
	return logsapi.InvalidParameterException("Could not deliver test message to specified Kinesis stream. Check if the given kinesis stream is in ACTIVE state.")
}

// refusal is a failure that no repetition mends.
type refusal struct{ error }

// send delivers a payload. The error is a refusal if it is for good.
func (s *Service) send(ctx context.Context, t target, payload []byte, partition string) error {
	to, err := s.address(ctx, t)
	if err != nil {
		return err
	}
	if t.role != nil {
		if err := s.mayDeliver(ctx, t); err != nil {
			return err
		}
	}
	body, header, err := t.request(payload, partition)
	if err != nil {
		return err
	}
	return s.post(ctx, to, body, header)
}

func (s *Service) address(ctx context.Context, t target) (string, error) {
	return lookup(ctx, s, addresses, storage.K(t.arn), func() error {
		return refusal{fmt.Errorf("ResourceNotFoundException: %s does not exist", t.arn)}
	})
}

// deliverTimeout bounds one delivery, in real time.
const deliverTimeout = 5 * time.Second

// post sends a body. Answers from 500 on, and "too many requests", are worth
// another try.
func (s *Service) post(ctx context.Context, to string, body []byte, header http.Header) error {
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return refusal{err}
	}
	r.Header = header
	resp, err := s.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	switch {
	case resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
		return fmt.Errorf("the destination answers %s", resp.Status)
	}
	return refusal{fmt.Errorf("the destination answers %s", resp.Status)}
}

// deliverySession is the name of the sessions in which roles deliver.
const deliverySession = "CloudWatchLogsSubscription"

// mayDeliver assumes the role, as CloudWatch Logs, and asks whether it may put
// into the stream.
func (s *Service) mayDeliver(ctx context.Context, t target) error {
	session, err := s.assume(ctx, t)
	if err == nil {
		err = s.auth.Authorize(session, &auth.Request{
			Service: logsapi.Service, Action: t.vendor + ":PutRecord", Resource: t.arn,
		})
	}
	if e, ok := errors.AsType[*api.Error](err); ok && !e.Fault() {
		return refusal{err}
	}
	return err
}

// assume returns a context of a session of the target's role. Trust policies
// name CloudWatch Logs with its Region or without.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
func (s *Service) assume(ctx context.Context, t target) (context.Context, error) {
	p := placeOf(ctx)
	if s.sts == nil {
		return nil, refusal{errors.New("no role can be assumed")}
	}
	in := &stsapi.AssumeRoleRequest{RoleArn: *t.role, RoleSessionName: deliverySession}
	var out *stsapi.AssumeRoleResponse
	var err error
	for _, principal := range []string{"logs." + p.region + "." + arn.DNSSuffix(p.partition), "logs." + arn.DNSSuffix(p.partition)} {
		out, err = s.sts.AssumeRole(api.AsService(ctx, principal, p.group("*"), p.account), in)
		if err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	role, _, _ := strings.Cut(out.AssumedRoleUser.AssumedRoleId, ":")
	return api.WithCaller(ctx, &api.Caller{
		Principal: api.Principal{
			Type: api.AssumedRole, Account: t.owner, ARN: out.AssumedRoleUser.Arn, ID: out.AssumedRoleUser.AssumedRoleId,
			Name: deliverySession, Issuer: *t.role, IssuerID: role,
		},
		AccessKeyID: out.Credentials.AccessKeyId,
		Session:     &api.Session{Issued: s.clock.Now(), Expires: out.Credentials.Expiration},
		Partition:   p.partition, Region: p.region, Secure: true,
	}), nil
}
