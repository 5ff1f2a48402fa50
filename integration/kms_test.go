package integration

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // AWS offers RSAES_OAEP_SHA_1
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"
	"hash"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// create makes a key as asked and returns its ARN.
func (a actor) create(in *kms.CreateKeyInput) string {
	a.court.Helper()
	out, err := a.kms().CreateKey(a.court.Context(), in)
	a.court.ok(err)
	return *out.KeyMetadata.Arn
}

// public is what GetPublicKey says of a key, and the key that it holds.
func (a actor) public(key string) (*kms.GetPublicKeyOutput, any) {
	a.court.Helper()
	out, err := a.kms().GetPublicKey(a.court.Context(), &kms.GetPublicKeyInput{KeyId: &key})
	a.court.ok(err)
	parsed, err := x509.ParsePKIXPublicKey(out.PublicKey)
	a.court.ok(err)
	return out, parsed
}

// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
func TestWhatKMSSignsVerifiesOutsideOfIt(t *testing.T) {
	c := startCourt(t)
	for spec, algorithms := range map[kmstypes.KeySpec]int{
		kmstypes.KeySpecRsa2048: 6, kmstypes.KeySpecRsa3072: 6, kmstypes.KeySpecRsa4096: 6,
		kmstypes.KeySpecEccNistP256: 1, kmstypes.KeySpecEccNistP384: 1, kmstypes.KeySpecEccNistP521: 1,
		kmstypes.KeySpecEccNistEdwards25519: 2,
	} {
		key := c.chief.create(&kms.CreateKeyInput{KeySpec: spec, KeyUsage: kmstypes.KeyUsageTypeSignVerify})
		out, public := c.chief.public(key)
		if out.KeySpec != spec || *out.KeyId != key || len(out.SigningAlgorithms) != algorithms {
			t.Errorf("the public key of %s: %+v", spec, out)
		}
		for _, algorithm := range out.SigningAlgorithms {
			c.run(fmt.Sprint(spec, " ", algorithm), func() { c.chief.signs(key, public, algorithm) })
		}
	}
}

// digests are the hashes by the end of an algorithm's name.
var digests = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// signs holds a signature against the public key, for the message and for
// another.
func (a actor) signs(key string, public any, algorithm kmstypes.SigningAlgorithmSpec) {
	c, text := a.court, []byte("to be signed")
	digest := digests[string(algorithm[len(algorithm)-3:])]
	kind, message := kmstypes.MessageTypeDigest, sum(digest, text)
	if algorithm == kmstypes.SigningAlgorithmSpecEd25519Sha512 {
		kind, message = kmstypes.MessageTypeRaw, text
	}
	out, err := a.kms().Sign(c.Context(), &kms.SignInput{KeyId: &key, Message: message, MessageType: kind, SigningAlgorithm: algorithm})
	c.ok(err)
	if !verifies(public, algorithm, digest, text, out.Signature) {
		c.Error("the signature does not verify outside of KMS")
	}
	if verifies(public, algorithm, digest, []byte("another"), out.Signature) {
		c.Error("the signature verifies for another message")
	}
	in := &kms.VerifyInput{KeyId: &key, Message: message, MessageType: kind, SigningAlgorithm: algorithm, Signature: out.Signature}
	v, err := a.kms().Verify(c.Context(), in)
	c.ok(err)
	if !v.SignatureValid {
		c.Error("the signature does not verify in KMS")
	}
	in.Message = append([]byte{message[0] ^ 1}, message[1:]...)
	_, err = a.kms().Verify(c.Context(), in)
	c.fails(err, "KMSInvalidSignatureException", "")
}

func sum(h crypto.Hash, text []byte) []byte {
	d := h.New()
	d.Write(text)
	return d.Sum(nil)
}

