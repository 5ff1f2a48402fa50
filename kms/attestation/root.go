package attestation

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// awsRoot is the root certificate of Nitro Enclaves in the partition aws,
// AWS_NitroEnclaves_Root-G1.
// https://docs.aws.amazon.com/enclaves/latest/user/verify-root.html
const awsRoot = `-----BEGIN CERTIFICATE-----
MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTEL
MAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpvbjEMMAoGA1UECwwDQVdTMRswGQYD
VQQDDBJhd3Mubml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4
MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQL
DANBV1MxGzAZBgNVBAMMEmF3cy5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEG
BSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb
48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0JX28TcPQXCEPZ3BABIeTPYwEoCWZE
h8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkF
R+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqGSM49BAMDA2kAMGYC
MQCjfy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPW
rfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr6wPLb+6N
IwLz3/Y=
-----END CERTIFICATE-----
`

// awsFingerprint is the SHA-256 of awsRoot in DER that AWS publishes.
const awsFingerprint = "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b"

// Roots are the roots that documents are held against: AWS's, and those in the
// PEM text, which may be empty.
func Roots(more []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	block, _ := pem.Decode([]byte(awsRoot))
	if fmt.Sprintf("%x", sha256.Sum256(block.Bytes)) != awsFingerprint {
		return nil, errors.New("attestation: the root of AWS is not the published one")
	}
	pool.AppendCertsFromPEM([]byte(awsRoot))
	if len(more) > 0 && !pool.AppendCertsFromPEM(more) {
		return nil, errors.New("attestation: no certificate in PEM")
	}
	return pool, nil
}
