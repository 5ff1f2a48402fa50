package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

func lakeClient(url string, c aws.CredentialsProvider) *cloudtrail.Client {
	return cloudtrail.New(cloudtrail.Options{Region: region, Credentials: c, BaseEndpoint: &url})
}

// answer waits for a query and returns its rows, or the status that it ended
// with.
func answer(t *trailed, c *cloudtrail.Client, statement string) []string {
	t.Helper()
	started, err := c.StartQuery(t.Context(), &cloudtrail.StartQueryInput{QueryStatement: &statement})
	t.ok(err)
	for range 500 {
		d, err := c.DescribeQuery(t.Context(), &cloudtrail.DescribeQueryInput{QueryId: started.QueryId})
		t.ok(err)
		if d.QueryStatus != types.QueryStatusQueued && d.QueryStatus != types.QueryStatusRunning {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	out, err := c.GetQueryResults(t.Context(), &cloudtrail.GetQueryResultsInput{QueryId: started.QueryId})
	t.ok(err)
	rows := []string{string(out.QueryStatus)}
	for _, row := range out.QueryResultRows {
		var cells []string
		for _, cell := range row {
			for name, v := range cell {
				cells = append(cells, name+"="+v)
			}
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return rows
}

func TestCallsAreQueriedInAnEventDataStoreUnderAKMSKey(t *testing.T) {
	x := startTrailed(t)
	keyring := kmsClient(x.server.URL, keys(ours, "test"))
	c := lakeClient(x.server.URL, keys(ours, "test"))
	made, err := keyring.CreateKey(t.Context(), &kms.CreateKeyInput{})
	x.ok(err)
	create := func() (*cloudtrail.CreateEventDataStoreOutput, error) {
		return c.CreateEventDataStore(t.Context(), &cloudtrail.CreateEventDataStoreInput{Name: aws.String("lake"), KmsKeyId: made.KeyMetadata.Arn})
	}
	_, err = create()
	if code, _ := codeOf(err); code != "InsufficientEncryptionPolicyException" {
		t.Fatalf("a key whose policy does not name CloudTrail: %v", err)
	}
	_, err = keyring.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: made.KeyMetadata.KeyId, Policy: aws.String(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + ours + `:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":["kms:GenerateDataKey","kms:Decrypt","kms:DescribeKey"],"Resource":"*"}]}`)})
	x.ok(err)
	store, err := create()
	x.ok(err)
	_, err = keyring.ListKeys(t.Context(), &kms.ListKeysInput{})
	x.ok(err)
	x.server.Advance(6 * time.Minute)
	id := (*store.EventDataStoreArn)[strings.LastIndexByte(*store.EventDataStoreArn, '/')+1:]
	statement := "SELECT eventName, userIdentity.accountId FROM " + id + " WHERE eventSource = 'kms.amazonaws.com' AND eventName = 'ListKeys'"
	got := strings.Join(answer(x, c, statement), "; ")
	if want := "FINISHED; eventName=ListKeys accountId=" + ours; got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
	_, err = keyring.DisableKey(t.Context(), &kms.DisableKeyInput{KeyId: made.KeyMetadata.KeyId})
	x.ok(err)
	_, err = c.StartQuery(t.Context(), &cloudtrail.StartQueryInput{QueryStatement: &statement})
	if code, _ := codeOf(err); code != "InsufficientEncryptionPolicyException" {
		t.Errorf("a query under a disabled key: %v", err)
	}
	_, err = keyring.EnableKey(t.Context(), &kms.EnableKeyInput{KeyId: made.KeyMetadata.KeyId})
	x.ok(err)
	if got := answer(x, c, statement); len(got) != 2 {
		t.Errorf("after the key is enabled: %v", got)
	}
}
