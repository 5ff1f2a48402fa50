package lakesql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	first1  = "11111111-aaaa-4bbb-8ccc-000000000001"
	second2 = "22222222-aaaa-4bbb-8ccc-000000000002"
)

var events = map[string][]string{
	first1: {
		`{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/ann","userName":"ann"},"eventTime":"2026-01-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"CreateBucket","awsRegion":"us-east-1","requestParameters":{"bucketName":"logs","n":3,"tags":{"a":"b"}},"responseElements":null,"eventID":"e1","readOnly":false,"resources":[{"accountId":"1","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::logs"}],"managementEvent":true,"eventCategory":"Management"}`,
		`{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/R/s","sessionContext":{"sessionIssuer":{"userName":"R"},"attributes":{"creationDate":"2026-01-01T09:00:00Z"}}},"eventTime":"2026-01-01T11:30:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"us-east-1","errorCode":"AccessDenied","requestParameters":{"keyId":"k"},"eventID":"e2","readOnly":true,"managementEvent":true,"eventCategory":"Management"}`,
		`{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::1:user/bob","userName":"bob"},"eventTime":"2026-01-02T10:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Encrypt","awsRegion":"eu-west-1","requestParameters":{"keyId":"k"},"eventID":"e3","readOnly":true,"managementEvent":true,"eventCategory":"Management"}`,
	},
	second2: {
		`{"eventID":"x1","eventName":"GetObject","eventTime":"2026-01-03T00:00:00Z","userIdentity":{"arn":"arn:aws:iam::1:user/ann"},"readOnly":true}`,
	},
}

func source(store string, yield func([]byte) error) error {
	for _, e := range events[store] {
		if err := yield([]byte(e)); err != nil {
			return err
		}
	}
	return nil
}

func ask(statement string) (*Result, error) {
	statement = strings.NewReplacer("$1", first1, "$2", second2).Replace(statement)
	s, err := Read(statement)
	if err != nil {
		return nil, err
	}
	schemas := map[string]*Schema{}
	for _, id := range s.Stores() {
		schemas[id] = Events
	}
	q, err := s.Compile(schemas)
	if err != nil {
		return nil, err
	}
	return q.Run(context.Background(), time.Date(2026, 1, 3, 12, 0, 0, 0, time.UTC), source)
}

