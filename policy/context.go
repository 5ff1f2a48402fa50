package policy

// Context gives a request's condition keys. Keys are asked for in lower case,
// because AWS does not mind the case of key names: "aws:sourceip",
// "kms:encryptioncontext:aws:logs:arn".
//
// present tells a key that the request does not have from one that it has with
// no values: the former is what Null and IfExists ask about.
//
// A service may implement it over its own request, so that a value is made only
// if a policy asks for it; the slice is not kept or changed. A nil Context has
// no keys.
type Context interface {
	Lookup(key string) (values []string, present bool)
}

// Keys is a Context held in a map. The names must be in lower case.
type Keys map[string][]string

// Lookup gives the values under the lower-case name key.
func (k Keys) Lookup(key string) ([]string, bool) {
	values, present := k[key]
	return values, present
}

// Lazy is a Context that computes its values when they are asked for.
type Lazy func(key string) (values []string, present bool)

// Lookup calls the function.
func (l Lazy) Lookup(key string) ([]string, bool) { return l(key) }

// Layered lays one Context over another: a key is looked for in Over, then in
// Base. Either may be nil.
type Layered struct{ Over, Base Context }

// Lookup gives the upper layer's values if it has the key, else the lower's.
func (l Layered) Lookup(key string) ([]string, bool) {
	if values, present := lookup(l.Over, key); present {
		return values, true
	}
	return lookup(l.Base, key)
}

func lookup(ctx Context, key string) ([]string, bool) {
	if ctx == nil {
		return nil, false
	}
	return ctx.Lookup(key)
}
