package pattern

import (
	"maps"
	"testing"
)

// Patterns as the guides of AWS's security services and its consoles propose
// them, on messages as the services write them.

const (
	rootLogin = `{"eventVersion":"1.09","userIdentity":{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root"},
		"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn",
		"additionalEventData":{"MFAUsed":"No"},"responseElements":{"ConsoleLogin":"Success"}}`
	failedLogin = `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","userName":"alice"},"eventSource":"signin.amazonaws.com",
		"eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn","errorMessage":"Failed authentication",
		"additionalEventData":{"MFAUsed":"Yes"},"responseElements":{"ConsoleLogin":"Failure"}}`
	deniedDecrypt = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole"},"eventSource":"kms.amazonaws.com","eventName":"Decrypt",
		"eventType":"AwsApiCall","errorCode":"AccessDenied","requestParameters":null,"responseElements":null,"readOnly":true}`
	scheduleDeletion = `{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","invokedBy":"cloudformation.amazonaws.com"},
		"eventSource":"kms.amazonaws.com","eventName":"ScheduleKeyDeletion","eventType":"AwsApiCall",
		"requestParameters":{"keyId":"arn:aws:kms:eu-west-1:111122223333:key/1","pendingWindowInDays":7},"readOnly":false}`
)

func TestAlarmPatternsOnCloudTrailRecords(t *testing.T) {
	checkRows(t, []string{rootLogin, failedLogin, deniedDecrypt, scheduleDeletion}, []row{
		{`{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }`, []int{2}},
		{`{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }`, []int{0}},
		{`{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }`, []int{0}},
		{`{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }`, []int{1}},
		{`{($.eventSource = kms.amazonaws.com) && (($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion))}`, []int{3}},
		{`{ $.readOnly IS FALSE || $.requestParameters IS NULL }`, []int{2, 3}},
		{`{ $.requestParameters.pendingWindowInDays < 30 }`, []int{3}},
		{`{ $.userIdentity.invokedBy != "cloudfront.amazonaws.com" }`, []int{3}},
		{`{ $.eventVersion = 1.11 }`, []int{2, 3}},
		{`{ $.userIdentity.* = %:root$% }`, []int{0}},
	})
}

const (
	rejectedFlow = `2 111122223333 eni-0a1b 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 REJECT OK`
	acceptedFlow = `2 111122223333 eni-0a1b 172.31.16.139 172.31.16.21 20641 443 6 20 4249 1418530010 1418530070 ACCEPT OK`
	noFlowData   = `2 111122223333 eni-0a1b - - - - - - - 1431280876 1431280934 - NODATA`
)

func TestFlowLogPatterns(t *testing.T) {
	checkRows(t, []string{rejectedFlow, acceptedFlow, noFlowData}, []row{
		{`[version, account, eni, source, destination, srcport, destport="22", protocol="6", packets, bytes, windowstart, windowend, action="REJECT", flowlogstatus]`, []int{0}},
		{`[version, account_id, interface_id, srcaddr != "-", dstaddr != "-", srcport != "-", dstport != "-", protocol, packets, bytes, start, end, action, log_status]`, []int{0, 1}},
		{`[..., destport < 1024, protocol, packets, bytes, windowstart, windowend, action=ACCEPT, status]`, []int{1}},
		{`[..., status=NODATA]`, []int{2}},
	})
}

const (
	reportLine = "REPORT RequestId: 3604209a-e9a3-11e6-939a-754dd98c7be3\tDuration: 12.34 ms\tBilled Duration: 100 ms Memory Size: 128 MB\tMax Memory Used: 18 MB"
	eventLine  = "2015-09-01T00:00:00.000Z\t3604209a-e9a3-11e6-939a-754dd98c7be3\t{\"level\": \"warn\", \"text\": \"disk is full\"}"
)

func TestLambdaLogPatterns(t *testing.T) {
	checkRows(t, []string{reportLine, eventLine}, []row{
		{`[report_name="REPORT", request_id_name="RequestId:", request_id_value, duration_name="Duration:", duration > 10, ...]`, []int{0}},
		{`[report_name="REPORT", request_id_name="RequestId:", request_id_value, duration_name="Duration:", duration > 20, ...]`, nil},
		{`[timestamp=*Z, request_id="*-*", event]`, []int{1}},
		{`?"REPORT RequestId: " ?"disk is full"`, []int{0, 1}},
		{`REPORT -"Billed Duration"`, nil},
	})
	want := map[string]string{
		"$timestamp": "2015-09-01T00:00:00.000Z", "$request_id": "3604209a-e9a3-11e6-939a-754dd98c7be3",
		"$event": `{"level": "warn", "text": "disk is full"}`,
	}
	if got := mustParse(t, `[timestamp=*Z, request_id="*-*", event]`).Extract(eventLine); !maps.Equal(got, want) {
		t.Errorf("Extract = %q, want %q", got, want)
	}
}

func TestSearchesThatClientsSend(t *testing.T) {
	checkRows(t, []string{
		"hello world", "world, hello", "hello", `{"message":"hello"}`, `level=error msg="user not found" user=17`,
	}, []row{
		{`hello`, []int{0, 1, 2, 3}},
		{`hello world`, []int{0, 1}},
		{`"hello world"`, []int{0}},
		{`{$.message = "hello"}`, []int{3}},
		{`"level=error" -"user=18"`, []int{4}},
		{`"msg=\"user not found\""`, []int{4}},
		{`%user=1\d% error`, []int{4}},
		{` `, []int{0, 1, 2, 3, 4}},
	})
}
