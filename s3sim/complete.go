package s3sim

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"

	"sealstack/api/s3api"
	"sealstack/s3sim/checksum"
	"sealstack/storage"
)

// CompleteMultipartUpload makes an object of parts. Its content is where the
// parts put it; nothing is copied.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
func (s *Service) CompleteMultipartUpload(ctx context.Context, in *s3api.CompleteMultipartUploadRequest) (*s3api.CompleteMultipartUploadOutput, error) {
	cond := writeConditions{in.IfMatch, in.IfNoneMatch}
	if err := cond.valid(); err != nil {
		return nil, err
	}
	if in.MultipartUpload == nil || len(in.MultipartUpload.Parts) == 0 || len(in.MultipartUpload.Parts) > maxParts {
		return nil, malformedXML()
	}
	t := target{bucket: in.Bucket, key: in.Key, expected: in.ExpectedBucketOwner}
	u, err := s.findUpload(ctx, t, in.UploadId, "PutObject", cond.keys())
	if err != nil {
		return nil, err
	}
	if err := s.mayComplete(ctx, u, in); err != nil {
		return nil, err
	}
	if err := s.early(ctx, u.bucket, in.Key, cond); err != nil {
		return nil, err
	}
	v, err := s.complete(ctx, u, in, cond)
	if err != nil {
		return nil, err
	}
	out := completeAnswer(u.bucket, v)
	out.Expiration, err = s.expiration(ctx, u.bucket, v)
	return out, err
}

// mayComplete has KMS agree, and checks the customer's key if one is sent.
func (s *Service) mayComplete(ctx context.Context, u *uploading, in *s3api.CompleteMultipartUploadRequest) error {
	c := customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}
	if u.upload.Crypt.Kind == sseC && !c.any() {
		return nil // the parts have proved it
	}
	_, err := s.uploadKeys(ctx, u, c)
	return err
}

// complete checks the list of parts against those that are there and commits
// the object, all at once.
func (s *Service) complete(ctx context.Context, u *uploading, in *s3api.CompleteMultipartUploadRequest, cond writeConditions) (*version, error) {
	var v *version
	now := s.now()
	err := s.update(ctx, func(tx storage.Tx) error {
		b, err := u.bucket.again(tx)
		if err != nil {
			return err
		}
		up, err := b.findUpload(tx, in.Key, in.UploadId)
		if err != nil {
			return err
		}
		have, err := partsOf(tx, up.ID)
		if err != nil {
			return err
		}
		chosen, err := up.choose(in, have)
		if err != nil {
			return err
		}
		v = &version{
			Key: up.Key, Modified: now, Owner: up.Owner, Headers: up.Headers, Tags: up.Tags, ACL: up.ACL, Crypt: up.Crypt, Lock: up.Lock,
		}
		c, err := v.assemble(&up, in, chosen)
		if err != nil {
			return err
		}
		if err := dropUnlisted(tx, have, chosen); err != nil {
			return err
		}
		return s.replaceUpload(tx, &b, &up, v, c, cond)
	})
	return v, err
}

// replaceUpload puts the object in the place of the upload.
func (s *Service) replaceUpload(tx storage.Tx, b *bucketRecord, up *upload, v *version, c content, cond writeConditions) error {
	was, err := b.current(tx, v.Key)
	if err != nil {
		return err
	}
	if err := cond.check(v.Key, was); err != nil {
		return err
	}
	if _, err := parts.DeletePrefix(tx, storage.K(up.ID)); err != nil {
		return err
	}
	if err := forgetUpload(tx, b, up); err != nil {
		return err
	}
	s.bind(b, v, &c)
	return b.insert(tx, v, was, c, s.clock.Now().UnixNano())
}

// partsOf reads the parts of an upload, by number.
func partsOf(tx storage.Tx, id string) (map[int32]*part, error) {
	have := map[int32]*part{}
	for e, err := range parts.Scan(tx, storage.Range{Prefix: storage.K(id)}) {
		if err != nil {
			return nil, err
		}
		have[e.Value.Number] = &e.Value
	}
	return have, nil
}

// dropUnlisted frees the parts that did not become part of the object.
func dropUnlisted(tx storage.Tx, have map[int32]*part, chosen []*part) error {
	used := map[int32]bool{}
	for _, p := range chosen {
		used[p.Number] = true
	}
	for n, p := range have {
		if used[n] {
			continue
		}
		if err := drop(tx, []piece{p.Piece}); err != nil {
			return err
		}
	}
	return nil
}

