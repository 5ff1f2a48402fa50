package s3sim

// value returns what an optional member holds, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// given returns a pointer to v, or nil if v is the zero value: members that
// have nothing to say are absent from an answer.
func given[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
