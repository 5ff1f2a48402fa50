package auth

import (
	"maps"
	"slices"
	"strings"

	"sealstack/policy"
)

// Keys are condition keys by name in lower case. A key that is there without
// values is present and empty.
type Keys = policy.Keys

// RequestTags returns the condition keys of a request that sets tags:
// aws:RequestTag/KEY and aws:TagKeys.
func RequestTags(tags map[string]string) Keys {
	k := Keys{}
	for name, v := range tags {
		k["aws:requesttag/"+strings.ToLower(name)] = []string{v}
	}
	if len(tags) > 0 {
		k["aws:tagkeys"] = slices.Sorted(maps.Keys(tags))
	}
	return k
}

// TagKeys returns the condition key of a request that removes tags.
func TagKeys(names []string) Keys {
	if len(names) == 0 {
		return Keys{}
	}
	return Keys{"aws:tagkeys": names}
}

// ResourceTags returns the condition keys of a resource's tags.
func ResourceTags(tags map[string]string) Keys {
	k := Keys{}
	for name, v := range tags {
		k["aws:resourcetag/"+strings.ToLower(name)] = []string{v}
	}
	return k
}
