package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// organizationLogs makes an organization of both accounts and its trail.
func organizationLogs(t *testing.T) (x *trailed, id, arn string) {
	x = startTrailed(t)
	id = x.organize()
	x.organizations(ours, "EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	list, err := x.trail(ours, organizationTrail).DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{})
	x.ok(err)
	return x, id, *list.TrailList[0].TrailARN
}

// asks makes a call to KMS whose event has that name.
func (t *trailed) asks(account, name string) {
	t.Helper()
	c := kmsClient(t.server.URL, keys(account, "test"))
	var err error
	switch name {
	case "ListKeys":
		_, err = c.ListKeys(t.Context(), &kms.ListKeysInput{})
	case "ListAliases":
		_, err = c.ListAliases(t.Context(), &kms.ListAliasesInput{})
	case "CreateKey":
		_, err = c.CreateKey(t.Context(), &kms.CreateKeyInput{})
	default:
		t.Fatalf("there is no call for %s", name)
	}
	t.ok(err)
}

// delivered are the texts of an account's log files, and how many digests it
// has.
func (t *trailed) delivered(id, account string) (text string, digests int) {
	t.Helper()
	for name, content := range t.files(ours, "trail-logs") {
		switch {
		case !strings.HasPrefix(name, "AWSLogs/"+id+"/"+account+"/"):
		case strings.Contains(name, "-Digest/"):
			digests++
		default:
			text += content
		}
	}
	return text, digests
}

func TestMembersCannotTagTheOrganizationTrail(t *testing.T) {
	x, _, arn := organizationLogs(t)
	tags := []cttypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}
	member, manager := trailClient(x.server.URL, keys(theirs, "test")), trailClient(x.server.URL, keys(ours, "test"))
	_, err := member.AddTags(t.Context(), &cloudtrail.AddTagsInput{ResourceId: &arn, TagsList: tags})
	if code, _ := codeOf(err); code != "NotOrganizationMasterAccountException" {
		t.Errorf("a member adds a tag: %v", err)
	}
	_, err = manager.AddTags(t.Context(), &cloudtrail.AddTagsInput{ResourceId: &arn, TagsList: tags})
	x.ok(err)
	_, err = member.RemoveTags(t.Context(), &cloudtrail.RemoveTagsInput{ResourceId: &arn, TagsList: tags})
	if code, _ := codeOf(err); code != "NotOrganizationMasterAccountException" {
		t.Errorf("a member removes a tag: %v", err)
	}
	out, err := member.ListTags(t.Context(), &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}})
	x.ok(err)
	if list := out.ResourceTagList[0].TagsList; len(list) != 1 || *list[0].Value != "red" {
		t.Errorf("the trail has the tags %v", list)
	}
}

func TestAnAccountThatLeavesLosesTheOrganizationTrail(t *testing.T) {
	x, id, arn := organizationLogs(t)
	member := trailClient(x.server.URL, keys(theirs, "test"))
	x.asks(theirs, "ListKeys")
	x.server.Advance(10 * time.Minute)
	x.server.Advance(time.Hour)
	x.organizations(ours, "RemoveAccountFromOrganization", `{"AccountId":"`+theirs+`"}`)
	list, err := member.DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{})
	x.ok(err)
	if len(list.TrailList) != 0 {
		t.Errorf("who has left still sees %v", *list.TrailList[0].Name)
	}
	_, err = member.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: &arn})
	if code, _ := codeOf(err); code != "TrailNotFoundException" {
		t.Errorf("who has left asks for the status: %v", err)
	}
	x.asks(theirs, "CreateKey")
	x.server.Advance(10 * time.Minute)
	_, before := x.delivered(id, theirs)
	x.server.Advance(3 * time.Hour)
	text, after := x.delivered(id, theirs)
	if !strings.Contains(text, `"eventName":"ListKeys"`) || strings.Contains(text, `"eventName":"CreateKey"`) || before != after {
		t.Errorf("of who has left there are %d digests, then %d, and\n%s", before, after, text)
	}
	x.verify()

	h := x.organizations(ours, "InviteAccountToOrganization", `{"Target":{"Id":"`+theirs+`","Type":"ACCOUNT"}}`)
	x.organizations(theirs, "AcceptHandshake", `{"HandshakeId":"`+h["Handshake"].(map[string]any)["Id"].(string)+`"}`)
	x.asks(theirs, "ListAliases")
	x.server.Advance(10 * time.Minute)
	x.server.Advance(time.Hour)
	text, again := x.delivered(id, theirs)
	if !strings.Contains(text, `"eventName":"ListAliases"`) || strings.Contains(text, `"eventName":"CreateKey"`) || again != after+1 {
		t.Errorf("of who came back there are %d digests, %d before, and\n%s", again, after, text)
	}
	x.verify()
}

func TestWithoutTrustedAccessMembersAreNotLogged(t *testing.T) {
	x, id, _ := organizationLogs(t)
	x.organizations(ours, "DisableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	x.asks(ours, "CreateKey")
	x.asks(theirs, "CreateKey")
	x.server.Advance(20 * time.Minute)
	if text, _ := x.delivered(id, ours); !strings.Contains(text, `"eventName":"CreateKey"`) {
		t.Error("the management account is not logged")
	}
	if text, _ := x.delivered(id, theirs); strings.Contains(text, `"eventName":"CreateKey"`) {
		t.Errorf("a member is logged: %s", text)
	}
	x.organizations(ours, "EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	x.asks(theirs, "ListAliases")
	x.server.Advance(20 * time.Minute)
	if text, _ := x.delivered(id, theirs); !strings.Contains(text, `"eventName":"ListAliases"`) || strings.Contains(text, `"eventName":"CreateKey"`) {
		t.Errorf("of a member there is %q", text)
	}
}

func TestAKeyThatIsNotThereIsToldFromOneThatMayNotBeUsed(t *testing.T) {
	x := startTrailed(t)
	x.bucket(ours, "trail-logs", trailPolicy)
	made, err := kmsClient(x.server.URL, keys(ours, "test")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	x.ok(err)
	const none = "12345678-1234-1234-1234-123456789012"
	for key, want := range map[string]string{
		none: "KmsKeyNotFoundException",
		"arn:aws:kms:" + region + ":" + ours + ":key/" + none: "KmsKeyNotFoundException",
		"alias/none":            "KmsKeyNotFoundException",
		*made.KeyMetadata.KeyId: "InsufficientEncryptionPolicyException",
		*made.KeyMetadata.Arn:   "InsufficientEncryptionPolicyException",
	} {
		_, err := trailClient(x.server.URL, keys(ours, "test")).CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
			Name: aws.String("main"), S3BucketName: aws.String("trail-logs"), KmsKeyId: &key,
		})
		if code, _ := codeOf(err); code != want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
}
