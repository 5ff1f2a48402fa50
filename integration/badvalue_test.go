package integration

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// violated is AWS's sentence for one violated constraint.
func violated(value, member, constraint string) string {
	if value != "" {
		value = " " + value
	}
	return "1 validation error detected: Value" + value + " at '" + member + "' failed to satisfy constraint: " + constraint
}

func blob(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n)) }

// manyTags returns n tags in the form of KMS.
func manyTags(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"TagKey":"k%d","TagValue":"v"}`, i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestBadValuesForKMSAreRefused(t *testing.T) {
	s := startSite(t)
	const unknownID = "12345678-1234-1234-1234-123456789012"
	const longest = "Member must have length less than or equal to "
	on := func(op, id, rest string) request { return kmsCall(op, `{"KeyId":"`+id+`"`+rest+`}`) }
	long := strings.Repeat("a", 2049)
	text := `,"Plaintext":"YQ=="`
	gone := "Key '" + s.keyARN(s.dead) + "' does not exist"
	validation, notFound, state := "ValidationException", "NotFoundException", "KMSInvalidStateException"
	rows := []row{
		{"4097 bytes", on("Encrypt", s.key, `,"Plaintext":"`+blob(4097)+`"`), 400, validation, violated("", "plaintext", longest+"4096")},
		{"no bytes", on("Encrypt", s.key, `,"Plaintext":""`), 400, validation, violated("", "plaintext", "Member must have length greater than or equal to 1")},
		{"no plaintext", on("Encrypt", s.key, ``), 400, validation, violated("null", "plaintext", "Member must not be null")},
		{"no key", kmsCall("Encrypt", `{"Plaintext":"YQ=="}`), 400, validation, violated("null", "keyId", "Member must not be null")},
		{"an empty key", on("Encrypt", "", text), 400, validation, violated("''", "keyId", "Member must have length greater than or equal to 1")},
		{"a long key", on("Encrypt", long, text), 400, validation, violated("'"+long+"'", "keyId", longest+"2048")},
		{"a word", on("Encrypt", "fake-key-id", text), 400, notFound, "Invalid keyId 'fake-key-id'"},
		{"an id without dashes", on("Encrypt", strings.ReplaceAll(unknownID, "-", ""), text), 400, notFound, "Invalid keyId '12345678123412341234123456789012'"},
		{"an unknown id", on("Encrypt", unknownID, text), 400, notFound, "Key '" + s.keyARN(unknownID) + "' does not exist"},
		{"an unknown ARN", on("Encrypt", s.keyARN(unknownID), text), 400, notFound, "Key '" + s.keyARN(unknownID) + "' does not exist"},
		{"an ARN of another Region", on("Encrypt", "arn:aws:kms:eu-west-1:000000000000:key/"+s.key, text), 400, notFound, "Invalid arn eu-west-1"},
		{"half an ARN", on("Encrypt", "arn:aws:kms", text), 400, notFound, "Invalid keyId 'arn:aws:kms'"},
		{"an ARN of another service", on("Encrypt", "arn:aws:s3:::bucket", text), 400, notFound, "*"},
		{"an unknown alias", on("Encrypt", "alias/nobody", text), 400, notFound, "Alias arn:aws:kms:" + region + ":000000000000:alias/nobody is not found."},
		{"a deleted alias", on("DescribeKey", "alias/gone", ``), 400, notFound, "Alias arn:aws:kms:" + region + ":000000000000:alias/gone is not found."},
		{"an alias where none is taken", on("DisableKey", "alias/a", ``), 400, notFound, "Invalid keyId 'alias/a'"},
		{"a disabled key", on("Encrypt", s.off, text), 400, "DisabledException", s.keyARN(s.off) + " is disabled."},
		{"a doomed key", on("Encrypt", s.doomed, text), 400, state, s.keyARN(s.doomed) + " is pending deletion."},
		{"enabling a doomed key", on("EnableKey", s.doomed, ``), 400, state, s.keyARN(s.doomed) + " is pending deletion."},
		{"a doomed key once more", on("ScheduleKeyDeletion", s.doomed, ``), 400, state, s.keyARN(s.doomed) + " is pending deletion."},
		{"cancelling nothing", on("CancelKeyDeletion", s.key, ``), 400, state, s.keyARN(s.key) + " is not pending deletion."},
		{"six days", on("ScheduleKeyDeletion", s.key, `,"PendingWindowInDays":6`), 400, validation, "*"},
		{"31 days", on("ScheduleKeyDeletion", s.key, `,"PendingWindowInDays":31`), 400, validation, "*"},
		{"no ciphertext", kmsCall("Decrypt", `{"CiphertextBlob":""}`), 400, validation, violated("", "ciphertextBlob", "Member must have length greater than or equal to 1")},
		{"a long ciphertext", kmsCall("Decrypt", `{"CiphertextBlob":"`+blob(6145)+`"}`), 400, validation, violated("", "ciphertextBlob", longest+"6144")},
		{"no ciphertext of KMS", kmsCall("Decrypt", `{"CiphertextBlob":"`+blob(100)+`"}`), 400, "InvalidCiphertextException", ""},
		{"one byte", kmsCall("Decrypt", `{"CiphertextBlob":"AQ=="}`), 400, "InvalidCiphertextException", ""},
		{"an unknown spec", kmsCall("CreateKey", `{"KeySpec":"DES"}`), 400, validation, "1 validation error detected: Value 'DES' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [..."},
		{"an unknown usage", kmsCall("CreateKey", `{"KeyUsage":"ANY"}`), 400, validation, "1 validation error detected: Value 'ANY' at 'keyUsage' failed to satisfy constraint: Member must satisfy enum value set: [..."},
		{"HMAC without usage", kmsCall("CreateKey", `{"KeySpec":"HMAC_256"}`), 400, validation, "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."},
		{"a usage that does not fit", kmsCall("CreateKey", `{"KeySpec":"RSA_2048","KeyUsage":"KEY_AGREEMENT"}`), 400, validation, "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"},
		{"a long description", kmsCall("CreateKey", `{"Description":"`+strings.Repeat("a", 8193)+`"}`), 400, validation, "1 validation error detected: Value 'aaa..."},
		{"a policy that is no JSON", kmsCall("CreateKey", `{"Policy":"{"}`), 400, "MalformedPolicyDocumentException", ""},
		{"a policy that locks out", kmsCall("CreateKey", `{"Policy":`+quoted(allowing("arn:aws:iam::000000000000:root", "kms:Encrypt"))+`}`), 400, "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future."},
		{"a policy for nobody", on("PutKeyPolicy", s.key, `,"Policy":`+quoted(allowing(`arn:aws:iam::000000000000:root","arn:aws:iam::000000000000:user/nobody`, "kms:*"))), 400, "MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals."},
		{"a policy of another name", on("GetKeyPolicy", s.key, `,"PolicyName":"other"`), 400, notFound, "No such policy exists"},
		{"51 tags", kmsCall("CreateKey", `{"Tags":`+manyTags(51)+`}`), 400, "TagException", "*"},
		{"50 tags more", on("TagResource", s.key, `,"Tags":`+manyTags(50)), 400, "TagException", "*"},
		{"a tag twice", on("TagResource", s.key, `,"Tags":[{"TagKey":"x","TagValue":"1"},{"TagKey":"x","TagValue":"2"}]`), 400, "TagException", "Duplicate tag keys"},
		{"a tag of AWS", on("TagResource", s.key, `,"Tags":[{"TagKey":"aws:x","TagValue":"1"}]`), 400, "TagException", "*"},
		{"a long tag value", on("TagResource", s.key, `,"Tags":[{"TagKey":"x","TagValue":"`+strings.Repeat("v", 257)+`"}]`), 400, validation, violated("'"+strings.Repeat("v", 257)+"'", "tags.1.member.tagValue", longest+"256")},
		{"a tag without value", on("TagResource", s.key, `,"Tags":[{"TagKey":"x"}]`), 400, validation, violated("null", "tags.1.member.tagValue", "Member must not be null")},
		{"an alias without prefix", kmsCall("CreateAlias", `{"AliasName":"new","TargetKeyId":"`+s.key+`"}`), 400, validation, `Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`},
		{"an alias of AWS", kmsCall("CreateAlias", `{"AliasName":"alias/aws/new","TargetKeyId":"`+s.key+`"}`), 400, "NotAuthorizedException", ""},
		{"an alias with bad characters", kmsCall("CreateAlias", `{"AliasName":"alias/n w","TargetKeyId":"`+s.key+`"}`), 400, validation, "*"},
		{"an alias that is there", kmsCall("CreateAlias", `{"AliasName":"alias/a","TargetKeyId":"`+s.key+`"}`), 400, "AlreadyExistsException", "An alias with the name arn:aws:kms:" + region + ":000000000000:alias/a already exists"},
		{"an alias of no key", kmsCall("CreateAlias", `{"AliasName":"alias/new","TargetKeyId":"`+unknownID+`"}`), 400, notFound, "Key '" + s.keyARN(unknownID) + "' does not exist"},
		{"limit 0", kmsCall("ListKeys", `{"Limit":0}`), 400, validation, violated("'0'", "limit", "Member must have value greater than or equal to 1")},
		{"limit 1001", kmsCall("ListKeys", `{"Limit":1001}`), 400, validation, violated("'1001'", "limit", "Member must have value less than or equal to 1000")},
		{"a made-up marker", kmsCall("ListKeys", `{"Marker":"bogus"}`), 400, "InvalidMarkerException", ""},
		{"an empty marker", kmsCall("ListKeys", `{"Marker":""}`), 400, validation, violated("''", "marker", "Member must have length greater than or equal to 1")},
		{"another list's marker", kmsCall("ListAliases", `{"Marker":"`+s.markerOfKeys()+`"}`), 400, "InvalidMarkerException", ""},
		{"no random bytes", kmsCall("GenerateRandom", `{}`), 400, validation, "NumberOfBytes is required."},
		{"0 random bytes", kmsCall("GenerateRandom", `{"NumberOfBytes":0}`), 400, validation, violated("'0'", "numberOfBytes", "Member must have value greater than or equal to 1")},
		{"1025 random bytes", kmsCall("GenerateRandom", `{"NumberOfBytes":1025}`), 400, validation, violated("'1025'", "numberOfBytes", "Member must have value less than or equal to 1024")},
		{"a data key of no size", on("GenerateDataKey", s.key, ``), 400, validation, "*"},
		{"a data key of two sizes", on("GenerateDataKey", s.key, `,"KeySpec":"AES_256","NumberOfBytes":32`), 400, validation, "*"},
	}
	for _, op := range []string{"DescribeKey", "EnableKey", "CancelKeyDeletion", "GetKeyPolicy", "ListResourceTags", "ListAliases"} {
		rows = append(rows, row{op + " of a deleted key", on(op, s.dead, ``), 400, notFound, gone})
	}
	rows = append(rows, row{"Encrypt under a deleted key", on("Encrypt", s.dead, text), 400, notFound, gone})
	s.try(rows)
}

// markerOfKeys returns a marker that ListKeys gave.
func (s *site) markerOfKeys() string {
	var out struct{ NextMarker string }
	if err := json.Unmarshal([]byte(s.must(kmsCall("ListKeys", `{"Limit":1}`))), &out); err != nil || out.NextMarker == "" {
		s.Fatal("ListKeys gives no marker", err)
	}
	return out.NextMarker
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// allowing returns a key policy with one statement.
func allowing(principal, action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["` + principal + `"]},"Action":"` + action + `","Resource":"*"}]}`
}

