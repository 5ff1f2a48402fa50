package integration

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// application is one that holds nobody to more than it needs: the writer makes
// data keys and the reader opens them, both for the orders alone, and the
// auditor looks at the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
type application struct {
	*court
	key, other              lock
	writer, reader, auditor actor
}

var (
	orders   = map[string]string{"app": "orders"}
	invoices = map[string]string{"app": "invoices"}
	more     = map[string]string{"app": "orders", "stage": "test"}
)

// onlyOrders allows no other pair, neither another value nor one more.
const onlyOrders = `"StringEquals":{"kms:EncryptionContext:app":"orders"},"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"app"}`

func startApplication(t *testing.T) *application {
	c := startCourt(t)
	a := &application{court: c, key: c.chief.makes(), other: c.chief.makes()}
	a.writer = c.chief.hires("writer").has(rule("Allow", "kms:GenerateDataKey", a.key.arn, onlyOrders))
	a.reader = c.chief.hires("reader").has(rule("Allow", "kms:Decrypt", a.key.arn, onlyOrders))
	a.auditor = c.chief.hires("auditor").has(rule("Allow", "kms:DescribeKey", a.key.arn))
	return a
}

// sealer is AES-GCM under a data key.
func (a *application) sealer(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	a.ok(err)
	aead, err := cipher.NewGCM(block)
	a.ok(err)
	return aead
}

func TestTheWritersDataKeyOpensWithTheReader(t *testing.T) {
	a := startApplication(t)
	made, err := a.writer.kms().GenerateDataKey(t.Context(), &kms.GenerateDataKeyInput{KeyId: &a.key.id, KeySpec: kmstypes.DataKeySpecAes256, EncryptionContext: orders})
	a.ok(err)
	nonce := make([]byte, 12) // the data key is used once
	sealed := a.sealer(made.Plaintext).Seal(nil, nonce, []byte("one order"), nil)

	read, err := a.reader.kms().Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: made.CiphertextBlob, EncryptionContext: orders})
	a.ok(err)
	plain, err := a.sealer(read.Plaintext).Open(nil, nonce, sealed, nil)
	if err != nil || string(plain) != "one order" || *read.KeyId != a.key.arn {
		t.Errorf("read %q with %s, %v", plain, *read.KeyId, err)
	}
	a.auditor.can("kms:DescribeKey", a.key, use{})
}

func TestEachOfTheApplicationIsDeniedAllElse(t *testing.T) {
	a := startApplication(t)
	blob, bare := a.chief.seals(a.key, orders), a.chief.seals(a.key, nil)
	for _, c := range []struct {
		name   string
		who    actor
		action string
		key    lock
		use    use
	}{
		{"another order book", a.writer, "kms:GenerateDataKey", a.key, use{context: invoices}},
		{"one more pair", a.writer, "kms:GenerateDataKey", a.key, use{context: more}},
		{"no context", a.writer, "kms:GenerateDataKey", a.key, use{}},
		{"a value in other case", a.writer, "kms:GenerateDataKey", a.key, use{context: map[string]string{"app": "Orders"}}},
		{"a name in other case", a.writer, "kms:GenerateDataKey", a.key, use{context: map[string]string{"App": "orders"}}},
		{"another key", a.writer, "kms:GenerateDataKey", a.other, use{context: orders}},
		{"an action that begins alike", a.writer, "kms:GenerateDataKeyWithoutPlaintext", a.key, use{context: orders}},
		{"the writer encrypts", a.writer, "kms:Encrypt", a.key, use{context: orders}},
		{"the writer reads", a.writer, "kms:Decrypt", a.key, use{context: orders, blob: blob}},
		{"the writer looks", a.writer, "kms:DescribeKey", a.key, use{}},
		{"the reader writes", a.reader, "kms:GenerateDataKey", a.key, use{context: orders}},
		{"the reader encrypts", a.reader, "kms:Encrypt", a.key, use{context: orders}},
		{"the reader looks", a.reader, "kms:DescribeKey", a.key, use{}},
		{"the reader with another context", a.reader, "kms:Decrypt", a.key, use{context: invoices, blob: blob}},
		{"the reader and what has no context", a.reader, "kms:Decrypt", a.key, use{blob: bare}},
		{"the auditor reads", a.auditor, "kms:Decrypt", a.key, use{context: orders, blob: blob}},
		{"the auditor writes", a.auditor, "kms:GenerateDataKey", a.key, use{context: orders}},
		{"the auditor and the policy", a.auditor, "kms:GetKeyPolicy", a.key, use{}},
		{"the auditor changes", a.auditor, "kms:UpdateKeyDescription", a.key, use{}},
		{"the auditor and another key", a.auditor, "kms:DescribeKey", a.other, use{}},
	} {
		a.run(c.name, func() { c.who.cannot(c.action, c.key, c.use, noIdentityPolicy) })
	}
}

// The name of a pair does not mind case in a condition, but it does in the
// encryption context itself: the condition lets the request pass, the
// ciphertext does not open.
func TestTheConditionIsNoSubstituteForTheContext(t *testing.T) {
	a := startApplication(t)
	a.reader.has(rule("Allow", "kms:Decrypt", a.key.arn, `"StringEquals":{"kms:EncryptionContext:app":"orders"}`))
	blob := a.chief.seals(a.key, orders)
	a.reader.can("kms:Decrypt", a.key, use{context: orders, blob: blob})
	for _, context := range []map[string]string{more, {"App": "orders"}} {
		a.fails(a.reader.try("kms:Decrypt", a.key, use{context: context, blob: blob}), "InvalidCiphertextException", "")
	}
	a.fails(a.chief.try("kms:Decrypt", a.key, use{context: invoices, blob: blob}), "InvalidCiphertextException", "")
}

// Without KeyId the denial does not tell which key made the ciphertext.
func TestADenialDoesNotTellWhoseCiphertextItIs(t *testing.T) {
	a := startApplication(t)
	in := &kms.DecryptInput{CiphertextBlob: a.chief.seals(a.key, orders), EncryptionContext: orders}
	_, err := a.auditor.kms().Decrypt(t.Context(), in)
	a.auditor.denied(err, "kms:Decrypt", "the resource associated with this ciphertext", noIdentityPolicy)
	_, err = a.stranger().kms().Decrypt(t.Context(), in)
	a.stranger().denied(err, "kms:Decrypt", "the resource associated with this ciphertext", otherAccount)
}
