package transform

import (
	"errors"
	"strings"
	"testing"
)

func TestProcessorsTransform(t *testing.T) {
	for _, c := range []struct{ name, config, message, want string }{
		{"JSON under a key", `[{"parseJSON":{"destination":"new_key"}}]`, `{"outer_key":{"inner_key":"inner_value"}}`, `{"new_key":{"outer_key":{"inner_key":"inner_value"}}}`},
		{"JSON in a field", `[{"parseJSON":{}},{"parseJSON":{"source":"a"}}]`, `{"a":"{\"b\":1.50}"}`, `{"a":"{\"b\":1.50}","b":1.50}`},
		{"grok", `[{"grok":{"match":"%{NUMBER:version} %{HOSTNAME:host} %{NOTSPACE:status} %{QUOTEDSTRING:user} from %{IPV4:ip}"}}]`,
			`1.5 web-1.example.com OK "Jane" from 192.0.2.1 rest`, `{"version":"1.5","host":"web-1.example.com","status":"OK","user":"Jane","ip":"192.0.2.1"}`},
		{"grok in a field, under keys", `[{"parseJSON":{}},{"grok":{"source":"line","match":"%{WORD:http.method} %{URIPATHPARAM:http.path}"}},{"deleteKeys":{"withKeys":["line"]}}]`,
			`{"line":"GET /a/b?c=d"}`, `{"http":{"method":"GET","path":"/a/b?c=d"}}`},
		{"grok of Apache", `[{"grok":{"match":"%{APACHE_ACCESS_LOG}"}}]`,
			`192.0.2.1 - - [03/Aug/2023:12:34:56 +0000] "GET /page.html HTTP/1.1" 200 1234`,
			`{"client_ip":"192.0.2.1","ident":"-","auth":"-","timestamp":"03/Aug/2023:12:34:56 +0000","http_method":"GET","request":"/page.html","http_version":"1.1","status_code":"200","bytes":"1234"}`},
		{"a time stamp by grok", `[{"grok":{"match":"%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level} %{GREEDYDATA:rest}"}}]`, `2024-01-02T03:04:05.678Z WARN low disk`, `{"at":"2024-01-02T03:04:05.678Z","level":"WARN","rest":"low disk"}`},
		{"columns of CSV", `[{"csv":{"columns":["name","age"]}}]`, `'Akua Mansa',28`, `{"name":"'Akua Mansa'","age":"28"}`},
		{"CSV with quotes", `[{"csv":{"quoteCharacter":"'","delimiter":"::"}}]`, `'Akua::Mansa'::28::'it''s'`, `{"column_1":"Akua::Mansa","column_2":"28","column_3":"it's"}`},
		{"CSV with tabs", `[{"csv":{"delimiter":"\\t","destination":"d"}}]`, "a\tb", `{"d":{"column_1":"a","column_2":"b"}}`},
		{"key and value", `[{"parseKeyValue":{"destination":"new_key","fieldDelimiter":"!","keyValueDelimiter":":","nonMatchValue":"defaultValue","keyPrefix":"parsed_"}}]`,
			`key1:value1!key2:value2!key3`, `{"new_key":{"parsed_key1":"value1","parsed_key2":"value2","parsed_key3":"defaultValue"}}`},
		{"key and value, the first stays", `[{"parseKeyValue":{}}]`, `a=1&a=2&b`, `{"a":"1"}`},
		{"key and value, the last wins", `[{"parseKeyValue":{"overwriteIfExists":true}}]`, `a=1&a=2`, `{"a":"2"}`},
		{"added keys", `[{"parseJSON":{}},{"addKeys":{"entries":[{"key":"outer.new","value":"x"},{"key":"a","value":"y"},{"key":"b","value":"z","overwriteIfExists":true}]}}]`,
			`{"a":1,"b":2}`, `{"a":1,"b":"z","outer":{"new":"x"}}`},
		{"moved keys", `[{"parseJSON":{}},{"moveKeys":{"entries":[{"source":"outer.inner","target":"top"},{"source":"none","target":"t"}]}}]`, `{"outer":{"inner":1}}`, `{"outer":{},"top":1}`},
		{"renamed keys", `[{"parseJSON":{}},{"renameKeys":{"entries":[{"key":"a","renameTo":"b"},{"key":"c","renameTo":"d"}]}}]`, `{"a":1,"c":2,"d":3}`, `{"c":2,"d":3,"b":1}`},
		{"copied values", `[{"parseJSON":{}},{"copyValue":{"entries":[{"source":"a","target":"b"},{"source":"@logGroupName","target":"g"},{"source":"@accountId","target":"acct"}]}}]`, `{"a":1}`, `{"a":1,"b":1,"g":"/my/group","acct":"111122223333"}`},
		{"an object copied into itself", `[{"parseJSON":{}},{"copyValue":{"entries":[{"source":"a","target":"a.b"}]}}]`, `{"a":{"c":[1]}}`, `{"a":{"c":[1],"b":{"c":[1]}}}`},
		{"a list to a map", `[{"parseJSON":{}},{"listToMap":{"source":"l","key":"k","valueKey":"v","target":"m"}},{"deleteKeys":{"withKeys":["l"]}}]`,
			`{"l":[{"k":"a","v":1},{"k":"b","v":2},{"k":"a","v":3}]}`, `{"m":{"a":[1,3],"b":[2]}}`},
		{"a list to a flat map", `[{"parseJSON":{}},{"listToMap":{"source":"l","key":"k","valueKey":"v","flatten":true,"flattenedElement":"last"}},{"deleteKeys":{"withKeys":["l"]}}]`,
			`{"l":[{"k":"a","v":1},{"k":"a","v":3}]}`, `{"a":3}`},
		{"strings", `[{"parseJSON":{}},{"lowerCaseString":{"withKeys":["a.b"]}},{"upperCaseString":{"withKeys":["c"]}},{"trimString":{"withKeys":["d"]}},{"splitString":{"entries":[{"source":"e","delimiter":","}]}},{"substituteString":{"entries":[{"source":"f","from":"(\\d+)-(\\d+)","to":"$2-$1"}]}}]`,
			`{"a":{"b":"X"},"c":"y","d":" z ","e":"1,2","f":"12-34"}`, `{"a":{"b":"x"},"c":"Y","d":"z","e":["1","2"],"f":"34-12"}`},
		{"types", `[{"parseJSON":{}},{"typeConverter":{"entries":[{"key":"i","type":"integer"},{"key":"d","type":"double"},{"key":"b","type":"boolean"},{"key":"s","type":"string"},{"key":"x","type":"integer"}]}}]`,
			`{"i":"12","d":"1.5","b":"true","s":7,"x":"word"}`, `{"i":12,"d":1.5,"b":true,"s":"7","x":"word"}`},
		{"a date", `[{"parseJSON":{}},{"dateTimeConverter":{"source":"t","target":"u","targetFormat":"MMM dd yyyy HH:mm:ss XXX","targetTimezone":"Asia/Tokyo","matchPatterns":["yyyy/MM/dd","yyyy-MM-dd HH:mm:ss.SSS"]}}]`,
			`{"t":"2024-01-02 03:04:05.678"}`, `{"t":"2024-01-02 03:04:05.678","u":"Jan 02 2024 12:04:05 +09:00"}`},
		{"an epoch", `[{"parseJSON":{}},{"dateTimeConverter":{"source":"t","target":"t","matchPatterns":["epoch"]}}]`, `{"t":1700000000123}`, `{"t":"2023-11-14T22:13:20.123Z"}`},
		{"a flow log", `[{"parseVPC":{}}]`, `2 123456789010 eni-abc123de 192.0.2.0 192.0.2.24 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK`,
			`{"version":2,"accountId":"123456789010","interfaceId":"eni-abc123de","srcAddr":"192.0.2.0","dstAddr":"192.0.2.24","srcPort":20641,"dstPort":22,"protocol":6,"packets":20,"bytes":4249,"start":1418530010,"end":1418530070,"action":"ACCEPT","logStatus":"OK"}`},
		{"a flow log without data", `[{"parseVPC":{}}]`, `2 123456789010 eni-abc123de - - - - - - - 1418530010 1418530070 - NODATA`,
			`{"version":2,"accountId":"123456789010","interfaceId":"eni-abc123de","srcAddr":"-","dstAddr":"-","srcPort":"-","dstPort":"-","protocol":"-","packets":"-","bytes":"-","start":1418530010,"end":1418530070,"action":"-","logStatus":"NODATA"}`},
		{"Route 53", `[{"parseRoute53":{}}]`, `1.0 2017-12-13T08:15:50.235Z Z123412341234 example.com AAAA NOERROR TCP IAD12 192.0.2.0 198.51.100.0/24`,
			`{"version":1.0,"queryTimestamp":"2017-12-13T08:15:50.235Z","hostZoneId":"Z123412341234","queryName":"example.com","queryType":"AAAA","responseCode":"NOERROR","protocol":"TCP","edgeLocation":"IAD12","resolverIp":"192.0.2.0","ednsClientSubnet":"198.51.100.0/24"}`},
		{"PostgreSQL", `[{"parsePostgres":{}}]`, `2019-03-10 03:54:59 UTC:10.0.0.123(52834):postgres@logtestdb:[20175]:ERROR: column "x" does not exist`,
			`{"logTime":"2019-03-10 03:54:59 UTC","srcIp":"10.0.0.123(52834)","userName":"postgres","dbName":"logtestdb","processId":"20175","logLevel":"ERROR"}`},
		{"a firewall", `[{"parseWAF":{}}]`, `{"action":"BLOCK","httpRequest":{"headers":[{"name":"Host","value":"localhost"}]},"labels":[{"name":"value"}]}`,
			`{"action":"BLOCK","httpRequest":{"headers":{"Host":"localhost"}},"labels":["value"]}`},
	} {
		tr, err := Parse([]byte(c.config))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, err := tr.Apply(c.message, Metadata{LogGroup: "/my/group", LogStream: "s", Account: "111122223333", Region: "us-west-2"})
		if err != nil || got != c.want {
			t.Errorf("%s:\n%s, %v\nwant\n%s", c.name, got, err, c.want)
		}
	}
}