// batch returns a PutLogEvents into g/s with events at these instants.
func batch(message string, at ...int64) request {
	var b strings.Builder
	b.WriteString(`{"logGroupName":"g","logStreamName":"s","logEvents":[`)
	for i, t := range at {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"timestamp":%d,"message":%q}`, t, message)
	}
	b.WriteString("]}")
	return logsCall("PutLogEvents", b.String())
}

func TestBadBatchesOfEventsAreRefusedWhole(t *testing.T) {
	s := startSite(t)
	now, hour := s.now(), time.Hour.Milliseconds()
	parameter := "InvalidParameterException"
	const overhead, most = 26, 1 << 20
	same := func(n int) []int64 { return slices.Repeat([]int64{now}, n) }
	s.try([]row{
		{"10,001 events", batch("m", same(10_001)...), 400, parameter, "1 validation error detected: Value '[InputLogEvent(..."},
		{"no events", batch("m"), 400, parameter, violated("'[]'", "logEvents", "Member must have length greater than or equal to 1")},
		{"an empty message", batch("", now), 400, parameter, violated("''", "logEvents.1.member.message", "Member must have length greater than or equal to 1")},
		{"no message", logsCall("PutLogEvents", fmt.Sprintf(`{"logGroupName":"g","logStreamName":"s","logEvents":[{"timestamp":%d}]}`, now)), 400, parameter, violated("null", "logEvents.1.member.message", "Member must not be null")},
		{"no timestamp", logsCall("PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[{"message":"m"}]}`), 400, parameter, violated("null", "logEvents.1.member.timestamp", "Member must not be null")},
		{"a negative timestamp", batch("m", -1), 400, parameter, violated("'-1'", "logEvents.1.member.timestamp", "Member must have value greater than or equal to 0")},
		{"null for an event", logsCall("PutLogEvents", `{"logGroupName":"g","logStreamName":"s","logEvents":[null]}`), 400, parameter, "*"},
		{"out of order", batch("m", now, now-1), 400, parameter, "Log events in a single PutLogEvents request must be in chronological order."},
		{"more than a day", batch("m", now-24*hour-1, now), 400, parameter, "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."},
		{"a batch of a byte too much", batch(strings.Repeat("m", most/2-overhead+1), now, now), 400, parameter, fmt.Sprintf("Upload too large: %d bytes exceeds limit of %d", most+2, most)},
		{"an event of a byte too much", batch(strings.Repeat("m", most-overhead+1), now), 400, parameter, fmt.Sprintf("Log event too large: %d bytes exceeds limit of %d", most+1, most)},
		{"a deleted group", logsCall("PutLogEvents", fmt.Sprintf(`{"logGroupName":"gone","logStreamName":"s","logEvents":[{"timestamp":%d,"message":"m"}]}`, now)), 400, "ResourceNotFoundException", "The specified log group does not exist."},
		{"a deleted stream", logsCall("PutLogEvents", fmt.Sprintf(`{"logGroupName":"g","logStreamName":"gone","logEvents":[{"timestamp":%d,"message":"m"}]}`, now)), 400, "ResourceNotFoundException", "The specified log stream does not exist."},
	})
}

