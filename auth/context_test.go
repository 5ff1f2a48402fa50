package auth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sealstack/api"
	"sealstack/clock"
)

// asked returns a question of the caller about a key of our account.
func asked(c *api.Caller, change ...func(*facts)) *question {
	q := &question{clock: clock.Fixed(noon.Add(500 * time.Millisecond))}
	q.caller, q.request = c, Request{Action: decrypt, Resource: ourKey, Account: ours}
	for _, f := range change {
		f(&q.facts)
	}
	q.pose()
	return q
}

func with(c *api.Caller, change func(*api.Caller)) *api.Caller {
	changed := *c
	change(&changed)
	return &changed
}

// keyRow is a condition key and what it says of a request. No values stand for
// an absent key.
type keyRow struct {
	name string
	q    *question
	key  string
	want []string
}

func runKeys(t *testing.T, rows []keyRow) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.key+" "+row.name, func(t *testing.T) {
			got, present := row.q.Lookup(strings.ToLower(row.key))
			if present != (len(row.want) > 0) || !slices.Equal(got, row.want) {
				t.Errorf("got %q %v, want %q", got, present, row.want)
			}
		})
	}
}

// Where the keys have a value is said at
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// and, by kind of principal, at
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
func TestTheKeysOfThePrincipal(t *testing.T) {
	anonymous, root, user, session := asked(&api.Caller{}), asked(rootIn(ours)), asked(userOf(ours)), asked(sessionOf(ours))
	federated, logs := asked(federatedOf(ours)), asked(serviceOf("logs.us-east-1.amazonaws.com"))
	runKeys(t, []keyRow{
		{"root", root, "aws:PrincipalArn", []string{"arn:aws:iam::111122223333:root"}},
		{"user", user, "aws:PrincipalArn", []string{"arn:aws:iam::111122223333:user/eve"}},
		{"session: the role with its path", session, "aws:PrincipalArn", []string{"arn:aws:iam::111122223333:role/team/reader"}},
		{"federated", federated, "aws:PrincipalArn", []string{"arn:aws:sts::111122223333:federated-user/guest"}},
		{"service", logs, "aws:PrincipalArn", nil},
		{"anonymous", anonymous, "aws:PrincipalArn", nil},
		{"user", user, "aws:PrincipalAccount", []string{ours}},
		{"service", logs, "aws:PrincipalAccount", nil},
		{"anonymous", anonymous, "aws:PrincipalAccount", nil},
		{"anonymous", anonymous, "aws:PrincipalType", []string{"Anonymous"}},
		{"root", root, "aws:PrincipalType", []string{"Account"}},
		{"user", user, "aws:PrincipalType", []string{"User"}},
		{"session", session, "aws:PrincipalType", []string{"AssumedRole"}},
		{"federated", federated, "aws:PrincipalType", []string{"FederatedUser"}},
		{"service", logs, "aws:PrincipalType", nil},
		{"root", root, "aws:userid", []string{ours}},
		{"user", user, "aws:userid", []string{"AIDA2222222222222222U"}},
		{"session", session, "aws:userid", []string{"AROA2222222222222222R:s"}},
		{"federated", federated, "aws:userid", []string{"111122223333:guest"}},
		{"service", logs, "aws:userid", nil},
		{"anonymous", anonymous, "aws:userid", nil},
		{"user", user, "aws:username", []string{"eve"}},
		{"root", root, "aws:username", nil},
		{"session", session, "aws:username", nil},
		{"federated", federated, "aws:username", nil},
		{"user", user, "aws:PrincipalIsAWSService", []string{"false"}},
		{"service", logs, "aws:PrincipalIsAWSService", []string{"true"}},
		{"anonymous", anonymous, "aws:PrincipalIsAWSService", nil},
		{"service", logs, "aws:PrincipalServiceName", []string{"logs.us-east-1.amazonaws.com"}},
		{"user", user, "aws:PrincipalServiceName", nil},
		{"service", logs, "aws:PrincipalServiceNamesList", []string{"logs.us-east-1.amazonaws.com"}},
		{"user", user, "aws:PrincipalServiceNamesList", nil},
		{"service", logs, "aws:SourceArn", []string{"arn:aws:logs:us-east-1:111122223333:log-group:g"}},
		{"service", logs, "aws:SourceAccount", []string{ours}},
		{"service for itself", asked(with(logs.caller, func(c *api.Caller) { c.SourceARN, c.SourceAccount = "", "" })), "aws:SourceArn", nil},
		{"a user who says so", asked(with(user.caller, func(c *api.Caller) { c.SourceARN = "x" })), "aws:SourceArn", nil},
		{"a user who says so", asked(with(user.caller, func(c *api.Caller) { c.SourceAccount = "x" })), "aws:SourceAccount", nil},
	})
}

