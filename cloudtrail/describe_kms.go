package cloudtrail

import (
	"encoding/json"
	"reflect"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/arn"
)

// keyType is the resource type of KMS keys and, in KMS's records, of aliases.
const keyType = "AWS::KMS::Key"

// describeKMS tells of a call of AWS KMS what its parameters do not: the keys
// by ARN, the algorithm that was meant, the key material that was used.
// https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
func describeKMS(r *record, c *api.Caller, call *api.Call) {
	keys := keysOf(c, call)
	r.Resources = []resource{}
	for _, k := range keys {
		r.Resources = append(r.Resources, resource{Account: accountOf(k), Type: keyType, ARN: k})
		r.named = append(r.named, named{namedKey(k), k})
	}
	if len(keys) == 0 && call.Operation.Name != "GenerateRandom" {
		r.Resources = nil
	}
	r.RequestParameters = meant(r.RequestParameters, call, keys)
	if r.ErrorCode == "" {
		r.AdditionalEventData = attested(materialUsed(call.Out), call.In)
		r.ResponseElements = withKey(r, call, keys)
	}
}

func namedKey(arn string) string {
	if strings.Contains(arn, ":alias/") {
		return "AWS::KMS::Alias"
	}
	return keyType
}

func accountOf(text string) string {
	a, err := arn.Parse(text)
	if err != nil {
		return ""
	}
	return a.Account
}

// keysOf returns the ARNs of the keys, and of the alias, that a call names or
// that its answer tells. A key that was named by an alias in a call that
// failed is not among them.
func keysOf(c *api.Caller, call *api.Call) []string {
	in := func(member string) string { return textMember(call.In, member) }
	out := func(member string) string { return textMember(call.Out, member) }
	var keys []string
	add := func(told string, asked string) {
		if k := keyARN(c, told); k != "" {
			keys = append(keys, k)
		} else if k := keyARN(c, asked); k != "" {
			keys = append(keys, k)
		}
	}
	switch call.Operation.Name {
	case "ReEncrypt":
		add(out("SourceKeyId"), in("SourceKeyId"))
		add(out("KeyId"), in("DestinationKeyId"))
	case "CreateAlias", "UpdateAlias", "DeleteAlias":
		add("", in("TargetKeyId"))
		keys = append(keys, kmsARN(c, in("AliasName")))
	case "CreateKey", "DescribeKey":
		add(metadataARN(call.Out), in("KeyId"))
	default:
		add(out("KeyId"), in("KeyId"))
	}
	return keys
}

func metadataARN(out any) string {
	switch o := out.(type) {
	case *kmsapi.CreateKeyResponse:
		if o != nil && o.KeyMetadata != nil {
			return deref(o.KeyMetadata.Arn)
		}
	case *kmsapi.DescribeKeyResponse:
		if o != nil && o.KeyMetadata != nil {
			return deref(o.KeyMetadata.Arn)
		}
	}
	return ""
}

// keyARN returns the ARN of a key named by its ARN or its id; "" for aliases.
func keyARN(c *api.Caller, text string) string {
	switch {
	case text == "" || strings.HasPrefix(text, "alias/"):
		return ""
	case strings.HasPrefix(text, "arn:"):
		if a, err := arn.Parse(text); err != nil || a.Service != "kms" || !strings.HasPrefix(a.Resource, "key/") {
			return ""
		}
		return text
	}
	return kmsARN(c, "key/"+text)
}

func kmsARN(c *api.Caller, resource string) string {
	if c.Account == "" {
		return ""
	}
	return arn.ARN{Partition: c.Partition, Service: "kms", Region: c.Region, Account: c.Account, Resource: resource}.String()
}

// textMember returns the text of a member of a pointer to a struct; "" if it
// is not there.
func textMember(of any, name string) string {
	v := reflect.ValueOf(of)
	if !v.IsValid() || v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return ""
	}
	f := v.Elem().FieldByName(name)
	if f.IsValid() && f.Kind() == reflect.Pointer {
		f = f.Elem()
	}
	if !f.IsValid() || f.Kind() != reflect.String {
		return ""
	}
	return f.String()
}

// meant adds to the parameters what counts although the request leaves it
// out: the algorithm, and the key of a decryption.
func meant(parameters json.RawMessage, call *api.Call, keys []string) json.RawMessage {
	const symmetric = `"SYMMETRIC_DEFAULT"`
	switch in := call.In.(type) {
	case *kmsapi.EncryptRequest:
		return withMember(parameters, in.EncryptionAlgorithm == nil, "encryptionAlgorithm", symmetric)
	case *kmsapi.DecryptRequest:
		parameters = withMember(parameters, in.EncryptionAlgorithm == nil, "encryptionAlgorithm", symmetric)
		if len(keys) == 1 {
			parameters = withMember(parameters, in.KeyId == nil, "keyId", string(appendText(nil, keys[0])))
		}
	case *kmsapi.ReEncryptRequest:
		parameters = withMember(parameters, in.SourceEncryptionAlgorithm == nil, "sourceEncryptionAlgorithm", symmetric)
		parameters = withMember(parameters, in.DestinationEncryptionAlgorithm == nil, "destinationEncryptionAlgorithm", symmetric)
	}
	return parameters
}

// withMember adds a member to an object if missing says so.
func withMember(object json.RawMessage, missing bool, name, value string) json.RawMessage {
	if !missing {
		return object
	}
	member := `"` + name + `":` + value
	if object == nil {
		return json.RawMessage("{" + member + "}")
	}
	b := append(json.RawMessage{}, object[:len(object)-1]...)
	return append(b, ","+member+"}"...)
}

// materialUsed tells which key material did the work.
func materialUsed(out any) map[string]any {
	used := map[string]any{}
	for _, member := range []string{"KeyMaterialId", "SourceKeyMaterialId", "DestinationKeyMaterialId"} {
		if id := textMember(out, member); id != "" {
			used[lowerFirst(member)] = id
		}
	}
	if len(used) == 0 {
		return nil
	}
	return used
}

// withKey adds the key's ARN to the answer of an operation that manages a key,
// also where the operation answers nothing.
func withKey(r *record, call *api.Call, keys []string) json.RawMessage {
	if r.ReadOnly || len(keys) == 0 || call.Operation.Name == "CreateKey" || call.Operation.Name == "ReplicateKey" {
		return r.ResponseElements
	}
	key := keys[0]
	if strings.Contains(key, ":alias/") {
		return r.ResponseElements
	}
	return withMember(r.ResponseElements, textMember(call.Out, "KeyId") == "", "keyId", string(appendText(nil, key)))
}
