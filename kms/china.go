package kms

import (
	"fmt"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
)

// sm2 is what only the China Regions have.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html#key-spec-sm
const sm2 = "SM2"

// inChina says whether a Region is one of the two that have SM2.
func inChina(region string) bool { return region == "cn-north-1" || region == "cn-northwest-1" }

// noSuchSpec is the violated constraint of a spec that a Region does not have:
// elsewhere the set of the model does not list what only China has.
func noSuchSpec[T ~string](spec T, member, shape string) *api.Error {
	set := slices.DeleteFunc(slices.Clone(kmsapi.Service.Shapes[shape].Enum), func(v string) bool { return strings.HasPrefix(v, sm2) })
	return constraint(spec, member, fmt.Sprintf("Member must satisfy enum value set: [%s]", strings.Join(set, ", ")))
}
