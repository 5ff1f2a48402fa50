package s3sim

import (
	"strings"

	"sealstack/policy"
)

// objectActions are actions on objects that don't say so by their names.
var objectActions = map[string]bool{
	"abortmultipartupload": true, "listmultipartuploadparts": true, "bypassgovernanceretention": true,
	"replicatedelete": true, "replicatetags": true, "objectowneroverridetobucketowner": true, "initiatereplication": true,
}

// forObject reports whether an action, without wildcards, is one on objects.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func forObject(action string) bool {
	name := strings.TrimPrefix(strings.ToLower(action), "s3:")
	return objectActions[name] || strings.Contains(name, "object") && !strings.Contains(name, "bucket")
}

// reaches reports whether each action of a statement, which S3 asks for one by
// one, has a resource of its kind in it: the bucket or objects. A wildcard may
// be either.
func reaches(st *policy.Statement) bool {
	if st.Excepts() {
		return true
	}
	var bucket, object bool
	for _, r := range st.Resources() {
		either := !strings.Contains(r, "/") && strings.ContainsAny(r, "*?$")
		bucket = bucket || either || !strings.Contains(r, "/")
		object = object || either || strings.Contains(r, "/")
	}
	for _, action := range st.Actions() {
		if strings.ContainsAny(action, "*?") {
			continue
		}
		if on := forObject(action); on && !object || !on && !bucket {
			return false
		}
	}
	return true
}