// verifies checks a signature by the standard library alone.
func verifies(public any, algorithm kmstypes.SigningAlgorithmSpec, h crypto.Hash, text, signature []byte) bool {
	digest := sum(h, text)
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, digest, signature)
	case ed25519.PublicKey:
		if algorithm == kmstypes.SigningAlgorithmSpecEd25519PhSha512 {
			// KMS hashes the digest that it is given once more.
			return ed25519.VerifyWithOptions(k, sum(h, digest), signature, &ed25519.Options{Hash: h}) == nil
		}
		return ed25519.Verify(k, text, signature)
	case *rsa.PublicKey:
		if strings.Contains(string(algorithm), "PSS") {
			return rsa.VerifyPSS(k, h, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(k, h, digest, signature) == nil
	}
	return false
}

// imports makes a key of material from outside, wrapped here for the way, and
// shows that a wrapping that was cut off is refused.
// https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
func (a actor) imports(in *kms.CreateKeyInput, wrapping kmstypes.AlgorithmSpec, h hash.Hash, material []byte) string {
	c := a.court
	c.Helper()
	in.Origin = kmstypes.OriginTypeExternal
	key := a.create(in)
	p, err := a.kms().GetParametersForImport(c.Context(), &kms.GetParametersForImportInput{KeyId: &key, WrappingAlgorithm: wrapping, WrappingKeySpec: kmstypes.WrappingKeySpecRsa2048})
	c.ok(err)
	public, err := x509.ParsePKIXPublicKey(p.PublicKey)
	c.ok(err)
	wrapped, err := rsa.EncryptOAEP(h, rand.Reader, public.(*rsa.PublicKey), material, nil)
	c.ok(err)
	load := &kms.ImportKeyMaterialInput{KeyId: &key, ImportToken: p.ImportToken, EncryptedKeyMaterial: wrapped[:len(wrapped)-1], ExpirationModel: kmstypes.ExpirationModelTypeKeyMaterialDoesNotExpire}
	_, err = a.kms().ImportKeyMaterial(c.Context(), load)
	c.fails(err, "InvalidCiphertextException", "")
	load.EncryptedKeyMaterial = wrapped
	_, err = a.kms().ImportKeyMaterial(c.Context(), load)
	c.ok(err)
	return key
}

func TestAMACOfImportedMaterialIsTheMACOfThatMaterial(t *testing.T) {
	c := startCourt(t)
	text := []byte("to be authenticated")
	for algorithm, row := range map[kmstypes.MacAlgorithmSpec]struct {
		spec kmstypes.KeySpec
		hash func() hash.Hash
		size int
	}{
		kmstypes.MacAlgorithmSpecHmacSha224: {kmstypes.KeySpecHmac224, sha256.New224, 28},
		kmstypes.MacAlgorithmSpecHmacSha256: {kmstypes.KeySpecHmac256, sha256.New, 32},
		kmstypes.MacAlgorithmSpecHmacSha384: {kmstypes.KeySpecHmac384, sha512.New384, 48},
		kmstypes.MacAlgorithmSpecHmacSha512: {kmstypes.KeySpecHmac512, sha512.New, 64},
	} {
		c.run(string(algorithm), func() {
			material := make([]byte, row.size)
			rand.Read(material)
			key := c.chief.imports(&kms.CreateKeyInput{KeySpec: row.spec, KeyUsage: kmstypes.KeyUsageTypeGenerateVerifyMac}, kmstypes.AlgorithmSpecRsaesOaepSha256, sha256.New(), material)
			out, err := c.chief.kms().GenerateMac(c.Context(), &kms.GenerateMacInput{KeyId: &key, MacAlgorithm: algorithm, Message: text})
			c.ok(err)
			local := hmac.New(row.hash, material)
			local.Write(text)
			if !bytes.Equal(out.Mac, local.Sum(nil)) {
				c.Errorf("the MAC is %x", out.Mac)
			}
			_, err = c.chief.kms().VerifyMac(c.Context(), &kms.VerifyMacInput{KeyId: &key, MacAlgorithm: algorithm, Message: []byte("another"), Mac: out.Mac})
			c.fails(err, "KMSInvalidMacException", "")
		})
	}
}

