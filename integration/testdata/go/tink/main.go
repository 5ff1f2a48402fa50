// Command tink seals files with Tink's envelope AEAD, whose key encryption key
// is a KMS key:
//
//	tink seal KEY-ARN ASSOCIATED-DATA < plaintext > ciphertext
//	tink open KEY-ARN ASSOCIATED-DATA < ciphertext > plaintext
//	tink wrap KEY-ARN ASSOCIATED-DATA
//
// wrap makes a keyset, encrypts it under the KMS key, reads it back and uses it
// both ways. The endpoint and the access keys come from AWS's variables.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tink-crypto/tink-go-awskms/v3/integration/awskms"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "tink:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: tink seal|open|wrap KEY-ARN ASSOCIATED-DATA")
	}
	uri := "aws-kms://" + args[1]
	client, err := awskms.NewClientWithOptions(context.Background(), uri)
	if err != nil {
		return err
	}
	remote, err := client.GetAEAD(uri)
	if err != nil {
		return err
	}
	if args[0] == "wrap" {
		return wrap(remote, []byte(args[2]))
	}
	envelope := aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), remote)
	work := map[string]func(_, _ []byte) ([]byte, error){"seal": envelope.Encrypt, "open": envelope.Decrypt}[args[0]]
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	out, err := work(in, []byte(args[2]))
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}

func wrap(remote tink.AEAD, associated []byte) error {
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return err
	}
	var wrapped bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), remote, associated); err != nil {
		return err
	}
	back, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(&wrapped), remote, associated)
	if err != nil {
		return err
	}
	first, err := aead.New(handle)
	if err != nil {
		return err
	}
	second, err := aead.New(back)
	if err != nil {
		return err
	}
	sealed, err := first.Encrypt([]byte("one text"), associated)
	if err != nil {
		return err
	}
	text, err := second.Decrypt(sealed, associated)
	fmt.Printf("%s", text)
	return err
}
