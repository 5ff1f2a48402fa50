package kms

import (
	"time"

	"sealstack/api/kmsapi"
	"sealstack/arn"
	"sealstack/storage"
)

// record is a key as it is stored. Its policy and its material stand in tables
// of their own, so that what every call reads stays small.
type record struct {
	Account     string              `cbor:"1,keyasint"`
	Region      string              `cbor:"2,keyasint"`
	ID          string              `cbor:"3,keyasint"`
	Description string              `cbor:"4,keyasint,omitempty"`
	Spec        kmsapi.KeySpec      `cbor:"5,keyasint"`
	Usage       kmsapi.KeyUsageType `cbor:"6,keyasint"`
	Origin      kmsapi.OriginType   `cbor:"7,keyasint"`
	Created     time.Time           `cbor:"8,keyasint"`
	Disabled    bool                `cbor:"9,keyasint,omitempty"`
	// Deletion is when the waiting period ends; zero unless deletion is scheduled.
	Deletion time.Time `cbor:"10,keyasint,omitzero"`
	// Material is the id of the current key material; empty before an import.
	Material string `cbor:"11,keyasint,omitempty"`
	// Policy names the revision of the key policy: another one after each change.
	Policy  string   `cbor:"12,keyasint"`
	Tags    []tag    `cbor:"13,keyasint,omitempty"` // by key, ascending
	Aliases []string `cbor:"14,keyasint,omitempty"` // names of the aliases, ascending
	// Grants counts the grants on the key: most keys have none to look for.
	Grants int `cbor:"15,keyasint,omitempty"`
	// Managed says that the key is an AWS managed one.
	Managed bool `cbor:"16,keyasint,omitempty"`
	// Rotation is the schedule of the automatic rotation, nil without one.
	Rotation *rotation `cbor:"17,keyasint,omitempty"`
	// OnDemand counts the rotations on demand.
	OnDemand int `cbor:"18,keyasint,omitempty"`
	// Multi is nil for a single-Region key.
	Multi *multiRegion `cbor:"19,keyasint,omitempty"`
	// Import sums up imported materials, nil before the first.
	Import *imports `cbor:"20,keyasint,omitempty"`
	// Window is how many days the key waits to be destroyed once its replicas
	// are gone; zero unless that is scheduled.
	Window int32 `cbor:"21,keyasint,omitempty"`
	// Transient is a state that passes, nil without one.
	Transient *transient `cbor:"22,keyasint,omitempty"`
	// Store is the id of the custom key store that the key is in, "" for most.
	Store string `cbor:"23,keyasint,omitempty"`
	// XksKey is the id of the external key, "" unless the store is an external one.
	XksKey string `cbor:"24,keyasint,omitempty"`

	seen  time.Time // as of when state tells the state
	store *keyStore // as it was then; nil without one
}

type tag struct {
	_     struct{} `cbor:",toarray"`
	Key   string
	Value string
}

// policyRecord is the text of a key policy as it was put.
type policyRecord struct {
	Revision string `cbor:"1,keyasint"`
	Document string `cbor:"2,keyasint"`
}

// aliasRecord is what an alias points to.
type aliasRecord struct {
	Target  string    `cbor:"1,keyasint"` // id of the key
	Created time.Time `cbor:"2,keyasint"`
	Updated time.Time `cbor:"3,keyasint"`
}

// owner is the key to which key material belongs.
type owner struct {
	Account string `cbor:"1,keyasint"`
	ID      string `cbor:"2,keyasint"`
}

var (
	// keys: account, region, key id.
	keys = storage.NewTable[record]("kms.key")
	// policies: account, region, key id.
	policies = storage.NewTable[policyRecord]("kms.policy")
	// aliases: account, region, alias name.
	aliases = storage.NewTable[aliasRecord]("kms.alias")
	// materials: account, region, key id, material id.
	materials = storage.NewTable[materialRecord]("kms.material")
	// owners: tag of the material, region. A row stays when its key is
	// destroyed: AWS answers a ciphertext of a key that is gone as one that
	// the caller may not see, not as one that is corrupt.
	owners = storage.NewTable[owner]("kms.owner")
	// versions: account, region, key id.
	versions = storage.NewTable[[]version]("kms.version")
	// schedules: next automatic rotation, account, region, key id.
	schedules = storage.NewTable[struct{}]("kms.rotation")
	// expiries: end of validity, account, region, key id, material id.
	expiries = storage.NewTable[struct{}]("kms.expiry")
	// usages: account, region, key id.
	usages = storage.NewTable[usage]("kms.usage")
	// deletions: end of the waiting period, account, region, key id.
	deletions = storage.NewTable[struct{}]("kms.deletion")
	// grants: account, region, key id, grant id.
	grants = storage.NewTable[grant]("kms.grant")
	// grantees: account, region, key id, grantee principal, mark of the
	// constraints, grant id. Mark and operations spare authorization the
	// reading of grants that have nothing to do with the request.
	grantees = storage.NewTable[operations]("kms.grantee")
	// retirees: region, retiring principal, account, key id, grant id.
	retirees = storage.NewTable[struct{}]("kms.retiree")
	// retries: account, region, key id, digest of the properties of a grant
	// that has a name. The value is the grant id.
	retries = storage.NewTable[string]("kms.retry")
)

// place is the row of a key in keys and policies.
func (r *record) place() storage.Key { return storage.K(r.Account, r.Region, r.ID) }

func (r *record) arn() string { return keyARN(r.Region, r.Account, r.ID) }

func (r *record) aliasARN(name string) string { return aliasARN(r.Region, r.Account, name) }

func keyARN(region, account, id string) string { return kmsARN(region, account, "key/"+id) }

// aliasARN is the ARN of the alias called name, which begins with "alias/".
func aliasARN(region, account, name string) string { return kmsARN(region, account, name) }

func kmsARN(region, account, resource string) string {
	return arn.ARN{
		Partition: arn.PartitionOf(region), Service: "kms", Region: region, Account: account, Resource: resource,
	}.String()
}
