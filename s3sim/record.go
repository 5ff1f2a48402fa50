package s3sim

import (
	"time"

	"sealstack/api/s3api"
	"sealstack/s3sim/body"
	"sealstack/storage"
)

// bucketRecord is a bucket as it is stored, under (partition, name).
type bucketRecord struct {
	ID        string    `cbor:"1,keyasint,omitzero"` // unique for ever: a bucket of the same name is another one
	Name      string    `cbor:"2,keyasint,omitzero"`
	Account   string    `cbor:"3,keyasint,omitzero"`
	Partition string    `cbor:"4,keyasint,omitzero"`
	Region    string    `cbor:"5,keyasint,omitzero"`
	Created   time.Time `cbor:"6,keyasint,omitzero"`

	Versioning s3api.BucketVersioningStatus `cbor:"7,keyasint,omitzero"` // empty: never enabled
	Lock       bool                         `cbor:"8,keyasint,omitzero"` // object lock has been enabled
	Retention  *s3api.DefaultRetention      `cbor:"9,keyasint,omitzero"`

	Ownership s3api.ObjectOwnership                 `cbor:"10,keyasint,omitzero"` // empty: removed, which is ObjectWriter
	ACL       []grant                               `cbor:"11,keyasint,omitzero"`
	Block     *s3api.PublicAccessBlockConfiguration `cbor:"12,keyasint,omitzero"`
	Policy    string                                `cbor:"13,keyasint,omitzero"` // revision; empty without one
	Public    bool                                  `cbor:"14,keyasint,omitzero"` // the policy makes the bucket public

	Encryption *s3api.ServerSideEncryptionRule `cbor:"15,keyasint,omitzero"` // nil: S3's default
	Chosen     bool                            `cbor:"16,keyasint,omitzero"` // by PutBucketEncryption
	Tags       map[string]string               `cbor:"17,keyasint,omitzero"`
	Abac       bool                            `cbor:"18,keyasint,omitzero"` // the tags decide on access, as aws:ResourceTag
}

// bucketAt is the place of a bucket's record.
func bucketAt(partition, name string) storage.Key { return storage.K(partition, name) }

// policyRecord is a bucket's policy, under (bucket id).
type policyRecord struct {
	Revision string `cbor:"1,keyasint,omitzero"`
	Document string `cbor:"2,keyasint,omitzero"`
}

// version is a version of an object, or a delete marker, under (bucket id,
// key, order). Orders descend in time: the current version comes first.
type version struct {
	Key      string    `cbor:"1,keyasint,omitzero"`
	ID       string    `cbor:"2,keyasint,omitzero"` // empty: the null version
	Order    uint64    `cbor:"3,keyasint,omitzero"`
	Modified time.Time `cbor:"4,keyasint,omitzero"`
	Marker   bool      `cbor:"5,keyasint,omitzero"`
	Owner    string    `cbor:"6,keyasint,omitzero"` // account; empty: anonymous

	Size     int64             `cbor:"7,keyasint,omitzero"`
	ETag     string            `cbor:"8,keyasint,omitzero"` // without quotes
	Headers  headers           `cbor:"9,keyasint,omitzero"`
	Tags     map[string]string `cbor:"10,keyasint,omitzero"`
	ACL      []grant           `cbor:"11,keyasint,omitzero"`
	Checksum sum               `cbor:"12,keyasint,omitzero"`
	Parts    int               `cbor:"13,keyasint,omitzero"` // of a multipart upload; 0 for others
	Crypt    envelope          `cbor:"14,keyasint,omitzero"`
	Lock     lock              `cbor:"15,keyasint,omitzero"`
	Restored restored          `cbor:"16,keyasint,omitzero"` // a copy of what is archived
}

// headers are what the writer says about the content.
type headers struct {
	ContentType        string             `cbor:"1,keyasint,omitzero"`
	CacheControl       string             `cbor:"2,keyasint,omitzero"`
	ContentDisposition string             `cbor:"3,keyasint,omitzero"`
	ContentEncoding    string             `cbor:"4,keyasint,omitzero"`
	ContentLanguage    string             `cbor:"5,keyasint,omitzero"`
	Expires            string             `cbor:"6,keyasint,omitzero"`
	Redirect           string             `cbor:"7,keyasint,omitzero"`
	StorageClass       s3api.StorageClass `cbor:"8,keyasint,omitzero"` // empty: STANDARD
	Metadata           map[string]string  `cbor:"9,keyasint,omitzero"`
}

