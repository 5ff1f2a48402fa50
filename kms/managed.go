package kms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/kmsapi"
	"sealstack/arn"
	"sealstack/storage"
)

// An AWS managed key belongs to an account and is made, used and rotated by
// one AWS service for it. Nobody asks for one: it comes with the first use of
// its alias by the service, or when somebody describes that alias.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#aws-managed-key

// reserved begins the names of AWS's own aliases.
const reserved = "alias/aws/"

// managedYear is how often AWS managed keys are rotated, in days.
// https://docs.aws.amazon.com/kms/latest/developerguide/rotating-managed-keys.html
const managedYear = 365

// manager is a service that has managed keys.
type manager struct {
	service string // as kms:ViaService begins
	title   string // in its policy
	id      string // of its policy
	protect string // what the description says that it protects
}

// managers has the predefined aliases, by what follows alias/aws/.
//
// Unverified: which there are in a new account, and the texts for all but s3.
var managers = map[string]manager{
	"dynamodb":          {"dynamodb", "DynamoDB", "auto-dynamodb-1", "DynamoDB data"},
	"ebs":               {"ec2", "EBS", "auto-ebs-2", "EBS volumes"},
	"elasticfilesystem": {"elasticfilesystem", "EFS", "auto-elasticfilesystem-1", "EFS filesystems"},
	"es":                {"es", "Elasticsearch", "auto-es-1", "Elasticsearch domains"},
	"glue":              {"glue", "Glue", "auto-glue-1", "Glue data"},
	"kinesisvideo":      {"kinesisvideo", "Kinesis Video", "auto-kinesisvideo-1", "Kinesis Video data"},
	"rds":               {"rds", "RDS", "auto-rds-2", "RDS database volumes"},
	"redshift":          {"redshift", "Redshift", "auto-redshift-1", "Redshift clusters"},
	"s3":                {"s3", "S3", "auto-s3-2", "S3 objects"},
	"ssm":               {"ssm", "SSM", "auto-ssm-1", "SSM parameters"},
}

// predefined lists the names of the aliases in managers, ascending.
var predefined = func() (names []string) {
	for name := range managers {
		names = append(names, reserved+name)
	}
	slices.Sort(names)
	return names
}()

// managedPolicy is the policy of a managed key: everybody in the account may
// use it, through the service only, and the account may look at it.
//
// Unverified: the texts and the order, in which S3's was seen.
func (m manager) policy(region, account string) string {
	partition := arn.PartitionOf(region)
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "%s",
  "Statement" : [ {
    "Sid" : "Allow access through %s for all principals in the account that are authorized to use %[2]s",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "*"
    },
    "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey" ],
    "Resource" : "*",
    "Condition" : {
      "StringEquals" : {
        "kms:CallerAccount" : "%[3]s",
        "kms:ViaService" : "%[4]s.%[5]s.%[6]s"
      }
    }
  }, {
    "Sid" : "Allow direct access to key metadata to the account",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:%[7]s:iam::%[3]s:root"
    },
    "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
    "Resource" : "*"
  } ]
}`, m.id, m.title, account, m.service, region, arn.DNSSuffix(partition), partition)
}

// managed finds the manager of an alias in the caller's own account.
func (n name) managed(c *api.Caller) (manager, bool) {
	service, ok := strings.CutPrefix(n.alias, reserved)
	if !ok || n.account != c.Account {
		return manager{}, false
	}
	m, ok := managers[service]
	return m, ok
}

// calls says whether the service itself passes on the caller's request.
func (m manager) calls(c *api.Caller) bool {
	if len(c.Via) == 0 {
		return false
	}
	service, _, _ := strings.Cut(c.Via[len(c.Via)-1], ".")
	return service == m.service
}

// resolveManaged is resolve for an alias that may stand for a managed key
// that does not exist yet. It makes the key if the service asks for it.
func (s *Service) resolveManaged(ctx context.Context, n name) (*key, error) {
	c := api.CallerOf(ctx)
	if m, ok := n.managed(c); ok && m.calls(c) {
		return s.manage(ctx, n, m)
	}
	return nil, nil
}

// meet makes the managed key of a predefined alias that is to be described.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
func (s *Service) meet(ctx context.Context, keyID string) error {
	c := api.CallerOf(ctx)
	n, err := nameOf(c, keyID, allForms)
	if err != nil {
		return err
	}
	m, ok := n.managed(c)
	if !ok {
		return nil
	}
	if k, err := s.find(ctx, n); k != nil || err != nil {
		return err
	}
	_, err = s.manage(ctx, n, m)
	return err
}

// errTaken: another call has made the managed key meanwhile.
var errTaken = errors.New("kms: the alias is taken")

// manage makes the managed key called n.
func (s *Service) manage(ctx context.Context, n name, m manager) (*key, error) {
	now := s.clock.Now()
	r := &record{
		Account: n.account, Region: n.region, ID: newKeyID(), Created: now, Managed: true, Aliases: []string{n.alias},
		Description: "Default key that protects my " + m.protect + " when no other key is defined",
		Spec:        kmsapi.KeySpecSymmetricDefault, Usage: encryptDecrypt, Origin: kmsapi.OriginTypeAwsKms,
	}
	err := s.create(ctx, r, m.policy(n.region, n.account), func(tx storage.Tx) error {
		at := storage.K(n.account, n.region, n.alias)
		if taken, err := aliases.Has(tx, at); err != nil || taken {
			return errors.Join(err, errTaken)
		}
		if err := reschedule(tx, r, every(managedYear, now)); err != nil {
			return err
		}
		return aliases.Put(tx, at, aliasRecord{Target: r.ID, Created: now, Updated: now})
	})
	if err != nil && !errors.Is(err, errTaken) {
		return nil, err
	}
	return s.find(ctx, n)
}

// manager is who manages a key.
func (r *record) manager() kmsapi.KeyManagerType {
	if r.Managed {
		return kmsapi.KeyManagerTypeAws
	}
	return kmsapi.KeyManagerTypeCustomer
}

// unborn lists the rows of the predefined aliases of a list that follow after.
// They are without a key until it is found that they have one.
func unborn(prefix, after storage.Key) (rows []storage.Key) {
	for _, name := range predefined {
		if at := prefix.With(name); at.Compare(after) > 0 {
			rows = append(rows, at)
		}
	}
	return rows
}

// addUnborn adds the predefined aliases before a row, nil for the end, which
// stand in no table. It returns the rest.
func addUnborn(p *page[kmsapi.AliasListEntry], c *api.Caller, rows []storage.Key, before storage.Key) []storage.Key {
	for len(rows) > 0 && (before == nil || rows[0].Compare(before) < 0) {
		alias := rows[0].Strings()[2]
		p.add(rows[0], kmsapi.AliasListEntry{AliasName: &alias, AliasArn: new(aliasARN(c.Region, c.Account, alias))})
		rows = rows[1:]
	}
	if len(rows) > 0 && rows[0].Compare(before) == 0 {
		rows = rows[1:]
	}
	return rows
}
