package awsjson

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"sealstack/wire/plan"
)

// smallBody is up to which size of a body all its strings may share its
// memory. Of a larger one only strings inside lists and maps do.
const smallBody = 4 << 10

// Decode fills dst, a pointer to t.Go, from a body and tells check what
// constraints the body breaks. An empty body stands for {}. Its errors are
// [*SyntaxError]; dst is then half filled.
//
// Strings inside lists and maps share memory with the body: keeping one for
// longer than the call keeps the whole body. Who does, should strings.Clone it.
func Decode(t *plan.Type, body []byte, dst any, check *plan.Checker) error {
	if !utf8.Valid(body) {
		return syntaxError("Invalid UTF-8")
	}
	d := decoder{scanner: scanner{src: string(body)}, check: check}
	if len(body) <= smallBody {
		d.share = 1
	}
	v := reflect.ValueOf(dst).Elem()
	if d.peek() == 0 && d.pos == len(d.src) {
		d.missing(t, &plan.Set{})
		return nil
	}
	if null, err := d.null(); err != nil {
		return err
	} else if null {
		d.missing(t, &plan.Set{})
	} else if err := d.structure(t, v); err != nil {
		return err
	}
	if d.peek(); d.pos < len(d.src) {
		return d.unexpected()
	}
	return nil
}

type decoder struct {
	scanner
	check *plan.Checker
	share int // above 0: strings may share the memory of the body
}

// value decodes a value that is not null.
func (d *decoder) value(t *plan.Type, v reflect.Value) error {
	switch t.Kind {
	case plan.Struct:
		return d.structure(t, v)
	case plan.List:
		return d.list(t, v)
	case plan.Map:
		return d.mapping(t, v)
	case plan.Opaque:
		return d.skip()
	}
	if err := d.scalar(t, v); err != nil {
		return err
	}
	d.check.Value(t, v, false)
	return nil
}

func (d *decoder) structure(t *plan.Type, v reflect.Value) error {
	if d.peek() != '{' {
		return d.mismatch(t)
	}
	if err := d.open(); err != nil {
		return err
	}
	var seen plan.Set
	var faults map[*plan.Member][2]int
	expect := 0
	for first := true; ; first = false {
		more, err := d.more('}', first)
		if err != nil {
			return err
		}
		if !more {
			d.missing(t, &seen)
			return d.union(t, &seen)
		}
		name, err := d.name()
		if err != nil {
			return err
		}
		m := t.Member(name, expect)
		if m == nil {
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		expect = m.Index() + 1
		field := v.Field(m.Field)
		if seen.Has(m) {
			seen.Remove(m)
			field.SetZero()
			d.check.Forget(faults[m][0], faults[m][1])
		}
		mark := d.check.Mark()
		if err := d.member(m, field, &seen); err != nil {
			return err
		}
		if now := d.check.Mark(); now > mark {
			if faults == nil {
				faults = map[*plan.Member][2]int{}
			}
			faults[m] = [2]int{mark, now}
		}
	}
}

// member decodes a member's value into its field; null leaves it absent.
func (d *decoder) member(m *plan.Member, field reflect.Value, seen *plan.Set) error {
	if null, err := d.null(); null || err != nil {
		return err
	}
	seen.Add(m)
	if m.Pointer {
		field.Set(reflect.New(m.Type.Go))
		field = field.Elem()
	}
	d.check.Enter(m)
	err := d.value(m.Type, field)
	d.check.Leave()
	return err
}

// missing tells the checker of the required members that are absent.
func (d *decoder) missing(t *plan.Type, seen *plan.Set) {
	for i := range t.Members {
		if m := &t.Members[i]; m.Required && !seen.Has(m) && m.Type.Kind != plan.Opaque {
			d.check.Missing(m)
		}
	}
}

// union rejects a union of which not exactly one member is set.
// Unverified: the sentence.
func (d *decoder) union(t *plan.Type, seen *plan.Set) error {
	if !t.Union {
		return nil
	}
	set := 0
	for i := range t.Members {
		if seen.Has(&t.Members[i]) {
			set++
		}
	}
	if set != 1 {
		return syntaxError("Union %s must have exactly one member set", t.Shape)
	}
	return nil
}

func (d *decoder) list(t *plan.Type, v reflect.Value) error {
	if d.peek() != '[' {
		return d.mismatch(t)
	}
	if err := d.open(); err != nil {
		return err
	}
	d.share++
	defer func() { d.share-- }()
	if v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, d.guessLength()))
	}
	hasNull := false
	for n := 0; ; n++ {
		more, err := d.more(']', n == 0)
		if err != nil {
			return err
		}
		if !more {
			d.check.Value(t, v, hasNull)
			return nil
		}
		if n == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		null, err := d.element(t.Elem, v.Index(n), n)
		if err != nil {
			return err
		}
		hasNull = hasNull || null && t.Elem.Scalar()
	}
}

// guessLength estimates how many members a list has whose first one begins at
// the present position, so that a long list is allocated once or twice.
func (d *decoder) guessLength() int {
	rest := d.src[d.pos:]
	end := strings.IndexByte(rest, '}')
	if end < 0 || d.peek() != '{' {
		return 0
	}
	return min(len(rest)/(end+2)+1, 10_000)
}

// element decodes the n-th member of a list.
func (d *decoder) element(t *plan.Type, v reflect.Value, n int) (null bool, err error) {
	if t.Scalar() {
		if null, err = d.null(); null || err != nil {
			return null, err
		}
		return false, d.scalar(t, v)
	}
	d.check.Index(n)
	defer d.check.Leave()
	if null, err = d.null(); null || err != nil {
		d.check.Null()
		return null, err
	}
	return false, d.value(t, v)
}

func (d *decoder) mapping(t *plan.Type, v reflect.Value) error {
	if d.peek() != '{' {
		return d.mismatch(t)
	}
	if err := d.open(); err != nil {
		return err
	}
	d.share++
	defer func() { d.share-- }()
	v.Set(reflect.MakeMap(v.Type()))
	for first := true; ; first = false {
		more, err := d.more('}', first)
		if err != nil {
			return err
		}
		if !more {
			d.check.Value(t, v, false)
			return nil
		}
		if err := d.entry(t, v); err != nil {
			return err
		}
	}
}

// entry decodes one entry of a map. Null values are left out: no map of the
// services here may hold one.
func (d *decoder) entry(t *plan.Type, v reflect.Value) error {
	name, err := d.name()
	if err != nil {
		return err
	}
	key := reflect.ValueOf(name)
	if key.Type() != t.Key.Go {
		key = key.Convert(t.Key.Go)
	}
	null, err := d.null()
	if err != nil {
		return err
	}
	if null {
		v.SetMapIndex(key, reflect.Value{})
		return nil
	}
	value := reflect.New(t.Elem.Go).Elem()
	if t.Elem.Scalar() {
		err = d.scalar(t.Elem, value)
	} else {
		d.check.Key(name)
		err = d.value(t.Elem, value)
		d.check.Leave()
	}
	v.SetMapIndex(key, value)
	return err
}
