package iam

import "strings"

// protected reports whether a role is linked to a service, which alone may
// change it.
func (e *entity) protected() bool { return strings.HasPrefix(e.Path, "/aws-service-role/") }
