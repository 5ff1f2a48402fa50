package s3sim

import (
	"time"

	"sealstack/api/s3api"
	"sealstack/s3sim/body"
	"sealstack/storage"
)

// bucketRecord is a bucket as it is stored, under (partition, name).
type bucketRecord struct {
	ID        string // unique for ever: a bucket of the same name is another one
	Name      string
	Account   string
	Partition string
	Region    string
	Created   time.Time

	Versioning s3api.BucketVersioningStatus // empty: never enabled
	MFADelete  bool
	Lock       bool // object lock has been enabled
	Retention  *s3api.DefaultRetention

	Ownership s3api.ObjectOwnership // empty: removed, which is ObjectWriter
	ACL       []grant
	Block     *s3api.PublicAccessBlockConfiguration
	Policy    string // revision; empty without one
	Public    bool   // the policy makes the bucket public

	Encryption *s3api.ServerSideEncryptionRule // nil: S3's default
	Chosen     bool                            // by PutBucketEncryption
	Tags       map[string]string
	Abac       bool // the tags decide on access, as aws:ResourceTag
}

// bucketAt is the place of a bucket's record.
func bucketAt(partition, name string) storage.Key { return storage.K(partition, name) }

// policyRecord is a bucket's policy, under (bucket id).
type policyRecord struct {
	Revision string
	Document string
}

// version is a version of an object, or a delete marker, under (bucket id,
// key, order). Orders descend in time: the current version comes first.
type version struct {
	Key      string
	ID       string // empty: the null version
	Order    uint64
	Modified time.Time
	Marker   bool
	Owner    string // account; empty: anonymous

	Size     int64
	ETag     string // without quotes
	Headers  headers
	Tags     map[string]string
	ACL      []grant
	Checksum sum
	Parts    int // of a multipart upload; 0 for others
	Crypt    envelope
	Lock     lock
}

// headers are what the writer says about the content.
type headers struct {
	ContentType        string
	CacheControl       string
	ContentDisposition string
	ContentEncoding    string
	ContentLanguage    string
	Expires            string
	Redirect           string
	StorageClass       s3api.StorageClass // empty: STANDARD
	Metadata           map[string]string
}

// lock keeps a version from being deleted.
type lock struct {
	Mode  s3api.ObjectLockRetentionMode
	Until time.Time
	Hold  bool
}

// content says where the bytes of a version lie, under the same key as the
// version. Each piece is a body of its own; a multipart object has one a part.
type content struct{ Pieces []piece }

// piece is one body.
type piece struct {
	Part  int32 // number of the part; 0 for others
	ID    body.ID
	Size  int64
	Sum   string // checksum of the part in the object's algorithm
	Blobs []storage.BlobID
}

// upload is a multipart upload in progress, under (bucket id, key, initiated,
// upload id).
type upload struct {
	ID        string
	Key       string
	Initiated time.Time
	Owner     string // account that owns the object to be
	Initiator initiator
	Headers   headers
	Tags      map[string]string
	ACL       []grant
	Crypt     envelope
	Algorithm string // empty: none was asked for
	Type      string
	Lock      lock
}

type initiator struct{ ID, Name string }

// part is an uploaded part, under (upload id, number).
type part struct {
	Number   int32
	Modified time.Time
	ETag     string
	MD5      []byte // what the ETag stands for
	Checksum sum    // as the uploader asked
	NVME     []byte // CRC64NVME, for uploads begun without an algorithm
	Piece    piece
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
