package cloudtrail

import (
	"net/netip"
	"regexp"
	"strings"
)

var (
	nameAlphabet = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)
	twoInARow    = regexp.MustCompile(`[._-]{2}`)
	// bucketName: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
)

const maxPrefix = 200 // characters

// checkName holds a trail name against AWS's rules.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
func checkName(name string) error {
	switch {
	case len(name) < 3:
		return nameTooShort(len(name))
	case len(name) > 128:
		return nameTooLong(len(name))
	case !nameAlphabet.MatchString(name):
		return nameCharacters()
	case strings.IndexByte("._-", name[0]) >= 0:
		return nameStart()
	case strings.IndexByte("._-", name[len(name)-1]) >= 0:
		return nameEnd()
	case twoInARow.MatchString(name):
		return nameAdjacent()
	}
	if a, err := netip.ParseAddr(name); err == nil && a.Is4() {
		return nameAddress()
	}
	return nil
}

// checkBucketName holds the name of a bucket against Amazon S3's rules.
func checkBucketName(name string) error {
	_, err := netip.ParseAddr(name)
	if !bucketName.MatchString(name) || strings.Contains(name, "..") || err == nil {
		return badBucketName(name)
	}
	return nil
}

func checkPrefix(prefix string) error {
	if len([]rune(prefix)) > maxPrefix {
		return badPrefix()
	}
	return nil
}
