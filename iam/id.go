package iam

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
)

// Prefixes of unique ids, see
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
const (
	userPrefix      = "AIDA"
	rolePrefix      = "AROA"
	groupPrefix     = "AGPA"
	policyPrefix    = "ANPA"
	profilePrefix   = "AIPA"
	longTermPrefix  = "AKIA"
	temporaryPrefix = "ASIA"
)

// newID returns a unique id: the prefix and 17 random characters of base32.
func newID(prefix string) string { return prefix + rand.Text()[:17] }

// newSecret returns a secret access key: 40 characters of base64, 240 bits.
func newSecret() string {
	var b [30]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// newKeyID returns an access key id for the account. Ids of keys made since
// 2018 carry the number of the account: of the 80 bits that the 16 characters
// behind the prefix stand for, the first is set, 40 are the account's number
// and the rest are random.
func newKeyID(prefix, account string) (string, error) {
	n, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		return "", fmt.Errorf("iam: account %q: %w", account, err)
	}
	var b [10]byte
	rand.Read(b[:])
	head := 1<<63 | n<<23 | binary.BigEndian.Uint64(b[:8])&(1<<23-1)
	binary.BigEndian.PutUint64(b[:8], head)
	return prefix + base32.StdEncoding.EncodeToString(b[:]), nil
}

// accountOfKey reads the account's number out of an access key id; "" when it
// has none.
func accountOfKey(id string) string {
	if len(id) != 20 {
		return ""
	}
	b, err := base32.StdEncoding.DecodeString(id[4:])
	if err != nil || b[0]&0x80 == 0 {
		return ""
	}
	n := binary.BigEndian.Uint64(b) << 1 >> 24
	if n > 999_999_999_999 {
		return ""
	}
	return fmt.Sprintf("%012d", n)
}
