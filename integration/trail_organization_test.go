package integration

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

// organizations calls AWS Organizations as the root user of an account.
func (t *trailed) organizations(account, op, body string) map[string]any {
	t.Helper()
	q := request{service: "organizations", target: "AWSOrganizationsV20161128." + op, kind: jsonKind, body: body}
	a, err := q.with(func(r *http.Request) { // an id that nobody issued is not verified
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "Credential=test/", "Credential="+account+"/", 1))
	}).send(t.server.URL)
	t.ok(err)
	if a.status != 200 {
		t.Fatalf("%s: %d %s", op, a.status, a.body)
	}
	var out map[string]any
	if a.body != "" {
		t.ok(json.Unmarshal([]byte(a.body), &out))
	}
	return out
}

// organize makes an organization of both accounts.
func (t *trailed) organize() (id string) {
	t.Helper()
	out := t.organizations(ours, "CreateOrganization", `{}`)
	h := t.organizations(ours, "InviteAccountToOrganization", `{"Target":{"Id":"`+theirs+`","Type":"ACCOUNT"}}`)
	t.organizations(theirs, "AcceptHandshake", `{"HandshakeId":"`+h["Handshake"].(map[string]any)["Id"].(string)+`"}`)
	return out["Organization"].(map[string]any)["Id"].(string)
}

func organizationTrail(in *cloudtrail.CreateTrailInput) { in.IsOrganizationTrail = aws.Bool(true) }

// refused expects an organization trail to be refused.
func (t *trailed) refused(account, code string) {
	t.Helper()
	_, err := trailClient(t.server.URL, keys(account, "test")).CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
		Name: aws.String("main"), S3BucketName: aws.String("trail-logs"), IsOrganizationTrail: aws.Bool(true),
	})
	if got, _ := codeOf(err); got != code {
		t.Errorf("an organization trail of %s: %v, want %s", account, err, code)
	}
}

func TestAnOrganizationTrailNeedsTrustedAccessAndTheManagementAccount(t *testing.T) {
	x := startTrailed(t)
	x.refused(ours, "OrganizationsNotInUseException")
	x.organize()
	x.refused(ours, "CloudTrailAccessNotEnabledException")
	x.organizations(ours, "EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	x.refused(theirs, "NotOrganizationMasterAccountException")
	mine, other := trailClient(x.server.URL, keys(ours, "test")), trailClient(x.server.URL, keys(theirs, "test"))
	_, err := other.RegisterOrganizationDelegatedAdmin(t.Context(), &cloudtrail.RegisterOrganizationDelegatedAdminInput{MemberAccountId: aws.String(theirs)})
	if code, _ := codeOf(err); code != "NotOrganizationManagementAccountException" {
		t.Errorf("a member delegates: %v", err)
	}
	for account, want := range map[string]string{ours: "CannotDelegateManagementAccountException", "777788889999": "AccountNotFoundException"} {
		_, err := mine.RegisterOrganizationDelegatedAdmin(t.Context(), &cloudtrail.RegisterOrganizationDelegatedAdminInput{MemberAccountId: &account})
		if code, _ := codeOf(err); code != want {
			t.Errorf("%s: %v", account, err)
		}
	}
	_, err = mine.RegisterOrganizationDelegatedAdmin(t.Context(), &cloudtrail.RegisterOrganizationDelegatedAdminInput{MemberAccountId: aws.String(theirs)})
	x.ok(err)
	x.refused(theirs, "S3BucketDoesNotExistException")
	_, err = mine.DeregisterOrganizationDelegatedAdmin(t.Context(), &cloudtrail.DeregisterOrganizationDelegatedAdminInput{DelegatedAdminAccountId: aws.String(theirs)})
	x.ok(err)
	_, err = mine.DeregisterOrganizationDelegatedAdmin(t.Context(), &cloudtrail.DeregisterOrganizationDelegatedAdminInput{DelegatedAdminAccountId: aws.String(theirs)})
	if code, _ := codeOf(err); code != "AccountNotRegisteredException" {
		t.Errorf("it is taken back twice: %v", err)
	}
}

func TestAnOrganizationTrailLogsItsMembers(t *testing.T) {
	x := startTrailed(t)
	id := x.organize()
	x.organizations(ours, "EnableAWSServiceAccess", `{"ServicePrincipal":"cloudtrail.amazonaws.com"}`)
	mine, other := x.trail(ours, organizationTrail), trailClient(x.server.URL, keys(theirs, "test"))
	for _, account := range []string{ours, theirs, "777788889999"} {
		_, err := kmsClient(x.server.URL, keys(account, "test")).ListKeys(t.Context(), &kms.ListKeysInput{})
		x.ok(err)
	}
	x.server.Advance(10 * time.Minute)
	x.server.Advance(80 * time.Minute)
	files := map[string]string{}
	for name, text := range x.files(ours, "trail-logs") {
		folder := strings.Join(strings.Split(name, "/")[:4], "/")
		files[folder] += text
	}
	for _, account := range []string{ours, theirs} {
		folder := "AWSLogs/" + id + "/" + account
		if !strings.Contains(files[folder+"/CloudTrail"], `"eventName":"ListKeys"`) || files[folder+"/CloudTrail-Digest"] == "" {
			t.Errorf("nothing of %s is in %s", account, folder)
		}
		delete(files, folder+"/CloudTrail")
		delete(files, folder+"/CloudTrail-Digest")
	}
	if len(files) != 0 {
		t.Errorf("there are other files: %v", files)
	}
	x.verify()

	// A member sees the trail and its status, and changes nothing.
	list, err := other.DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{})
	x.ok(err)
	if len(list.TrailList) != 1 || !*list.TrailList[0].IsOrganizationTrail {
		t.Fatalf("a member sees %d trails", len(list.TrailList))
	}
	arn := list.TrailList[0].TrailARN
	status, err := other.GetTrailStatus(t.Context(), &cloudtrail.GetTrailStatusInput{Name: arn})
	x.ok(err)
	if !*status.IsLogging || status.LatestDeliveryTime == nil {
		t.Errorf("a member's status: %+v", status)
	}
	_, err = other.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: arn})
	if code, _ := codeOf(err); code != "NotOrganizationMasterAccountException" {
		t.Errorf("a member stops it: %v", err)
	}
	_, err = trailClient(x.server.URL, keys("777788889999", "test")).GetTrail(t.Context(), &cloudtrail.GetTrailInput{Name: arn})
	if code, _ := codeOf(err); code != "TrailNotFoundException" && code != "AccessDeniedException" {
		t.Errorf("a stranger sees it: %v", err)
	}
	_, err = mine.StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: aws.String("main")})
	x.ok(err)
}