func TestEventsOutOfTheWindowAreNamedAndLeftOut(t *testing.T) {
	s := startSite(t)
	now, day := s.now(), 24*time.Hour.Milliseconds()
	before := s.everything()
	for name, x := range map[string]struct {
		at   []int64
		want string
	}{
		"too old":         {[]int64{now - 30*day, now - 15*day}, `{"tooOldLogEventEndIndex":2}`},
		"too new":         {[]int64{now + day/2, now + day/2}, `{"tooNewLogEventStartIndex":0}`},
		"old, then newer": {[]int64{now - 14*day - 60_000, now + day}, `{"tooNewLogEventStartIndex":1,"tooOldLogEventEndIndex":1}`},
	} {
		var out struct {
			NextSequenceToken     string
			RejectedLogEventsInfo map[string]int
		}
		if err := json.Unmarshal([]byte(s.must(batch("m", x.at...))), &out); err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(out.RejectedLogEventsInfo)
		if string(got) != x.want || len(out.NextSequenceToken) != 56 {
			t.Errorf("%s: rejected %s, want %s; token %q", name, got, x.want, out.NextSequenceToken)
		}
	}
	if after := s.everything(); after != before {
		t.Errorf("rejected events were stored: %s", after)
	}
}

func TestTheLargestBatchesAreTaken(t *testing.T) {
	s := startSite(t)
	now, day := s.now(), 24*time.Hour.Milliseconds()
	const overhead, most = 26, 1 << 20
	for name, q := range map[string]request{
		"10,000 events": batch("m", slices.Repeat([]int64{now}, 10_000)...),
		"1 MiB":         batch(strings.Repeat("m", most/2-overhead), now, now),
		"one event":     batch(strings.Repeat("m", most-overhead), now),
		"a day":         batch("m", now-day, now),
		"escapes":       batch(strings.Repeat("\n", most-overhead), now),
	} {
		if a, err := q.send(s.server.URL); err != nil || a.status != http.StatusOK {
			t.Errorf("%s: %d %s, %v", name, a.status, shortened(a.body), err)
		}
	}
}