func TestAnImportedKeySignsAsItsOwnerDoes(t *testing.T) {
	c := startCourt(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	c.ok(err)
	material, err := x509.MarshalPKCS8PrivateKey(private)
	c.ok(err)
	key := c.chief.imports(&kms.CreateKeyInput{KeySpec: kmstypes.KeySpecEccNistP256, KeyUsage: kmstypes.KeyUsageTypeSignVerify}, kmstypes.AlgorithmSpecRsaesOaepSha1, sha1.New(), material)
	if _, public := c.chief.public(key); !private.PublicKey.Equal(public) {
		t.Error("the public key is not the owner's")
	}
	c.chief.signs(key, &private.PublicKey, kmstypes.SigningAlgorithmSpecEcdsaSha256)
}

// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
func TestAReplicaDecryptsWhatThePrimaryEncrypted(t *testing.T) {
	c := startCourt(t)
	there := func(o *kms.Options) { o.Region = "eu-west-1" }
	primary := c.chief.create(&kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	single := c.chief.create(&kms.CreateKeyInput{})
	in := &kms.ReplicateKeyInput{KeyId: &primary, ReplicaRegion: aws.String("eu-west-1")}
	out, err := c.chief.kms().ReplicateKey(c.Context(), in)
	c.ok(err)
	replica := *out.ReplicaKeyMetadata.Arn
	if want := strings.Replace(primary, region, "eu-west-1", 1); replica != want {
		t.Errorf("the replica is %s, want %s", replica, want)
	}
	c.server.Advance(time.Minute) // it is Creating at first
	sealed := c.chief.seal(primary)
	opened, err := c.chief.kms().Decrypt(c.Context(), &kms.DecryptInput{CiphertextBlob: sealed}, there)
	c.ok(err)
	if string(opened.Plaintext) != "sealed here" || *opened.KeyId != replica {
		t.Errorf("there: %q under %s", opened.Plaintext, *opened.KeyId)
	}
	if _, err = c.chief.kms().Decrypt(c.Context(), &kms.DecryptInput{CiphertextBlob: c.chief.seal(single)}, there); err == nil {
		t.Error("the ciphertext of a key of one Region decrypts in another")
	}
	_, err = c.chief.kms().ReplicateKey(c.Context(), in)
	c.fails(err, "AlreadyExistsException", "")
	in.KeyId = &single
	_, err = c.chief.kms().ReplicateKey(c.Context(), in)
	c.fails(err, "UnsupportedOperationException", single+" is not a multi-region primary key.")
}

// seal encrypts a text that says where.
func (a actor) seal(key string) []byte {
	a.court.Helper()
	out, err := a.kms().Encrypt(a.court.Context(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte("sealed here")})
	a.court.ok(err)
	return out.CiphertextBlob
}

// https://docs.aws.amazon.com/kms/latest/APIReference/API_DeriveSharedSecret.html
func TestBothSidesOfAKeyAgreementDeriveTheSameSecret(t *testing.T) {
	c := startCourt(t)
	for spec, curve := range map[kmstypes.KeySpec]ecdh.Curve{
		kmstypes.KeySpecEccNistP256: ecdh.P256(), kmstypes.KeySpecEccNistP384: ecdh.P384(), kmstypes.KeySpecEccNistP521: ecdh.P521(),
	} {
		c.run(string(spec), func() {
			in := &kms.CreateKeyInput{KeySpec: spec, KeyUsage: kmstypes.KeyUsageTypeKeyAgreement}
			alice, bob := c.chief.create(in), c.chief.create(in)
			private, err := curve.GenerateKey(rand.Reader)
			c.ok(err)
			local, err := x509.MarshalPKIXPublicKey(private.PublicKey())
			c.ok(err)
			ofAlice, public := c.chief.public(alice)
			ofBob, _ := c.chief.public(bob)
			if !bytes.Equal(c.chief.derives(alice, ofBob.PublicKey), c.chief.derives(bob, ofAlice.PublicKey)) {
				c.Error("two keys of KMS derive two secrets")
			}
			peer, err := public.(*ecdsa.PublicKey).ECDH()
			c.ok(err)
			secret, err := private.ECDH(peer)
			c.ok(err)
			if !bytes.Equal(c.chief.derives(alice, local), secret) {
				c.Error("KMS and the standard library derive two secrets")
			}
		})
	}
}

func (a actor) derives(key string, peer []byte) []byte {
	a.court.Helper()
	out, err := a.kms().DeriveSharedSecret(a.court.Context(), &kms.DeriveSharedSecretInput{KeyId: &key, PublicKey: peer, KeyAgreementAlgorithm: kmstypes.KeyAgreementAlgorithmSpecEcdh})
	a.court.ok(err)
	return out.SharedSecret
}

func TestThePaginatorsOfTheSDKSeeEverythingOnce(t *testing.T) {
	c := startCourt(t)
	const many = 7
	var keys, aliases, grants []string
	user := c.chief.hires("ann")
	for i := range many {
		keys = append(keys, c.chief.create(&kms.CreateKeyInput{}))
		name := fmt.Sprint("alias/number-", i)
		_, err := c.chief.kms().CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &keys[0]})
		c.ok(err)
		aliases = append(aliases, name)
		out, err := c.chief.kms().CreateGrant(t.Context(), &kms.CreateGrantInput{KeyId: &keys[0], GranteePrincipal: &user.arn, Name: &name, Operations: operations{encrypt}})
		c.ok(err)
		grants = append(grants, *out.GrantId)
	}
	client, size := c.chief.kms(), aws.Int32(3)
	c.lists("ListKeys", keys, paged(c, kms.NewListKeysPaginator(client, &kms.ListKeysInput{Limit: size}), func(o *kms.ListKeysOutput) (names []string) {
		for _, k := range o.Keys {
			names = append(names, *k.KeyArn)
		}
		return
	}))
	c.lists("ListAliases", aliases, paged(c, kms.NewListAliasesPaginator(client, &kms.ListAliasesInput{KeyId: &keys[0], Limit: size}), func(o *kms.ListAliasesOutput) (names []string) {
		for _, a := range o.Aliases {
			names = append(names, *a.AliasName)
		}
		return
	}))
	c.lists("ListGrants", grants, paged(c, kms.NewListGrantsPaginator(client, &kms.ListGrantsInput{KeyId: &keys[0], Limit: size}), func(o *kms.ListGrantsOutput) (names []string) {
		for _, g := range o.Grants {
			names = append(names, *g.GrantId)
		}
		return
	}))
	_, err := client.ListKeys(t.Context(), &kms.ListKeysInput{Marker: aws.String("nowhere")})
	if code, _ := codeOf(err); code != "InvalidMarkerException" {
		t.Errorf("a marker of nobody: %v", err)
	}
}

// pages is a paginator of the SDK.
type pages[T any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*kms.Options)) (T, error)
}

// paged collects names page by page.
func paged[T any](c *court, p pages[T], names func(T) []string) (all [][]string) {
	c.Helper()
	for p.HasMorePages() {
		out, err := p.NextPage(c.Context())
		c.ok(err)
		all = append(all, names(out))
	}
	return all
}

// lists checks that three pages, of three at most, hold what is wanted.
func (c *court) lists(operation string, want []string, got [][]string) {
	c.Helper()
	all := slices.Concat(got...)
	slices.Sort(all)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(all, want) || len(got) != 3 || len(got[0]) != 3 || len(got[1]) != 3 {
		c.Errorf("%s gives %q, want %q", operation, got, want)
	}
}