func TestTheKeysOfASession(t *testing.T) {
	plain := asked(sessionOf(ours))
	rich := asked(with(sessionOf(ours), func(c *api.Caller) {
		c.Session = &api.Session{Issued: noon.Add(-time.Minute), MFA: true, SourceIdentity: "Eve", Provider: "arn:aws:iam::111122223333:saml-provider/p"}
	}))
	long, via := asked(userOf(ours)), asked(with(userOf(ours), func(c *api.Caller) { c.Via = []string{"s3.amazonaws.com"} }))
	tags := func(f *facts) { f.attached.Tags = map[string]string{"Team": "red", "none": ""} }
	runKeys(t, []keyRow{
		{"temporary", plain, "aws:TokenIssueTime", []string{"2026-05-04T11:59:00Z"}},
		{"long-term", long, "aws:TokenIssueTime", nil},
		{"temporary", plain, "aws:MultiFactorAuthPresent", []string{"false"}},
		{"with MFA", rich, "aws:MultiFactorAuthPresent", []string{"true"}},
		{"long-term", long, "aws:MultiFactorAuthPresent", nil},
		{"long-term, passed on", via, "aws:MultiFactorAuthPresent", []string{"false"}},
		{"with MFA", rich, "aws:MultiFactorAuthAge", []string{"60"}},
		{"without", plain, "aws:MultiFactorAuthAge", nil},
		{"long-term", long, "aws:MultiFactorAuthAge", nil},
		{"set", rich, "aws:SourceIdentity", []string{"Eve"}},
		{"not set", plain, "aws:SourceIdentity", nil},
		{"of a provider", rich, "aws:FederatedProvider", []string{"arn:aws:iam::111122223333:saml-provider/p"}},
		{"of none", plain, "aws:FederatedProvider", nil},
		{"tagged, whatever the case", asked(userOf(ours), tags), "aws:PrincipalTag/tEAM", []string{"red"}},
		{"tagged with nothing", asked(userOf(ours), tags), "aws:PrincipalTag/none", []string{""}},
		{"untagged", long, "aws:PrincipalTag/Team", nil},
	})
}

func TestTheKeysOfTheRequest(t *testing.T) {
	user := asked(with(userOf(ours), func(c *api.Caller) {
		c.SourceIP, c.UserAgent, c.Secure = "203.0.113.7", "aws-cli/2", true
	}))
	via := func(services ...string) *question {
		return asked(with(user.caller, func(c *api.Caller) { c.Via = services }))
	}
	bare, logs := asked(&api.Caller{}), asked(serviceOf("logs.us-east-1.amazonaws.com"))
	s3, dynamo, cfn := "s3.amazonaws.com", "dynamodb.amazonaws.com", "cloudformation.amazonaws.com"
	runKeys(t, []keyRow{
		{"", user, "aws:CurrentTime", []string{"2026-05-04T12:00:00Z"}},
		{"", user, "aws:EpochTime", []string{"1777896000"}},
		{"TLS", user, "aws:SecureTransport", []string{"true"}},
		{"plain", bare, "aws:SecureTransport", []string{"false"}},
		{"direct", user, "aws:SourceIp", []string{"203.0.113.7"}},
		{"passed on", via(s3), "aws:SourceIp", nil},
		{"service", asked(with(logs.caller, func(c *api.Caller) { c.SourceIP = c.ARN })), "aws:SourceIp", nil},
		{"in the process", bare, "aws:SourceIp", nil},
		{"", user, "aws:UserAgent", []string{"aws-cli/2"}},
		{"none", bare, "aws:UserAgent", nil},
		{"", user, "aws:RequestedRegion", []string{"us-east-1"}},
		{"none", bare, "aws:RequestedRegion", nil},
		{"direct", user, "aws:ViaAWSService", []string{"false"}},
		{"passed on", via(s3), "aws:ViaAWSService", []string{"true"}},
		{"a service for itself", logs, "aws:ViaAWSService", []string{"false"}},
		{"direct", user, "aws:CalledVia", nil},
		{"by S3, which does not say so", via(s3), "aws:CalledVia", nil},
		{"by two", via(cfn, s3, dynamo), "aws:CalledVia", []string{cfn, dynamo}},
		{"by two", via(cfn, s3, dynamo), "aws:CalledViaFirst", []string{cfn}},
		{"by two", via(cfn, s3, dynamo), "aws:CalledViaLast", []string{dynamo}},
		{"direct", user, "aws:CalledViaFirst", nil},
		{"direct", user, "aws:CalledViaLast", nil},
		{"", user, "aws:ResourceAccount", []string{ours}},
		{"of another", asked(user.caller, func(f *facts) { f.request.Account = foreign }), "aws:ResourceAccount", []string{foreign}},
		{"on no resource", asked(user.caller, func(f *facts) { f.request.Account = "" }), "aws:ResourceAccount", []string{ours}},
		{"on no resource, of nobody", asked(&api.Caller{}, func(f *facts) { f.request.Account = "" }), "aws:ResourceAccount", nil},
		{"no endpoint", user, "aws:SourceVpce", nil},
		{"no such key", user, "aws:NoSuchKey", nil},
		{"no such key", user, "kms:NoSuchKey", nil},
	})
}

