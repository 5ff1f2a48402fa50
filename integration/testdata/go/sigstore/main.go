// Command sigstore signs and verifies with a KMS key as cosign does, by
// sigstore's library for AWS KMS:
//
//	sigstore sign KEY-REFERENCE < message > signature
//	sigstore verify KEY-REFERENCE SIGNATURE-FILE < message
//	sigstore create KEY-REFERENCE ALGORITHM
//
// verify asks KMS, and holds the signature against the public key as well;
// both must agree. A reference is awskms:/// and the ARN of a key or an alias.
package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/aws"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sigstore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: sigstore sign|verify|create KEY-REFERENCE ...")
	}
	key, err := kms.Get(ctx, args[1], crypto.SHA256)
	if err != nil {
		return err
	}
	switch args[0] {
	case "create":
		_, err := key.CreateKey(ctx, args[2])
		return err
	case "sign":
		signed, err := key.SignMessage(os.Stdin, options.WithContext(ctx))
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(signed)
		return err
	case "verify":
		return verify(ctx, key, args[2])
	}
	return errors.New("no command " + args[0])
}

func verify(ctx context.Context, key kms.SignerVerifier, file string) error {
	signed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	message, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	public, err := key.PublicKey(options.WithContext(ctx))
	if err != nil {
		return err
	}
	here, err := signature.LoadVerifier(public, crypto.SHA256)
	if err != nil {
		return err
	}
	remotely := key.VerifySignature(bytes.NewReader(signed), bytes.NewReader(message), options.WithContext(ctx), options.WithRemoteVerification(true))
	locally := here.VerifySignature(bytes.NewReader(signed), bytes.NewReader(message))
	if (remotely == nil) != (locally == nil) {
		return fmt.Errorf("KMS says %v, the public key %v", remotely, locally)
	}
	return remotely
}
