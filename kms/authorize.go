package kms

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/auth"
)

// request collects what KMS knows of a call for the decision whether it is
// allowed. The keys are KMS's condition keys:
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
type request struct {
	action  string
	keys    auth.Keys
	local   bool   // the operation has no cross-account use
	shown   string // instead of the key in a denial
	newborn bool   // the key is being made: a denial does not name it

	// For the grants on the key:
	contextual bool              // the operation has an encryption context, be it empty
	pairs      map[string]string // of the encryption context
	tokens     []string          // ids of the grants whose tokens the request brings
	child      *grant            // that is to be created
}

// on starts the request for an action, without "kms:".
func on(ctx context.Context, action string) *request {
	r := &request{action: "kms:" + action, keys: auth.Keys{}}
	c := api.CallerOf(ctx)
	if c.Account != "" {
		r.set("kms:calleraccount", c.Account)
	}
	if n := len(c.Via); n > 0 {
		r.set("kms:viaservice", viaService(c.Via[n-1], c.Region))
	}
	return r
}

// viaService names a service as kms:ViaService does, with its Region.
func viaService(principal, region string) string {
	service, suffix, _ := strings.Cut(principal, ".")
	if strings.HasPrefix(suffix, region+".") {
		return principal
	}
	return service + "." + region + "." + suffix
}

// set gives a condition key, in lower case, its values. Without values the key
// stays absent.
func (r *request) set(key string, values ...string) {
	if len(values) > 0 {
		r.keys[key] = values
	}
}

func (r *request) setBool(key string, value bool) { r.set(key, strconv.FormatBool(value)) }

// inAccount says that the operation is refused to other accounts.
func (r *request) inAccount() *request {
	r.local = true
	return r
}

// crypto adds what the cryptographic operations have: the encryption context
// and the algorithm, which counts even if the request does not name it.
func (r *request) crypto(context map[string]string, algorithm kmsapi.EncryptionAlgorithmSpec) *request {
	r.set("kms:encryptionalgorithm", string(algorithm))
	r.contextual, r.pairs = true, context
	return r.context(context)
}

// context adds the condition keys of an encryption context.
func (r *request) context(context map[string]string) *request {
	names := make([]string, 0, len(context))
	for name, value := range context {
		names = append(names, name)
		key := "kms:encryptioncontext:" + strings.ToLower(name)
		r.set(key, append(r.keys[key], value)...)
	}
	r.set("kms:encryptioncontextkeys", names...)
	return r
}

// holding adds the grants whose tokens the request brings, as redeem gives
// them.
func (r *request) holding(tokens []string) *request {
	r.tokens = tokens
	return r
}

// requestTags adds the tags that the request brings.
func (r *request) requestTags(tags []kmsapi.Tag) *request {
	brought := make(map[string]string, len(tags))
	for _, t := range tags {
		brought[t.TagKey] = t.TagValue
	}
	maps.Copy(r.keys, auth.RequestTags(brought))
	return r
}

// bypass adds the parameter of that name if the request has it.
func (r *request) bypass(sent *bool) *request {
	if sent != nil {
		r.setBool("kms:bypasspolicylockoutsafetycheck", *sent)
	}
	return r
}

// kind adds the properties that a key has or will have.
func (r *request) kind(k *record) *request {
	r.set("kms:keyspec", string(k.Spec))
	r.set("kms:keyusage", string(k.Usage))
	r.set("kms:keyorigin", string(k.Origin))
	r.set("kms:customermasterkeyspec", string(k.Spec))
	r.set("kms:customermasterkeyusage", string(k.Usage))
	r.setBool("kms:multiregion", k.Multi != nil)
	if k.Multi != nil {
		r.set("kms:multiregionkeytype", string(k.relation()))
	}
	return r
}

// property adds what a key-resource operation knows of its key.
func (r *request) property(k *key) {
	r.kind(&k.record)
	if k.alias != "" {
		r.set("kms:requestalias", k.alias)
	}
	r.set("kms:resourcealiases", k.Aliases...)
	for _, t := range k.Tags {
		r.set("aws:resourcetag/"+strings.ToLower(t.Key), t.Value)
	}
}

// allow asks whether the caller may do the action on the key called n: nil k
// stands for a key of another account that is not there, and is refused as
// one that is. A key's policy is the gate: without it IAM policies give
// nothing, only a grant does.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (s *Service) allow(ctx context.Context, r *request, k *key, n name) error {
	ask, grants := s.question(ctx, r, k, n)
	err := s.authorizer.Authorize(ctx, ask)
	if grants != nil && grants.failed != nil {
		return fmt.Errorf("kms: grants on %s: %w", k.arn(), grants.failed)
	}
	if err == nil && k == nil { // never: without a policy the gate is shut
		err = keyNotFound(n.arn())
	}
	return err
}

// question is what allow asks, and the grants that are asked with it, nil if
// there are none to ask.
//
// Unverified: another account's alias is denied under its own name. The key's
// would tell that the alias exists, and which key it has.
func (s *Service) question(ctx context.Context, r *request, k *key, n name) (*auth.Request, *inquiry) {
	ask := &auth.Request{
		Service: kmsapi.Service, Action: r.action, Resource: n.arn(), Account: n.account,
		Gate: true, Local: r.local, Keys: r.keys, Shown: r.shown,
	}
	c := api.CallerOf(ctx)
	abroad := n.account != c.Account
	if abroad && n.alias != "" {
		ask.Shown = "resource: " + n.arn()
		r.set("kms:requestalias", n.alias)
	}
	if k == nil {
		return ask, nil
	}
	if abroad && c.Account != "" {
		blind := *ask
		blind.Keys = maps.Clone(r.keys)
		ask.Blind = &blind
	}
	r.property(k)
	ask.Resource, ask.Account, ask.Policy = k.arn(), k.Account, k.policy
	ask.Managed = k.manager() == kmsapi.KeyManagerTypeAws
	grants := s.inquire(ctx, r, k)
	if grants != nil {
		ask.Granted = grants.answer
	}
	return ask, grants
}

// allowIAM asks whether the caller's IAM policies allow the action on a
// resource that has no policy: an alias, or "*".
func (s *Service) allowIAM(ctx context.Context, r *request, resource string) error {
	return s.authorizer.Authorize(ctx, &auth.Request{
		Service: kmsapi.Service, Action: r.action, Resource: resource, Keys: r.keys, Local: r.local, Unnamed: r.newborn,
	})
}

// open resolves a key and authorizes the request on it.
func (s *Service) open(ctx context.Context, keyID string, take forms, r *request) (*key, error) {
	k, n, err := s.resolve(ctx, keyID, take)
	if err != nil {
		return nil, err
	}
	return k, s.allow(ctx, r, k, n)
}

// openOwn is open for the operations that take no alias and have no
// cross-account use.
func (s *Service) openOwn(ctx context.Context, keyID, action string) (*key, error) {
	return s.open(ctx, keyID, keyForms, on(ctx, action).inAccount())
}
