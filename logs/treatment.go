package logs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"

	"sealstack/api/logsapi"
	"sealstack/logs/protect"
	"sealstack/logs/transform"
	"sealstack/storage"
)

// treatment is what was in force for a group's events when they were
// ingested, beside their key: fingerprints of the data protection policies
// and of the transformer. It is part of a segment's record. What it names is
// applied whenever the segment is read, so that a change concerns later
// events only and nothing derived from an event is stored.
type treatment struct {
	Protection  []string
	Transformer string
}

// rule is the text of a data protection policy or of a transformer, under
// (account, Region, fingerprint). It stays: segments refer to it.
type rule struct{ Text string }

var rules = storage.NewTable[rule]("logs.rule")

// treating is a treatment at work.
type treating struct {
	treatment
	texts       map[string]string // by fingerprint
	policies    []*protect.Policy
	transformer *transform.Transformer
}

// compiled keeps policies and transformers by fingerprint, so that they are
// compiled once.
type compiledRules struct {
	mu           sync.Mutex
	policies     map[string]*protect.Policy
	transformers map[string]*transform.Transformer
}

const maxCompiled = 1000

func fingerprint(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (c *compiledRules) policy(id, text string) (*protect.Policy, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return compileOnce(&c.policies, id, text, protect.Parse)
}

func (c *compiledRules) transformer(id, text string) (*transform.Transformer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return compileOnce(&c.transformers, id, text, transform.Parse)
}

func compileOnce[T any](known *map[string]*T, id, text string, parse func([]byte) (*T, error)) (*T, error) {
	if v := (*known)[id]; v != nil {
		return v, nil
	}
	v, err := parse([]byte(text))
	if err != nil {
		return nil, err
	}
	if *known == nil || len(*known) >= maxCompiled {
		*known = map[string]*T{}
	}
	(*known)[id] = v
	return v, nil
}

// treatingNow returns what is in force for events that a group takes in now.
// The policies of the account and of the group add up; the group's own
// transformer stands in place of the account's.
func (s *Service) treatingNow(ctx context.Context, g *group) (*treating, error) {
	policies, err := s.ingestPolicies(ctx)
	if err != nil {
		return nil, err
	}
	protection, transformer := textsFor(policies.protection, g.Name), ""
	if of := textsFor(policies.transformer, g.Name); len(of) > 0 {
		transformer = of[0]
	}
	if g.Protection != nil {
		protection = append(protection, g.Protection.Text)
	}
	if g.Transformer != nil {
		transformer = g.Transformer.Text
	}
	return s.treating(protection, transformer)
}

// textsFor returns those of the account's policies that are in force for the
// group of a name.
func textsFor(policies []accountPolicy, group string) (texts []string) {
	for i := range policies {
		if policies[i].covers(group) {
			texts = append(texts, policies[i].Document)
		}
	}
	return texts
}

// treating compiles texts.
func (s *Service) treating(protection []string, transformer string) (*treating, error) {
	if len(protection) == 0 && transformer == "" {
		return &treating{}, nil
	}
	t := &treating{texts: map[string]string{}}
	for _, text := range protection {
		id := fingerprint(text)
		if slices.Contains(t.Protection, id) {
			continue
		}
		p, err := s.compiled.policy(id, text)
		if err != nil {
			return nil, err
		}
		t.Protection, t.policies, t.texts[id] = append(t.Protection, id), append(t.policies, p), text
	}
	if transformer == "" {
		return t, nil
	}
	t.Transformer = fingerprint(transformer)
	t.texts[t.Transformer] = transformer
	var err error
	t.transformer, err = s.compiled.transformer(t.Transformer, transformer)
	return t, err
}

// recall returns the treatment of a segment at work.
func (s *Service) recall(ctx context.Context, of treatment) (*treating, error) {
	var protection []string
	transformer := ""
	err := s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		protection = protection[:0]
		for _, id := range of.Protection {
			r, err := rules.Get(tx, placeOf(ctx).key(id))
			if err != nil {
				return err
			}
			protection = append(protection, r.Text)
		}
		if of.Transformer == "" {
			return nil
		}
		r, err := rules.Get(tx, placeOf(ctx).key(of.Transformer))
		transformer = r.Text
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.treating(protection, transformer)
}

// keep stores the texts that a segment refers to, those that are not there.
func (t *treating) keep(tx storage.Tx, p place) error {
	for id, text := range t.texts {
		there, err := rules.Has(tx, p.key(id))
		if err == nil && !there {
			err = rules.Put(tx, p.key(id), rule{text})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mask hides what the policies find.
func (t *treating) mask(message string) string {
	if len(t.policies) == 0 {
		return message
	}
	return protect.Mask(message, t.policies...)
}

// transformed returns the transformed version of a message, "" if there is
// none: without a transformer, or where it fails, an event stays as it is.
func (t *treating) transformed(message string, m transform.Metadata) string {
	if t.transformer == nil {
		return ""
	}
	out, err := t.transformer.Apply(message, m)
	if errors.Is(err, transform.ErrFailed) {
		return ""
	}
	return out
}

// outgoing is what leaves a group as its events are ingested: to metric and
// subscription filters and live tails. Sensitive data is masked.
type outgoing struct {
	events []logsapi.InputLogEvent
	// transformed are the events as filters on transformed logs see them: in
	// their transformed version where there is one.
	transformed []logsapi.InputLogEvent
}

// outgoing masks and transforms events that are being ingested.
func (t *treating) outgoing(events []logsapi.InputLogEvent, m transform.Metadata) outgoing {
	out := outgoing{events, events}
	if len(t.policies) > 0 {
		out.events = slices.Clone(events)
		for i := range out.events {
			out.events[i].Message = t.mask(out.events[i].Message)
		}
		out.transformed = out.events
	}
	if t.transformer != nil {
		out.transformed = slices.Clone(out.events)
		for i := range out.transformed {
			if text := t.transformed(out.events[i].Message, m); text != "" {
				out.transformed[i].Message = text
			}
		}
	}
	return out
}

// metadata is what a transformer can copy into events of a stream.
func metadata(p place, g *group, stream string) transform.Metadata {
	return transform.Metadata{LogGroup: g.Name, LogStream: stream, Account: p.account, Region: p.region}
}

// views are the versions of a segment's events that a walk gives.
type views struct {
	clear  bool // the message unmasked
	both   bool // the message unmasked beside the masked one
	shaped bool // the transformed version
}

// treat applies a segment's treatment to its events. The events are the
// walk's own.
func (w *walk) treat(ctx context.Context, seg *segment, o *opened) error {
	if seg.Transformer == "" && len(seg.Protection) == 0 {
		return nil
	}
	t, err := w.s.recall(ctx, seg.treatment)
	if err != nil {
		return err
	}
	if w.views.both {
		o.clear = slices.Clone(o.events)
	}
	m := metadata(placeOf(ctx), w.g, seg.Stream)
	if w.views.shaped && t.transformer != nil {
		o.shaped = make([]string, len(o.events))
	}
	for i := range o.events {
		if !w.views.clear {
			o.events[i].message = t.mask(o.events[i].message)
		}
		if o.shaped != nil {
			o.shaped[i] = t.transformed(o.events[i].message, m)
		}
	}
	return nil
}