func TestStatementsAnswerAsTrinoDoes(t *testing.T) {
	for _, c := range []struct{ statement, columns, rows string }{
		{`SELECT eventID, userIdentity.arn, element_at(requestParameters,'bucketName') FROM $1 WHERE eventTime > '2026-01-01 00:00:00' ORDER BY eventTime LIMIT 2`,
			"eventID|arn|_col2", "e1|arn:aws:iam::1:user/ann|logs;e2|arn:aws:sts::1:assumed-role/R/s|null"},
		{`select eventsource, count(*) as n from $1 group by eventsource having count(*) > 1`, "eventsource|n", "kms.amazonaws.com|2"},
		{`SELECT eventSource, COUNT(*) FROM $1 GROUP BY eventSource ORDER BY COUNT(*) DESC, 1`, "eventSource|_col1", "kms.amazonaws.com|2;s3.amazonaws.com|1"},
		{`SELECT userIdentity.sessionContext.sessionIssuer.userName FROM $1 WHERE userIdentity.type = 'AssumedRole'`, "userName", "R"},
		{`SELECT userIdentity.sessionContext.attributes.creationDate FROM $1 WHERE errorCode IS NOT NULL`, "creationDate", "2026-01-01 09:00:00.000"},
		{`SELECT requestParameters['keyId'] FROM $1 WHERE eventName = 'Decrypt'`, "_col0", "k"},
		{`SELECT requestParameters FROM $1 WHERE eventID = 'e1'`, "requestParameters", `{bucketName=logs, n=3, tags={"a":"b"}}`},
		{`SELECT resources FROM $1 WHERE eventID = 'e1'`, "resources", "[{accountid=1, type=AWS::S3::Bucket, arn=arn:aws:s3:::logs}]"},
		{`SELECT resources[1].arn, element_at(resources, 1).type, cardinality(resources) FROM $1 WHERE eventID='e1'`, "arn|type|_col2", "arn:aws:s3:::logs|AWS::S3::Bucket|1"},
		{`SELECT r.arn FROM $1 CROSS JOIN UNNEST(resources) AS t(r)`, "arn", "arn:aws:s3:::logs"},
		{`SELECT k, v FROM $1 CROSS JOIN UNNEST(requestParameters) AS t(k, v) WHERE eventID = 'e2'`, "k|v", "keyId|k"},
		{`SELECT eventTime, readOnly FROM $1 WHERE eventTime = '2026-01-01T10:00:00Z'`, "eventTime|readOnly", "2026-01-01 10:00:00.000|false"},
		{`SELECT eventID FROM $1 WHERE eventTime BETWEEN '2026-01-01 10:00:00' AND '2026-01-01 11:30:00' ORDER BY eventID`, "eventID", "e1;e2"},
		{`SELECT eventID FROM $1 WHERE eventTime > now() - interval '2' day`, "eventID", "e3"},
		{`SELECT eventID FROM $1 WHERE eventTime >= date_add('day', -1, timestamp '2026-01-02 12:00:00') AND readOnly = true ORDER BY 1 DESC`, "eventID", "e3"},
		{`SELECT date_trunc('day', eventTime) AS day, count(*) FROM $1 GROUP BY date_trunc('day', eventTime) ORDER BY 1`, "day|_col1", "2026-01-01 00:00:00.000|2;2026-01-02 00:00:00.000|1"},
		{`SELECT a.eventID, b.eventID FROM $1 AS a INNER JOIN $2 AS b ON a.userIdentity.arn = b.userIdentity.arn`, "eventID|eventID", "e1|x1"},
		{`SELECT eventID FROM $1 UNION SELECT eventID FROM $2 UNION ALL SELECT eventID FROM $2 ORDER BY eventID DESC LIMIT 2`, "eventID", "x1;x1"},
		{`WITH w AS (SELECT eventName AS name FROM $1) SELECT DISTINCT name FROM w WHERE name LIKE 'D%'`, "name", "Decrypt"},
		{`SELECT eventName FROM $1 WHERE eventName LIKE 'd%'`, "eventName", ""},
		{`SELECT errorCode FROM $1 ORDER BY errorCode`, "errorCode", "AccessDenied;null;null"},
		{`SELECT errorCode FROM $1 ORDER BY errorCode DESC NULLS FIRST LIMIT 1`, "errorCode", "null"},
		{`SELECT CASE WHEN readOnly THEN 'read' ELSE 'write' END AS kind, count(*) FROM $1 GROUP BY 1 ORDER BY 1`, "kind|_col1", "read|2;write|1"},
		{`SELECT eventName FROM $1 WHERE userIdentity.userName IN ('ann', 'eve') OR eventName NOT IN ('Decrypt', 'CreateBucket')`, "eventName", "CreateBucket;Encrypt"},
		{`SELECT eventName FROM $1 WHERE errorCode IS DISTINCT FROM 'AccessDenied' ORDER BY 1`, "eventName", "CreateBucket;Encrypt"},
		{`SELECT json_extract_scalar(element_at(requestParameters, 'tags'), '$.a') FROM $1 WHERE eventID = 'e1'`, "_col0", "b"},
		{`SELECT CAST(requestParameters['n'] AS bigint) + 1 FROM $1 WHERE eventID = 'e1'`, "_col0", "4"},
		{`SELECT TRY(requestParameters['none']), TRY_CAST('x' AS integer) FROM $1 WHERE eventID = 'e1'`, "_col0|_col1", "null|null"},
		{`SELECT eventName, row_number() OVER (PARTITION BY eventSource ORDER BY eventTime DESC) rn FROM $1 ORDER BY eventTime`, "eventName|rn", "CreateBucket|1;Decrypt|2;Encrypt|1"},
		{`SELECT count(DISTINCT awsRegion), approx_distinct(eventSource), avg(1.5), count_if(readOnly), max(eventTime) FROM $1`, "_col0|_col1|_col2|_col3|_col4", "2|2|1.5|2|2026-01-02 10:00:00.000"},
		{`SELECT upper(eventName), split_part(userIdentity.arn, '/', 2), regexp_extract(eventSource, '^(\w+)', 1) FROM $1 WHERE eventID = 'e1' -- comment`, "_col0|_col1|_col2", "CREATEBUCKET|ann|s3"},
		{`SELECT eventName FROM (SELECT * FROM $1) WHERE eventID = 'e3';`, "eventName", "Encrypt"},
		{`SELECT "eventName" FROM $1 /* all */ OFFSET 1 LIMIT 1`, "eventName", "Decrypt"},
		{`SELECT year(eventTime), extract(hour FROM eventTime), date_format(eventTime, '%Y-%m'), date_diff('hour', eventTime, now()) FROM $1 WHERE eventID='e3'`, "_col0|_col1|_col2|_col3", "2026|10|2026-01|26"},
		{`SELECT array_join(map_keys(requestParameters), ','), array_agg(eventID) FROM $1 WHERE eventID = 'e1' GROUP BY 1`, "_col0|_col1", "bucketName,n,tags|[e1]"},
		{`SELECT eventID FROM $1 WHERE EXISTS (SELECT 1 FROM $2 b WHERE b.userIdentity.arn = userIdentity.arn) AND eventID = 'e1'`, "eventID", "e1"},
		{`SELECT if(readOnly, 1), greatest(1, 3), concat('a', 'b'), coalesce(errorCode, '-') FROM $1 WHERE eventID = 'e1'`, "_col0|_col1|_col2|_col3", "null|3|ab|-"},
	} {
		r, err := ask(c.statement)
		if err != nil {
			t.Errorf("%s: %v", c.statement, err)
			continue
		}
		var rows []string
		for _, row := range r.Rows {
			rows = append(rows, strings.Join(row, "|"))
		}
		if got := strings.Join(r.Columns, "|"); got != c.columns {
			t.Errorf("%s: columns are %s, want %s", c.statement, got, c.columns)
		}
		if got := strings.Join(rows, ";"); got != c.rows {
			t.Errorf("%s:\n\t%s, want\n\t%s", c.statement, got, c.rows)
		}
	}
}