// choose finds the parts that the request lists, each by number, entity tag
// and checksum.
func (u *upload) choose(in *s3api.CompleteMultipartUploadRequest, have map[int32]*part) ([]*part, error) {
	var chosen []*part
	last := int32(0)
	for i := range in.MultipartUpload.Parts {
		asked := &in.MultipartUpload.Parts[i]
		number, etag := value(asked.PartNumber), strings.Trim(value(asked.ETag), `"`)
		if number <= last {
			return nil, invalidPartOrder(u.ID)
		}
		last = number
		p := have[number]
		if p == nil || p.ETag != etag {
			return nil, invalidPart(u.ID, number, etag)
		}
		if err := u.checkPartSum(asked, p); err != nil {
			return nil, err
		}
		chosen = append(chosen, p)
	}
	for _, p := range chosen[:len(chosen)-1] {
		if p.Piece.Size < minPart {
			return nil, entityTooSmall(p.Piece.Size, p.Number, p.ETag)
		}
	}
	return chosen, nil
}

// checkPartSum holds a checksum in the list against the part's. A composite
// must list them all.
func (u *upload) checkPartSum(asked *s3api.CompletedPart, p *part) error {
	sent := sentSums(asked)
	if u.Type == checksum.Composite && sent[checksum.Algorithm(u.Algorithm)] == "" {
		return partChecksumMissing(checksum.Algorithm(u.Algorithm).Lower(), p.Number)
	}
	for a, text := range sent {
		if a != p.Checksum.Algorithm || text != p.Checksum.Value {
			return invalidPart(u.ID, p.Number, p.ETag)
		}
	}
	return nil
}

// assemble gives the object what follows from its parts: content, size, entity
// tag and checksum.
func (v *version) assemble(u *upload, in *s3api.CompleteMultipartUploadRequest, chosen []*part) (content, error) {
	var c content
	tags := md5.New()
	for _, p := range chosen {
		one := p.Piece
		one.Sum = p.Checksum.Value
		c.Pieces = append(c.Pieces, one)
		v.Size += one.Size
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return c, err
		}
		tags.Write(raw)
	}
	v.Parts = len(chosen)
	v.ETag = hex.EncodeToString(tags.Sum(nil)) + "-" + strconv.Itoa(v.Parts)
	v.Checksum = u.total(chosen)
	if in.MpuObjectSize != nil && *in.MpuObjectSize != v.Size {
		return c, wrongObjectSize(*in.MpuObjectSize, v.Size)
	}
	return c, v.checkTotal(in, u)
}

// total is the checksum of the object. An upload begun without an algorithm
// has CRC64NVME, whatever came with the parts.
func (u *upload) total(chosen []*part) sum {
	a := checksum.Algorithm(u.Algorithm)
	switch {
	case a == "":
		return sum{Algorithm: checksum.CRC64NVME, Type: checksum.FullObject, Value: checksum.Format(combine(checksum.CRC64NVME, chosen, func(p *part) []byte { return p.NVME }))}
	case u.Type == checksum.FullObject:
		return sum{Algorithm: a, Type: u.Type, Value: checksum.Format(combine(a, chosen, (*part).sum))}
	}
	h := a.New()
	for _, p := range chosen {
		h.Write(p.sum())
	}
	return sum{Algorithm: a, Type: u.Type, Value: checksum.Format(h.Sum(nil)), Parts: len(chosen)}
}

// sum is the part's checksum in bytes.
func (p *part) sum() []byte {
	sum, _ := p.Checksum.Algorithm.Parse(p.Checksum.Value) // written by Format
	return sum
}

// combine makes the CRC of the whole of those of the parts.
func combine(a checksum.Algorithm, chosen []*part, of func(*part) []byte) []byte {
	total := of(chosen[0])
	for _, p := range chosen[1:] {
		total = a.Combine(total, of(p), p.Piece.Size)
	}
	return total
}

// checkTotal holds the checksum that the request gives for the whole object
// against what was counted.
func (v *version) checkTotal(in *s3api.CompleteMultipartUploadRequest, u *upload) error {
	kind := string(value(in.ChecksumType))
	if kind != "" && u.Type != "" && kind != u.Type {
		return checksumModeMismatch(u.Type)
	}
	sent := sentSums(in)
	if len(sent) == 0 {
		return nil
	}
	given, ok := sent[v.Checksum.Algorithm]
	given, _, _ = strings.Cut(given, "-")
	if !ok || given != v.Checksum.Value || v.Checksum.Type == checksum.FullObject && kind == "" {
		return checksumMismatch(v.Checksum.Algorithm.Lower())
	}
	return nil
}

func completeAnswer(b *bucket, v *version) *s3api.CompleteMultipartUploadOutput {
	h := v.Crypt.show()
	out := &s3api.CompleteMultipartUploadOutput{
		Location: new("https://" + b.Name + ".s3." + b.Region + ".amazonaws.com/" + escapeKey(v.Key)),
		Bucket:   &b.Name, Key: &v.Key, ETag: new(quoted(v.ETag)), VersionId: b.shownID(v),
		ServerSideEncryption: h.kind, SSEKMSKeyId: h.keyID, BucketKeyEnabled: h.bucketKey,
	}
	showSum(out, v.Checksum.Algorithm, v.Checksum.text(), v.Checksum.Type)
	return out
}