func TestBadValuesForLogsAreRefused(t *testing.T) {
	s := startSite(t)
	parameter, notFound := "InvalidParameterException", "ResourceNotFoundException"
	noGroup, noStream := "The specified log group does not exist.", "The specified log stream does not exist."
	create := func(name string) request { return logsCall("CreateLogGroup", `{"logGroupName":"`+name+`"}`) }
	in := func(op, group, rest string) request { return logsCall(op, `{"logGroupName":"`+group+`"`+rest+`}`) }
	pattern := `Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+`
	key := `,"kmsKeyId":"` + s.keyARN(s.key) + `"`
	refused := "The specified KMS key does not exist or is not allowed to be used with Arn 'arn:aws:logs:" + region + ":000000000000:log-group:"
	stream := `,"logStreamName":"s"`
	forged := "f/" + strings.Repeat("1", 56)
	s.try([]row{
		{"a group that is there", create("g"), 400, "ResourceAlreadyExistsException", "The specified log group already exists"},
		{"a stream that is there", in("CreateLogStream", "g", stream), 400, "ResourceAlreadyExistsException", "The specified log stream already exists"},
		{"no name", logsCall("CreateLogGroup", `{}`), 400, parameter, violated("null", "logGroupName", "Member must not be null")},
		{"an empty name", create(""), 400, parameter, "*"},
		{"a blank in the name", create("a b"), 400, parameter, violated("'a b'", "logGroupName", pattern)},
		{"letters that are not ASCII", create("é"), 400, parameter, violated("'é'", "logGroupName", pattern)},
		{"513 characters", create(strings.Repeat("a", 513)), 400, parameter, "*"},
		{"a name of AWS", create("aws/new"), 400, parameter, "Log groups starting with AWS/ are reserved for AWS."},
		{"a name of AWS in capitals", create("AWS/new"), 400, parameter, "Log groups starting with AWS/ are reserved for AWS."},
		{"a colon in the stream", in("CreateLogStream", "g", `,"logStreamName":"a:b"`), 400, parameter, violated("'a:b'", "logStreamName", "Member must satisfy regular expression pattern: [^:*]*")},
		{"an unknown class", in("CreateLogGroup", "new", `,"logGroupClass":"GOLD"`), 400, parameter, "1 validation error detected: Value 'GOLD' at 'logGroupClass' failed to satisfy constraint: Member must satisfy enum value set: [..."},
		{"51 tags", in("CreateLogGroup", "new", `,"tags":`+mapOfTags(51)), 400, parameter, "*"},
		{"50 tags more", logsCall("TagResource", `{"resourceArn":"arn:aws:logs:`+region+`:000000000000:log-group:g","tags":`+mapOfTags(50)+`}`), 400, "TooManyTagsException", "*"},
		{"no tags", in("TagLogGroup", "g", `,"tags":{}`), 400, parameter, "*"},
		{"tags of no ARN", logsCall("TagResource", `{"resourceArn":"g","tags":{"a":"c"}}`), 400, parameter, "*"},
		{"a key id that is no ARN", in("CreateLogGroup", "new", `,"kmsKeyId":"`+s.key+`"`), 400, parameter, "The specified KMS Key Id could not be found. 'new'"},
		{"an alias", in("CreateLogGroup", "new", `,"kmsKeyId":"alias/a"`), 400, parameter, "The specified KMS Key Id could not be found. 'new'"},
		{"a key that Logs may not use", in("CreateLogGroup", "new", key), 400, "AccessDeniedException", refused + "new'"},
		{"a key that is gone", in("AssociateKmsKey", "g", `,"kmsKeyId":"`+s.keyARN(s.dead)+`"`), 400, "AccessDeniedException", refused + "g'"},
		{"a key of another Region", in("AssociateKmsKey", "g", `,"kmsKeyId":"arn:aws:kms:eu-west-1:000000000000:key/`+s.key+`"`), 400, "AccessDeniedException", refused + "g'"},
		{"a key for no group", in("AssociateKmsKey", "gone", key), 400, notFound, noGroup},
		{"neither group nor query results", logsCall("AssociateKmsKey", `{"kmsKeyId":"`+s.keyARN(s.key)+`"}`), 400, parameter, "*"},
		{"two days of retention", in("PutRetentionPolicy", "g", `,"retentionInDays":2`), 400, parameter, "*"},
		{"no days of retention", in("PutRetentionPolicy", "g", `,"retentionInDays":0`), 400, parameter, "*"},
		{"retention of a deleted group", in("PutRetentionPolicy", "gone", `,"retentionInDays":1`), 400, notFound, noGroup},
		{"reading a deleted group", in("GetLogEvents", "gone", stream), 400, notFound, noGroup},
		{"reading a deleted stream", in("GetLogEvents", "g", `,"logStreamName":"gone"`), 400, notFound, noStream},
		{"deleting a deleted group", in("DeleteLogGroup", "gone", ``), 400, notFound, noGroup},
		{"deleting a deleted stream", in("DeleteLogStream", "g", `,"logStreamName":"gone"`), 400, notFound, noStream},
		{"a stream in a deleted group", in("CreateLogStream", "gone", stream), 400, notFound, noGroup},
		{"streams of a deleted group", in("DescribeLogStreams", "gone", ``), 400, notFound, noGroup},
		{"limit 0", in("GetLogEvents", "g", stream+`,"limit":0`), 400, parameter, violated("'0'", "limit", "Member must have value greater than or equal to 1")},
		{"limit 10001", in("GetLogEvents", "g", stream+`,"limit":10001`), 400, parameter, violated("'10001'", "limit", "Member must have value less than or equal to 10000")},
		{"filter limit 10001", in("FilterLogEvents", "g", `,"limit":10001`), 400, parameter, violated("'10001'", "limit", "Member must have value less than or equal to 10000")},
		{"51 groups on a page", logsCall("DescribeLogGroups", `{"limit":51}`), 400, parameter, violated("'51'", "limit", "Member must have value less than or equal to 50")},
		{"a made-up token", in("GetLogEvents", "g", stream+`,"nextToken":"bogus"`), 400, parameter, "The specified nextToken is invalid."},
		{"a forged token", in("GetLogEvents", "g", stream+`,"nextToken":"`+forged+`"`), 400, parameter, "The specified nextToken is invalid."},
		{"a long token", in("GetLogEvents", "g", stream+`,"nextToken":"f/`+strings.Repeat("9", 100_000)+`"`), 400, parameter, "The specified nextToken is invalid."},
		{"a made-up token for the filter", in("FilterLogEvents", "g", `,"nextToken":"bogus"`), 400, parameter, "The specified nextToken is invalid."},
		{"a made-up token for groups", logsCall("DescribeLogGroups", `{"nextToken":"bogus"}`), 400, parameter, "The specified nextToken is invalid."},
		{"prefix and pattern", logsCall("DescribeLogGroups", `{"logGroupNamePrefix":"a","logGroupNamePattern":"b"}`), 400, parameter, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."},
		{"name and ARN", in("DescribeLogStreams", "g", `,"logGroupIdentifier":"g"`), 400, "ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters."},
		{"by time with a prefix", in("DescribeLogStreams", "g", `,"orderBy":"LastEventTime","logStreamNamePrefix":"a"`), 400, parameter, "Cannot order by LastEventTime with a logStreamNamePrefix."},
		{"an unknown order", in("DescribeLogStreams", "g", `,"orderBy":"Size"`), 400, parameter, "1 validation error detected: Value 'Size' at 'orderBy' failed to satisfy constraint: Member must satisfy enum value set: [..."},
		{"a pattern that is none", in("FilterLogEvents", "g", `,"filterPattern":"{ $.a = "`), 400, parameter, "*"},
		{"a pattern of 1025 characters", in("FilterLogEvents", "g", `,"filterPattern":"`+strings.Repeat("a", 1025)+`"`), 400, parameter, violated("'"+strings.Repeat("a", 1025)+"'", "filterPattern", "Member must have length less than or equal to 1024")},
		{"names and a prefix of streams", in("FilterLogEvents", "g", `,"logStreamNames":["s"],"logStreamNamePrefix":"s"`), 400, parameter, "*"},
		{"a feature that is not there", logsCall("CreateImportTask", `{"importSourceArn":"arn:aws:cloudtrail:us-east-1:000000000000:eventdatastore/e","importRoleArn":"arn:aws:iam::000000000000:role/r"}`), 501, "NotImplemented", "*"},
	})
}

// mapOfTags returns n tags in the form of CloudWatch Logs.
func mapOfTags(n int) string {
	tags := map[string]string{}
	for i := range n {
		tags[fmt.Sprintf("k%d", i)] = "v"
	}
	b, _ := json.Marshal(tags)
	return string(b)
}

func TestBadValuesForIAMAndSTSAreRefused(t *testing.T) {
	s := startSite(t)
	document := func(d string) string { return "&PolicyDocument=" + url.QueryEscape(d) }
	put := "Action=PutUserPolicy&UserName=u&PolicyName=new"
	sts := func(form string) request { return queryCall("sts", form+"&Version=2011-06-15") }
	ghost := "The user with name ghost cannot be found."
	s.try([]row{
		{"no name", iamCall("Action=CreateUser"), 400, "ValidationError", violated("null", "userName", "Member must not be null")},
		{"65 characters", iamCall("Action=CreateUser&UserName=" + strings.Repeat("a", 65)), 400, "ValidationError", violated("", "userName", "Member must have length less than or equal to 64")},
		{"bad characters", iamCall("Action=CreateUser&UserName=a%2Fb"), 400, "ValidationError", violated("", "userName", `Member must satisfy regular expression pattern: [\w+=,.@-]+`)},
		{"not UTF-8", iamCall("Action=CreateUser&UserName=%ff"), 400, "MalformedInput", "*"},
		{"a user who is there", iamCall("Action=CreateUser&UserName=u"), 409, "EntityAlreadyExists", "User with name u already exists."},
		{"a deleted user", iamCall("Action=GetUser&UserName=ghost"), 404, "NoSuchEntity", ghost},
		{"a key for a deleted user", iamCall("Action=CreateAccessKey&UserName=ghost"), 404, "NoSuchEntity", ghost},
		{"a policy for a deleted user", iamCall("Action=PutUserPolicy&UserName=ghost&PolicyName=p" + document(allow("*"))), 404, "NoSuchEntity", ghost},
		{"a policy that is no JSON", iamCall(put + document("{")), 400, "MalformedPolicyDocument", "*"},
		{"an empty policy", iamCall(put + document("{}")), 400, "MalformedPolicyDocument", "*"},
		{"a policy with a principal", iamCall(put + document(allowing("*", "kms:*"))), 400, "MalformedPolicyDocument", "*"},
		{"a long policy", iamCall(put + document(allow(strings.Repeat("a", 131073)))), 400, "ValidationError", "*"},
		{"a deep policy", iamCall(put + document(strings.Repeat("[", 50_000))), 400, "MalformedPolicyDocument", "*"},
		{"a user with a policy", iamCall("Action=DeleteUser&UserName=u"), 409, "DeleteConflict", "Cannot delete entity, must delete policies first."},
		{"an access key that is not there", iamCall("Action=DeleteAccessKey&UserName=u&AccessKeyId=AKIA0000000000000000"), 404, "NoSuchEntity", "The Access Key with id AKIA0000000000000000 cannot be found."},
		{"a number in words", iamCall("Action=ListUsers&MaxItems=ten"), 400, "MalformedInput", "*"},
		{"0 users on a page", iamCall("Action=ListUsers&MaxItems=0"), 400, "ValidationError", violated("", "maxItems", "Member must have value greater than or equal to 1")},
		{"a made-up marker", iamCall("Action=ListUsers&Marker=bogus"), 400, "ValidationError", "*"},
		{"a policy that is not there", iamCall("Action=AttachUserPolicy&UserName=u&PolicyArn=arn:aws:iam::000000000000:policy/none"), 404, "NoSuchEntity", "Policy arn:aws:iam::000000000000:policy/none does not exist or is not attachable."},
		{"a role that is not there", sts("Action=AssumeRole&RoleSessionName=me&RoleArn=arn:aws:iam::000000000000:role/none"), 403, "AccessDenied", "*"},
		{"a session with bad characters", sts("Action=AssumeRole&RoleSessionName=Session1:2&RoleArn=arn:aws:iam::000000000000:role/none"), 400, "ValidationError", violated("'Session1:2'", "roleSessionName", `Member must satisfy regular expression pattern: [\w+=,.@-]*`)},
	})
}