func TestAStatementThatIsWrongIsRefusedWithItsPlace(t *testing.T) {
	for statement, want := range map[string]string{
		"DELETE FROM $1":                              "line 1:1: Only SELECT statements are allowed.",
		"SELECT eventID FRM $1":                       "line 1:20: mismatched input '11111111-aaaa-4bbb-8ccc-000000000001'",
		"SELECT eventID, FROM $1":                     "line 1:17: mismatched input 'FROM'",
		"SELECT nothing FROM $1":                      "line 1:8: Column 'nothing' cannot be resolved",
		"SELECT userIdentity.nobody FROM $1":          "line 1:8: Column 'userIdentity.nobody' cannot be resolved",
		"SELECT requestParameters.bucketName FROM $1": "line 1:8: Column 'requestParameters.bucketName' cannot be resolved",
		"SELECT load_extension('x') FROM $1":          "line 1:8: Function 'load_extension' not registered",
		"SELECT eventID FROM sqlite_master":           "line 1:21: Table 'sqlite_master' does not exist",
		"SELECT eventID\nFROM $1\nWHERE":              "line 3:6: mismatched input '<EOF>'",
		"SELECT eventID FROM $1; DROP TABLE x":        "line 1:57: mismatched input ';'",
		"SELECT eventID FROM $1 WHERE a @ b":          "line 1:66: mismatched input '@'",
		"SELECT filter(resources, r -> true) FROM $1": "line 1:8: Function 'filter' not registered",
		"SELECT lower() FROM $1":                      "line 1:8: Unexpected parameters for function lower",
		"SELECT CAST(eventID AS blob) FROM $1":        "line 1:24: Unknown type: blob",
		"SELECT eventID FROM $1 LIMIT x":              "line 1:64: mismatched input 'x'",
		"SELECT eventID FROM $1 WHERE count(*) > 1":   "line 1:64: Cannot nest or use aggregation 'count' here",
		"SELECT eventID FROM $1 a, $1 b":              "line 1:8: Column 'eventID' is ambiguous",
		"SELECT timestamp 'x' FROM $1":                "line 1:8: 'x' is not a valid TIMESTAMP literal",
		"SELECT eventID FROM $1 WHERE eventID = ?":    "line 1:74: Incorrect number of parameters: expected 1 but found 0",
		"": "line 1:1: Only SELECT statements are allowed.",
	} {
		_, err := ask(statement)
		if e := new(Error); !errors.As(err, &e) || e.Error() != want {
			t.Errorf("%q: %v, want %s", statement, err, want)
		}
	}
}

