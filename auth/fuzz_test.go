package auth

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"sealstack/api"
)

// dice makes a scene of bytes; beyond their end every throw is 0.
type dice struct{ bytes []byte }

func (d *dice) throw(sides int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % sides
}

func (d *dice) coin() bool { return d.throw(2) == 1 }

func (d *dice) law(atLeast int) law {
	l := law{}
	for range max(atLeast, d.throw(4)) {
		l = append(l, rule{deny: d.throw(8) == 7, about: d.throw(4) > 0, principal: d.throw(len(principals))})
	}
	return l
}

func (d *dice) book() lawbook {
	b := lawbook{}
	for range d.throw(3) {
		b = append(b, d.law(1))
	}
	return b
}

// levels makes control policies, of which most levels allow all.
func (d *dice) levels() []lawbook {
	var all []lawbook
	for range d.throw(4) {
		b := lawbook{law{{about: true, principal: everyone}}}
		if d.throw(8) == 7 {
			b = d.book()
			for _, l := range b {
				for i := range l {
					l[i].principal = everyone
				}
			}
		}
		all = append(all, b)
	}
	return all
}

const everyone = 11 // index into principals

func (d *dice) scene() *scene {
	s := &scene{
		caller: d.throw(kindsOfCaller), other: d.coin(), gate: d.coin(), local: d.throw(8) == 7,
		linked: d.throw(8) == 7, managed: d.throw(8) == 7, organization: d.coin(), grant: Grant(max(0, d.throw(8)-4)),
	}
	s.management = [2]bool{d.throw(8) == 7, d.throw(8) == 7}
	s.identity, s.resource = d.book(), d.law(0)
	if d.coin() {
		l := d.law(1)
		s.boundary = &l
	}
	if s.hasSession = d.coin(); s.hasSession {
		s.session = d.book()
	}
	if s.organization {
		s.service, s.resourceCtl = d.levels(), d.levels()
	}
	return s
}

// FuzzAuthorizeAgainstTheRules compares the decision with a naive reading of
// the rules, and the sentence with the decision.
func FuzzAuthorizeAgainstTheRules(f *testing.F) {
	f.Fuzz(func(t *testing.T, bytes []byte) {
		checkScene(t, (&dice{bytes}).scene())
	})
}

func TestRandomScenesFollowTheRules(t *testing.T) {
	random, seen := rand.New(rand.NewPCG(1, 2)), map[Reason]int{}
	for range 8_000 {
		bytes := make([]byte, 120)
		for i := range bytes {
			bytes[i] = byte(random.Uint32())
		}
		seen[checkScene(t, (&dice{bytes}).scene())]++
		if t.Failed() {
			return
		}
	}
	for r := NotDenied; r <= DeniedByResourceControl; r++ {
		if seen[r] < 10 {
			t.Errorf("%q came %d times", r, seen[r])
		}
	}
}

func checkScene(t *testing.T, s *scene) Reason {
	t.Helper()
	a, c, r := s.stage(t)
	want := s.naive()
	got, err := a.Decide(ctxOf(c), r)
	if err != nil || got.Reason != want || got.Allowed != (want == NotDenied) {
		t.Errorf("decided %v %v, want %v\n%+v", got, err, want, s)
	}
	var denied *api.Error
	if err := a.Authorize(ctxOf(c), r); (err == nil) != got.Allowed || err != nil && (!errors.As(err, &denied) || denied.Message != got.sentence(c, r)) {
		t.Errorf("authorized with %v, decided %v", err, got)
	}
	return want
}

// Every denial comes with a remedy, and the remedy works.
func FuzzTheRemedyWorks(f *testing.F) {
	f.Fuzz(func(t *testing.T, bytes []byte) {
		checkRemedy(t, (&dice{bytes}).scene())
	})
}

func TestTheRemediesOfRandomScenesWork(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 2_000 {
		bytes := make([]byte, 120)
		for i := range bytes {
			bytes[i] = byte(random.Uint32())
		}
		if checkRemedy(t, (&dice{bytes}).scene()); t.Failed() {
			return
		}
	}
}

func checkRemedy(t *testing.T, s *scene) {
	t.Helper()
	a, c, r := s.stage(t)
	e, err := a.Explain(ctxOf(c), r)
	d, _ := a.Decide(ctxOf(c), r)
	if err != nil || e.Allowed != d.Allowed || e.Reason != d.Reason || (e.Remedy == nil) != d.Allowed || (e.Sentence == "") != d.Allowed {
		t.Fatalf("explained %+v, decided %v, %v", e, d, err)
	}
	if _, err := json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	if e.Remedy == nil {
		return
	}
	if e.Remedy.Never != (s.local && (s.caller == nobody || s.other && s.caller <= aFederated)) {
		t.Errorf("never: %v\n%+v", e.Remedy.Never, s)
	}
	if e.Remedy.Never {
		return
	}
	s.heal(t, e.Remedy)
	a, c, r = s.stage(t)
	if after, err := a.Explain(ctxOf(c), r); err != nil || !after.Allowed {
		text, _ := json.MarshalIndent(e, "", " ")
		t.Errorf("still %v %v\n%s", after.Reason, err, text)
	}
}

// heal does what the remedy says.
func (s *scene) heal(t *testing.T, r *Remedy) {
	t.Helper()
	for _, c := range slices.Backward(r.Remove) {
		l := s.find(c)
		*l = slices.Delete(*l, c.Statement.Index, c.Statement.Index+1)
	}
	for _, m := range r.Add {
		text, err := json.Marshal(m.Statement)
		if err != nil {
			t.Fatal(err)
		}
		s.write(m, rule{extra: string(text)})
	}
}

func at(target string) int { return int(target[0] - '0') }

// find returns the policy with the statement.
func (s *scene) find(c Citation) *law {
	switch c.Kind {
	case ServiceControl:
		return &s.service[at(c.Target)][at(c.Name)]
	case ResourceControl:
		return &s.resourceCtl[at(c.Target)][at(c.Name)]
	case IdentityBased:
		return &s.identity[at(c.Name)]
	case SessionPolicy:
		return &s.session[at(c.Name)]
	case Boundary:
		return s.boundary
	}
	return &s.resource
}

func (s *scene) write(m Missing, r rule) {
	switch m.Kind {
	case ServiceControl:
		s.service[at(m.Target)] = append(s.service[at(m.Target)], law{r})
	case ResourceControl:
		s.resourceCtl[at(m.Target)] = append(s.resourceCtl[at(m.Target)], law{r})
	case IdentityBased:
		s.identity = append(s.identity, law{r})
	case SessionPolicy:
		s.session = append(s.session, law{r})
	case Boundary:
		l := append(*s.boundary, r)
		s.boundary = &l
	default:
		s.resource = append(s.resource, r)
	}
}
