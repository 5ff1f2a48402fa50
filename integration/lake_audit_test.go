package integration

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"sealstack/auth/sigv4"
	"sealstack/clock"
)

// category is the selector of a store for one category of events, with further
// fields in pairs.
func category(name string, fields ...string) []types.AdvancedEventSelector {
	list := []types.AdvancedFieldSelector{{Field: aws.String("eventCategory"), Equals: []string{name}}}
	for i := 0; i < len(fields); i += 2 {
		list = append(list, types.AdvancedFieldSelector{Field: &fields[i], Equals: []string{fields[i+1]}})
	}
	return []types.AdvancedEventSelector{{FieldSelectors: list}}
}

// eventStore makes an event data store and returns its ARN and its id.
func (t *trailed) eventStore(c *cloudtrail.Client, name string, selectors []types.AdvancedEventSelector) (arn, id string) {
	t.Helper()
	out, err := c.CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{Name: &name, AdvancedEventSelectors: selectors})
	t.ok(err)
	return *out.EventDataStoreArn, lastOf(*out.EventDataStoreArn)
}

func lastOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// auditAnswer is what PutAuditEvents answers, or its error.
type auditAnswer struct {
	Successful []struct{ EventID, ID string }
	Failed     []struct{ ErrorCode, ErrorMessage, ID string }
	Message    string
	status     int
	code       string
}

// putAudit calls PutAuditEvents as the root user of an account, as an SDK does.
func (t *trailed) putAudit(account, channel, external string, events ...string) auditAnswer {
	t.Helper()
	query := url.Values{"channelArn": {channel}}
	if external != "" {
		query.Set("externalId", external)
	}
	type event struct {
		ID   string `json:"id"`
		Data string `json:"eventData"`
	}
	var list []event
	for i, e := range events {
		list = append(list, event{fmt.Sprint(i), e})
	}
	body, err := json.Marshal(map[string]any{"auditEvents": list})
	t.ok(err)
	r, err := http.NewRequestWithContext(t.Context(), "POST", t.server.URL+"/PutAuditEvents?"+query.Encode(), strings.NewReader(string(body)))
	t.ok(err)
	r.Header.Set("Content-Type", "application/json")
	hash := sha256.Sum256(body)
	signer := sigv4.Signer{AccessKeyID: account, Secret: "test", Region: region, Service: "cloudtrail-data"}
	signer.Sign(r, hex.EncodeToString(hash[:]), clock.Real().Now())
	resp, err := http.DefaultClient.Do(r)
	t.ok(err)
	defer resp.Body.Close()
	a := auditAnswer{status: resp.StatusCode, code: resp.Header.Get("x-amzn-ErrorType")}
	t.ok(json.NewDecoder(resp.Body).Decode(&a))
	return a
}

func signIn(who string) string {
	return `{"version":"1","userIdentity":{"type":"Person","principalId":"` + who + `"},"eventSource":"app","eventName":"SignIn",` +
		`"eventTime":"2026-03-01T11:00:00Z","UID":"u","recipientAccountId":"` + ours + `"}`
}

// audited is an account with a channel, a store behind it and a store of the
// channel's data events.
func audited(t *trailed) (c *cloudtrail.Client, channel, events, calls string) {
	t.Helper()
	c = lakeClient(t.server.URL, keys(ours, "test"))
	store, events := t.eventStore(c, "outside", category("ActivityAuditLog"))
	made, err := c.CreateChannel(t.Context(), &cloudtrail.CreateChannelInput{
		Name: aws.String("app"), Source: aws.String("Custom"),
		Destinations: []types.Destination{{Type: types.DestinationTypeEventDataStore, Location: &store}},
	})
	t.ok(err)
	_, calls = t.eventStore(c, "calls", category("Data", "resources.type", "AWS::CloudTrail::Channel", "resources.ARN", *made.ChannelArn))
	return c, *made.ChannelArn, events, calls
}

func TestEventsThatArePutOverHTTPAreQueried(t *testing.T) {
	x := startTrailed(t)
	c, channel, events, calls := audited(x)
	got := x.putAudit(ours, channel, "", signIn("ann"), signIn("bob"), `{"version":"1"}`)
	if got.status != 200 || len(got.Successful) != 2 || len(got.Failed) != 1 || got.Failed[0].ErrorCode != "FieldNotFound" {
		t.Fatalf("the answer is %+v", got)
	}
	rows := strings.Join(answer(x, c, "SELECT eventType, eventData.userIdentity.principalId FROM "+events+" ORDER BY 2"), "; ")
	if want := "FINISHED; eventType=ActivityLog principalId=ann; eventType=ActivityLog principalId=bob"; rows != want {
		t.Errorf("the rows are %s, want %s", rows, want)
	}
	x.server.Advance(10 * time.Minute)
	rows = strings.Join(answer(x, c, "SELECT eventName, eventSource FROM "+calls), "; ")
	if want := "FINISHED; eventName=PutAuditEvents eventSource=cloudtrail-data.amazonaws.com"; rows != want {
		t.Errorf("the calls are %s, want %s", rows, want)
	}
	if big := x.putAudit(ours, channel, "", signIn("ann")+strings.Repeat(" ", 1<<20)); big.status != 400 || big.code != "ValidationException" {
		t.Errorf("more than 1 MB: %+v", big)
	}
	if none := x.putAudit(ours, channel[:len(channel)-1]+"_", "", signIn("ann")); none.status != 400 || none.code != "InvalidChannelARN" {
		t.Errorf("a channel that cannot be: %+v", none)
	}
}

func TestAChannelsPolicyLetsAnotherAccountPutEventsWithItsExternalID(t *testing.T) {
	x := startTrailed(t)
	c, channel, events, _ := audited(x)
	_, err := c.PutResourcePolicy(t.Context(), &cloudtrail.PutResourcePolicyInput{ResourceArn: &channel, ResourcePolicy: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + theirs + `"},"Action":"cloudtrail-data:PutAuditEvents",` +
			`"Resource":"` + channel + `","Condition":{"StringEquals":{"cloudtrail:ExternalId":"shared"}}}]}`)})
	x.ok(err)
	for external, want := range map[string]string{"": "ChannelInsufficientPermission", "other": "ChannelInsufficientPermission", "shared": ""} {
		if got := x.putAudit(theirs, channel, external, signIn("ann")); got.code != want {
			t.Errorf("with the external ID %q: %+v", external, got)
		}
	}
	if rows := strings.Join(answer(x, c, "SELECT count(*) AS n FROM "+events), "; "); rows != "FINISHED; n=1" {
		t.Errorf("the rows are %s", rows)
	}
}
