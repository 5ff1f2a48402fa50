package emulator_test

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"sealstack/clock"
	"sealstack/emulator/emulatortest"
)

func TestAnEnclaveGetsItsAnswersThroughTheSDK(t *testing.T) {
	nitro := emulatortest.NewNitro(t, clock.Real().Now())
	s := emulatortest.Start(t, nitro.Trusted())
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	random := func(s *emulatortest.Server) (*kms.GenerateRandomOutput, error) {
		return kms.NewFromConfig(awsConfig(s)).GenerateRandom(t.Context(), &kms.GenerateRandomInput{
			NumberOfBytes: aws.Int32(32), Recipient: &types.RecipientInfo{
				KeyEncryptionAlgorithm: types.KeyEncryptionMechanismRsaesOaepSha256,
				AttestationDocument:    nitro.Document(map[int][]byte{0: make([]byte, 48)}, &key.PublicKey, s.Now()),
			},
		})
	}
	out, err := random(s)
	if err != nil || out.Plaintext != nil || len(out.CiphertextForRecipient) < 300 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := random(emulatortest.Start(t)); err == nil {
		t.Error("a server that does not trust the root takes the document")
	}
}
