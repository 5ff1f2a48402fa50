package integration

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// keyCondition is what can become of a KMS key under which events lie.
type keyCondition struct {
	name     string
	usable   bool // CloudWatch Logs can still use the key
	external bool // the key's material is imported
	bring    func(*estateOfLogs)
	undo     func(*estateOfLogs) // nil where nothing brings the events back
}

var keyConditions = []keyCondition{
	{name: "usable", usable: true, bring: func(*estateOfLogs) {}},
	{
		name:  "policy revoked",
		bring: func(e *estateOfLogs) { e.setPolicy(keyPolicy()) }, undo: (*estateOfLogs).allowLogs,
	},
	{
		name: "encryption context of another group",
		bring: func(e *estateOfLogs) {
			e.setPolicy(keyPolicy(withContext("arn:aws:logs:" + region + ":000000000000:log-group:other")))
		},
		undo: (*estateOfLogs).allowLogs,
	},
	{
		name: "encryption context of the very groups", usable: true,
		bring: func(e *estateOfLogs) {
			var each []string
			for _, g := range eras {
				each = append(each, withContext(g.arn()))
			}
			e.setPolicy(keyPolicy(each...))
		},
	},
	{name: "disabled", bring: (*estateOfLogs).disable, undo: (*estateOfLogs).enable},
	{
		name: "pending deletion", bring: func(e *estateOfLogs) { e.schedule() },
		undo: func(e *estateOfLogs) {
			_, err := e.kms.CancelKeyDeletion(e.Context(), &kms.CancelKeyDeletionInput{KeyId: &e.key})
			e.ok(err)
			e.enable()
		},
	},
	{name: "deleted", bring: func(e *estateOfLogs) {
		e.schedule()
		e.server.Advance(7*24*time.Hour + time.Second)
	}},
	{
		name: "imported material expired", external: true,
		bring: func(e *estateOfLogs) { e.server.Advance(20 * 24 * time.Hour) }, undo: (*estateOfLogs).importAgain,
	},
	{
		name: "imported material deleted", external: true,
		bring: func(e *estateOfLogs) {
			_, err := e.kms.DeleteImportedKeyMaterial(e.Context(), &kms.DeleteImportedKeyMaterialInput{KeyId: &e.key})
			e.ok(err)
		},
		undo: (*estateOfLogs).importAgain,
	},
	{
		name: "allowed by grants alone", usable: true,
		bring: func(e *estateOfLogs) {
			for _, g := range eras {
				e.grant(g.arn())
			}
			e.setPolicy(keyPolicy())
		},
	},
	{
		name: "allowed by a grant for another group",
		bring: func(e *estateOfLogs) {
			e.grant("arn:aws:logs:" + region + ":000000000000:log-group:other")
			e.setPolicy(keyPolicy())
		},
		undo: func(e *estateOfLogs) {
			for _, g := range eras {
				e.grant(g.arn())
			}
		},
	},
}

func (e *estateOfLogs) setPolicy(policy *string) {
	_, err := e.kms.PutKeyPolicy(e.Context(), &kms.PutKeyPolicyInput{KeyId: &e.key, Policy: policy})
	e.ok(err)
}

func (e *estateOfLogs) allowLogs() { e.setPolicy(keyPolicy(fmt.Sprintf(ofLogs, ""))) }

func (e *estateOfLogs) disable() {
	_, err := e.kms.DisableKey(e.Context(), &kms.DisableKeyInput{KeyId: &e.key})
	e.ok(err)
}

func (e *estateOfLogs) enable() {
	_, err := e.kms.EnableKey(e.Context(), &kms.EnableKeyInput{KeyId: &e.key})
	e.ok(err)
}

func (e *estateOfLogs) schedule() {
	_, err := e.kms.ScheduleKeyDeletion(e.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &e.key, PendingWindowInDays: aws.Int32(7)})
	e.ok(err)
}

func (e *estateOfLogs) importAgain() { e.importInto(e.key, e.server.Now().Add(20*24*time.Hour)) }

// grant lets CloudWatch Logs use the key for one resource.
func (e *estateOfLogs) grant(source string) {
	service := "logs." + region + ".amazonaws.com"
	_, err := e.kms.CreateGrant(e.Context(), &kms.CreateGrantInput{
		KeyId: &e.key, GranteeServicePrincipal: &service, RetiringServicePrincipal: &service,
		Operations:  []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt, kmstypes.GrantOperationGenerateDataKey},
		Constraints: &kmstypes.GrantConstraints{SourceArn: &source},
	})
	e.ok(err)
}