func TestValuesThatAQueryCannotUseMakeItFail(t *testing.T) {
	for statement, want := range map[string]string{
		"SELECT requestParameters['none'] FROM $1":    "Key not present in map: none",
		"SELECT CAST(eventName AS bigint) FROM $1":    "Cannot cast 'CreateBucket' to BIGINT",
		"SELECT resources[2] FROM $1":                 "Array subscript must be less than or equal to array length: 2 > 1",
		"SELECT regexp_like(eventName, '(') FROM $1":  "Invalid regular expression: (",
		"SELECT date_trunc('eon', eventTime) FROM $1": "'eon' is not a valid Timestamp field",
	} {
		_, err := ask(statement)
		if e := new(Error); !errors.As(err, &e) || e.Message != want {
			t.Errorf("%s: %v, want %s", statement, err, want)
		}
	}
}

func TestAQueryStopsWithItsContext(t *testing.T) {
	s, err := Read("SELECT count(*) FROM " + first1 + " a, " + first1 + " b, " + first1 + " c, " + first1 + " d WHERE a.eventID || b.eventID = c.eventID || d.eventID")
	if err != nil {
		t.Fatal(err)
	}
	q, err := s.Compile(map[string]*Schema{first1: Events})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := q.Run(ctx, time.Unix(0, 0), source); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestOnlyNamedColumnsAreLoaded(t *testing.T) {
	s, err := Read("SELECT eventID FROM " + first1 + " WHERE readOnly")
	if err != nil {
		t.Fatal(err)
	}
	q, err := s.Compile(map[string]*Schema{first1: Events})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range q.wanted[first1] {
		names = append(names, c.name)
	}
	if got := fmt.Sprint(names); got != "[eventid readonly]" {
		t.Errorf("columns are %s", got)
	}
}

func FuzzNoStatementCrashes(f *testing.F) {
	for _, s := range []string{"SELECT * FROM " + first1, "SELECT a[1].b FROM (SELECT 1)", "WITH x AS (SELECT 1) SELECT CASE WHEN a THEN 'b' END", "SELECT '", "SELECT unnest", "SELECT count(distinct x) over (order by y rows 1 preceding)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, statement string) {
		s, err := Read(statement)
		if err != nil {
			return
		}
		schemas := map[string]*Schema{}
		for _, id := range s.Stores() {
			schemas[id] = Events
		}
		if _, err := s.Compile(schemas); err != nil {
			if e := new(Error); !errors.As(err, &e) {
				t.Errorf("%q: %v is no refusal", statement, err)
			}
		}
	})
}