func TestTheKeysOfTagsAndServices(t *testing.T) {
	tags := map[string]string{"Team": "red", "Cost": "1"}
	withKeys := func(k Keys) *question {
		return asked(userOf(ours), func(f *facts) { f.request.Keys = k })
	}
	none := withKeys(nil)
	runKeys(t, []keyRow{
		{"brought", withKeys(RequestTags(tags)), "aws:RequestTag/team", []string{"red"}},
		{"not brought", withKeys(RequestTags(nil)), "aws:RequestTag/team", nil},
		{"brought", withKeys(RequestTags(tags)), "aws:TagKeys", []string{"Cost", "Team"}},
		{"removed", withKeys(TagKeys([]string{"Team"})), "aws:TagKeys", []string{"Team"}},
		{"none removed", withKeys(TagKeys(nil)), "aws:TagKeys", nil},
		{"none brought", withKeys(RequestTags(nil)), "aws:TagKeys", nil},
		{"tagged", withKeys(ResourceTags(tags)), "aws:ResourceTag/COST", []string{"1"}},
		{"untagged", none, "aws:ResourceTag/COST", nil},
		{"a service's own", withKeys(Keys{"kms:viaservice": {"s3.us-east-1.amazonaws.com"}}), "kms:ViaService", []string{"s3.us-east-1.amazonaws.com"}},
		{"another name", withKeys(Keys{"kms:viaservice": {"x"}}), "kms:CallerAccount", nil},
	})
	if values, present := withKeys(Keys{"aws:tagkeys": {}}).Lookup("aws:tagkeys"); !present || len(values) != 0 {
		t.Errorf("a key without values is %q %v", values, present)
	}
}

func TestTheKeysOfOrganizations(t *testing.T) {
	q := asked(serviceOf("logs.us-east-1.amazonaws.com"), func(f *facts) {
		f.mine = &Member{Organization: "o-1", Path: "o-1/r-1/ou-1/"}
		f.theirs = &Member{Organization: "o-2", Path: "o-2/r-2/"}
		f.source = &Member{Organization: "o-3", Path: "o-3/r-3/"}
	})
	alone := asked(userOf(ours))
	for i, who := range []string{"Principal", "Resource", "Source"} {
		number := string(rune('1' + i))
		id, path := "o-"+number, "o-"+number+"/r-"+number+"/"
		if who == "Principal" {
			path += "ou-1/"
		}
		runKeys(t, []keyRow{
			{"member", q, "aws:" + who + "OrgID", []string{id}},
			{"member", q, "aws:" + who + "OrgPaths", []string{path}},
			{"alone", alone, "aws:" + who + "OrgID", nil},
			{"alone", alone, "aws:" + who + "OrgPaths", nil},
		})
	}
}

func TestValuesStayGoodWhileOthersAreAskedFor(t *testing.T) {
	q := asked(userOf(ours))
	var all [][]string
	for range 20 {
		values, _ := q.Lookup("aws:principalarn")
		account, _ := q.Lookup("aws:principalaccount")
		all = append(all, values, account)
	}
	for i, values := range all {
		want := []string{q.caller.ARN, ours}[i%2]
		if len(values) != 1 || values[0] != want || cap(values) != 1 {
			t.Errorf("value %d is now %q", i, values)
		}
	}
}

func TestTheTimeOfARequestStandsStill(t *testing.T) {
	moving := clock.NewMovable(clock.Fixed(noon))
	q := asked(userOf(ours))
	q.clock = moving
	before, _ := q.Lookup("aws:currenttime")
	if err := moving.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	after, _ := q.Lookup("aws:currenttime")
	if !slices.Equal(before, after) {
		t.Errorf("%q, then %q", before, after)
	}
}

func TestEveryListedKeyHasAValueSomewhere(t *testing.T) {
	member := &Member{Organization: "o-1", Path: "o-1/r-1/"}
	full := func(c *api.Caller) *question {
		return asked(with(c, func(c *api.Caller) {
			c.SourceIP, c.UserAgent = "203.0.113.7", "x"
			c.Session = &api.Session{Issued: noon, MFA: true, SourceIdentity: "x", Provider: "x"}
		}), func(f *facts) { f.mine, f.theirs, f.source = member, member, member })
	}
	callers := []*question{
		full(userOf(ours)), full(serviceOf("s3.amazonaws.com")),
		asked(with(userOf(ours), func(c *api.Caller) { c.Via = []string{"kms.amazonaws.com"} })),
	}
	for _, key := range GlobalKeys {
		found := slices.ContainsFunc(callers, func(q *question) bool {
			_, present := q.Lookup(strings.ToLower(key))
			return present
		})
		if !found {
			t.Errorf("%s never has a value", key)
		}
	}
	if !slices.IsSortedFunc(GlobalKeys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		t.Error("the list is out of order")
	}
}