// lock keeps a version from being deleted.
type lock struct {
	Mode  s3api.ObjectLockRetentionMode `cbor:"1,keyasint,omitzero"`
	Until time.Time                     `cbor:"2,keyasint,omitzero"`
	Hold  bool                          `cbor:"3,keyasint,omitzero"`
	Said  bool                          `cbor:"4,keyasint,omitzero"` // whether Hold was ever set
}

// content says where the bytes of a version lie, under the same key as the
// version. Each piece is a body of its own; a multipart object has one a part.
type content struct {
	Pieces []piece `cbor:"1,keyasint,omitzero"`
	// Bound is what the pieces come to, in their order, sealed: each proves
	// itself, and this that they are all there.
	Bound []byte `cbor:"2,keyasint,omitzero"`
}

// piece is one body.
type piece struct {
	Part  int32            `cbor:"1,keyasint,omitzero"` // number of the part; 0 for others
	ID    body.ID          `cbor:"2,keyasint,omitzero"`
	Size  int64            `cbor:"3,keyasint,omitzero"`
	Sum   string           `cbor:"4,keyasint,omitzero"` // checksum of the part in the object's algorithm
	Blobs []storage.BlobID `cbor:"5,keyasint,omitzero"`
}

// upload is a multipart upload in progress, under (bucket id, key, initiated,
// upload id).
type upload struct {
	ID        string            `cbor:"1,keyasint,omitzero"`
	Key       string            `cbor:"2,keyasint,omitzero"`
	Initiated time.Time         `cbor:"3,keyasint,omitzero"`
	Owner     string            `cbor:"4,keyasint,omitzero"` // account that owns the object to be
	Initiator initiator         `cbor:"5,keyasint,omitzero"`
	Headers   headers           `cbor:"6,keyasint,omitzero"`
	Tags      map[string]string `cbor:"7,keyasint,omitzero"`
	ACL       []grant           `cbor:"8,keyasint,omitzero"`
	Crypt     envelope          `cbor:"9,keyasint,omitzero"`
	Algorithm string            `cbor:"10,keyasint,omitzero"` // empty: none was asked for
	Type      string            `cbor:"11,keyasint,omitzero"`
	Lock      lock              `cbor:"12,keyasint,omitzero"`
}

type initiator struct {
	ID   string `cbor:"1,keyasint,omitzero"`
	Name string `cbor:"2,keyasint,omitzero"`
}

// part is an uploaded part, under (upload id, number).
type part struct {
	Number   int32     `cbor:"1,keyasint,omitzero"`
	Modified time.Time `cbor:"2,keyasint,omitzero"`
	ETag     string    `cbor:"3,keyasint,omitzero"`
	MD5      []byte    `cbor:"4,keyasint,omitzero"` // what the ETag stands for
	Checksum sum       `cbor:"5,keyasint,omitzero"` // as the uploader asked
	NVME     []byte    `cbor:"6,keyasint,omitzero"` // CRC64NVME, for uploads begun without an algorithm
	Piece    piece     `cbor:"7,keyasint,omitzero"`
}

var (
	buckets  = storage.NewTable[bucketRecord]("s3.bucket")
	policies = storage.NewTable[policyRecord]("s3.policy")
	versions = storage.NewTable[version]("s3.version")
	contents = storage.NewTable[content]("s3.content")
	// versionOrders finds a version by its id, under (bucket id, key, version id).
	versionOrders = storage.NewTable[uint64]("s3.versionorder")
	uploads       = storage.NewTable[upload]("s3.upload")
	// uploadPlaces finds an upload by its id, under (bucket id, upload id).
	uploadPlaces = storage.NewTable[[]byte]("s3.uploadplace")
	parts        = storage.NewTable[part]("s3.part")
)
