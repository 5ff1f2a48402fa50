package arn

import "strings"

// SplitResource cuts the Resource part of an ARN at its first slash or colon:
//
//	key/1234abcd-...       key, 1234abcd-...
//	log-group:/my/group    log-group, /my/group
//	user/division/Ada      user, division/Ada
//	root                   root, ""
//
// Services whose resources have no kind (S3: bucket/key) should not use it.
func SplitResource(resource string) (kind, id string) {
	i := strings.IndexAny(resource, "/:")
	if i < 0 {
		return resource, ""
	}
	return resource[:i], resource[i+1:]
}

// Kind is the first part of the resource, as [SplitResource] cuts it.
func (a ARN) Kind() string {
	kind, _ := SplitResource(a.Resource)
	return kind
}

// ID is what follows the kind in the resource, as [SplitResource] cuts it.
func (a ARN) ID() string {
	_, id := SplitResource(a.Resource)
	return id
}

// SplitPath parts an IAM name from its path. The path begins and ends with a
// slash, as IAM reports it: "division/Ada" gives "/division/" and "Ada", "Ada"
// gives "/" and "Ada".
func SplitPath(id string) (path, name string) {
	i := strings.LastIndexByte(id, '/')
	return "/" + id[:i+1], id[i+1:]
}