func TestAnEventThatDoesNotFitFails(t *testing.T) {
	many := `{"a":[` + strings.Repeat("1,", maxFields) + `1]}`
	for _, c := range []struct{ config, message string }{
		{`[{"parseJSON":{}}]`, "no JSON"}, {`[{"parseJSON":{}}]`, "[1]"}, {`[{"parseJSON":{}}]`, `{} {}`}, {`[{"parseJSON":{}}]`, many},
		{`[{"grok":{"match":"%{IPV4:ip}"}}]`, "none"}, {`[{"parseVPC":{}}]`, "2 3"}, {`[{"parsePostgres":{}}]`, "x"},
		{`[{"parseWAF":{}}]`, "x"}, {`[{"parseCloudfront":{}}]`, "x"},
	} {
		tr, err := Parse([]byte(c.config))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tr.Apply(c.message, Metadata{}); !errors.Is(err, ErrFailed) {
			t.Errorf("%s of %.20q: %q, %v", c.config, c.message, got, err)
		}
	}
}

func TestAConfigurationIsChecked(t *testing.T) {
	twenty := strings.Repeat(`,{"trimString":{"withKeys":["a"]}}`, 20)
	for _, c := range []struct{ config, want string }{
		{`{}`, "not a list"}, {`[]`, "1 to 20"}, {`[{"parseJSON":{}}` + twenty + `]`, "1 to 20"},
		{`[{"trimString":{"withKeys":["a"]}}]`, "first processor"}, {`[{"parseJSON":{}},{"parseVPC":{}}]`, "must be the first"},
		{`[{"parseJSON":{},"csv":{}}]`, "exactly one"}, {`[{"parseXML":{}}]`, "does not exist"}, {`[{"parseJSON":{"color":1}}]`, "expected form"},
		{`[{"grok":{"match":"%{WORD:a}"}},{"grok":{"match":"%{WORD:a}"}}]`, "at most one grok"},
		{`[{"parseJSON":{}},{"parseJSON":{}},{"parseJSON":{}},{"parseJSON":{}},{"parseJSON":{}},{"parseJSON":{}}]`, "at most 5 parsers"},
		{`[{"parseJSON":{"source":"a.b.c.d"}}]`, "nested deeper"}, {`[{"parseJSON":{"source":"` + strings.Repeat("a", 129) + `"}}]`, "longer than"},
		{`[{"grok":{"match":"%{NOPE:a}"}}]`, "does not exist"}, {`[{"grok":{"match":"plain"}}]`, "1 to 20 patterns"}, {`[{"grok":{"match":"%{WORD:a} ["}}]`, "not valid"},
		{`[{"grok":{"match":"` + strings.Repeat("%{DATA:a} ", 6) + `"}}]`, "at most 5"}, {`[{"parseVPC":{"source":"a"}}]`, "only be @message"},
		{`[{"parseJSON":{}},{"addKeys":{"entries":[]}}]`, "1 to 5 entries"}, {`[{"parseJSON":{}},{"moveKeys":{"entries":[{"source":"a"}]}}]`, "missing"},
		{`[{"parseJSON":{}},{"substituteString":{"entries":[{"source":"a","from":"[","to":""}]}}]`, "regular expression"},
		{`[{"parseJSON":{}},{"typeConverter":{"entries":[{"key":"a","type":"float"}]}}]`, "integer, double"},
		{`[{"parseJSON":{}},{"listToMap":{"source":"a","key":"b","flatten":true}}]`, "first or last"},
		{`[{"parseJSON":{}},{"dateTimeConverter":{"source":"a","target":"b","matchPatterns":["qq"]}}]`, "not valid"},
		{`[{"parseJSON":{}},{"dateTimeConverter":{"source":"a","target":"b","matchPatterns":["yyyy"],"sourceTimezone":"Mars/Olympus"}}]`, "time zone"},
	} {
		_, err := Parse([]byte(c.config))
		if e, ok := errors.AsType[*Invalid](err); !ok || !strings.Contains(e.Reason, c.want) {
			t.Errorf("%.80s: %v, want %q", c.config, err, c.want)
		}
	}
	if _, err := Parse([]byte(`[{"parseToOCSF":{"eventSource":"VPCFlow"}}]`)); err == nil || err.Error() != "the processor parseToOCSF is not supported" {
		t.Error(err)
	}
}

func TestEveryGrokPatternCompiles(t *testing.T) {
	for name := range grokPatterns {
		if _, err := Parse([]byte(`[{"grok":{"match":"%{` + name + `:a}"}}]`)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzATransformerNeverPanics(f *testing.F) {
	f.Add(`[{"parseJSON":{}},{"moveKeys":{"entries":[{"source":"a.b","target":"a"}]}},{"listToMap":{"source":"l","key":"k"}}]`, `{"a":{"b":1},"l":[{"k":1}]}`)
	f.Add(`[{"csv":{"quoteCharacter":"'"}},{"dateTimeConverter":{"source":"column_1","target":"t","matchPatterns":["epoch"],"targetFormat":"epoch"}}]`, `'1','2`)
	f.Fuzz(func(t *testing.T, config, message string) {
		tr, err := Parse([]byte(config))
		if err != nil {
			return
		}
		if out, err := tr.Apply(message, Metadata{}); err == nil {
			if _, err := decode(out); err != nil {
				t.Errorf("%q is no JSON", out)
			}
		}
	})
}
