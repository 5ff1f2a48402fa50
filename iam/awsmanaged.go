package iam

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"sealstack/policy"
)

// awsAccount stands in the ARNs of AWS's managed policies in the place of an
// account.
const awsAccount = "aws"

// awsPolicyText is AWS's managed policies that are carried: their names, ids
// and what they allow, after
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/about-managed-policy-reference.html
//
// Unverified: the documents allow what AWS documents for the services that
// exist here, and are not AWS's to the letter; ids of all but
// AdministratorAccess, dates and version numbers are our own.
//
//go:embed awsmanaged.json
var awsPolicyText []byte

// awsByPath holds them by path and name, as in "/AdministratorAccess", under
// the partition aws. They are read when they are first asked for.
var awsByPath = sync.OnceValue(func() map[string]managed { return mustReadAWSPolicies(awsPolicyText) })

func mustReadAWSPolicies(text []byte) map[string]managed {
	all, err := readAWSPolicies(text)
	if err != nil {
		panic(err)
	}
	return all
}

func readAWSPolicies(text []byte) (map[string]managed, error) {
	var list []struct {
		Name, Path, ID, Description string
		Document                    json.RawMessage
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("iam: AWS's managed policies: %w", err)
	}
	made := time.Date(2015, 2, 6, 18, 39, 46, 0, time.UTC)
	all := make(map[string]managed, len(list))
	for _, p := range list {
		if _, err := policy.Parse(policy.Identity, p.Document); err != nil {
			return nil, fmt.Errorf("iam: %s: %w", p.Name, err)
		}
		all[p.Path+p.Name] = managed{
			Home: home{"aws", awsAccount}, Name: p.Name, Path: p.Path, ID: p.ID, Description: &p.Description,
			Created: made, Updated: made, Default: 1, Last: 1, Versions: []version{{1, string(p.Document), made}},
		}
	}
	return all, nil
}

// awsPolicy returns one of AWS's policies, nil if there is none.
func awsPolicy(partition, path, name string) *managed {
	m, ok := awsByPath()[path+name]
	if !ok {
		return nil
	}
	return m.in(partition)
}

// in returns the policy as it is in another partition: there the ARNs in its
// document are that partition's.
func (m managed) in(partition string) *managed {
	m.Home.Partition = partition
	if partition != "aws" {
		v := m.Versions[0]
		v.Document = strings.ReplaceAll(v.Document, `"arn:aws:`, `"arn:`+partition+`:`)
		m.Versions = []version{v}
	}
	return &m
}

// awsPolicies returns all of AWS's policies.
func awsPolicies(partition string) []*managed {
	all := make([]*managed, 0, len(awsByPath()))
	for _, m := range awsByPath() {
		all = append(all, m.in(partition))
	}
	return all
}
