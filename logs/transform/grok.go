package transform

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

const (
	maxGrok        = 512 // characters of a pattern
	maxGrokNames   = 20  // %{...} in a pattern
	maxGrokGreedy  = 5   // of the costly ones
	maxGrokNesting = 10
)

type grok struct{ Source, Match string }

type grokStep struct {
	source string
	re     *regexp.Regexp
	keys   map[string]string // by the name of the group
}

var grokName = regexp.MustCompile(`%\{([A-Z0-9_]+)(?::([^:{}]+))?\}`)

// buildGrok compiles a pattern of AWS's grok patterns.
//
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Configurable.html#CloudWatch-Logs-Transformation-Grok
func buildGrok(raw json.RawMessage) (step, error) {
	c, err := read[grok](raw)
	if err != nil {
		return nil, err
	}
	if c.Match == "" || len([]rune(c.Match)) > maxGrok {
		return nil, invalid("The match of grok has 1 to %d characters.", maxGrok)
	}
	if err := checkKeys(c.Source); err != nil {
		return nil, err
	}
	s := &grokStep{source: c.Source, keys: map[string]string{}}
	names, costly := grokName.FindAllStringSubmatch(c.Match, -1), 0
	for _, n := range names {
		switch n[1] {
		case "URI", "URIPARAM", "URIPATHPARAM", "SPACE", "DATA", "GREEDYDATA", "GREEDYDATA_MULTILINE":
			costly++
		}
	}
	if len(names) == 0 || len(names) > maxGrokNames || costly > maxGrokGreedy {
		return nil, invalid("The match of grok takes 1 to %d patterns, of those that match anything at most %d.", maxGrokNames, maxGrokGreedy)
	}
	text, err := s.expand(c.Match, 0)
	if err != nil {
		return nil, err
	}
	if s.re, err = regexp.Compile(text); err != nil {
		return nil, invalid("The match of grok is not valid.")
	}
	return s, nil
}

// expand replaces the names of patterns by expressions. Only the names of the
// outermost pattern, and those of the patterns for whole logs, become keys.
func (s *grokStep) expand(pattern string, depth int) (string, error) {
	var failed error
	text := grokName.ReplaceAllStringFunc(pattern, func(ref string) string {
		m := grokName.FindStringSubmatch(ref)
		inner, ok := grokPatterns[m[1]]
		if !ok || depth > maxGrokNesting {
			failed = invalid("The grok pattern %s does not exist.", m[1])
			return ""
		}
		expanded, err := s.expand(inner, depth+1)
		if err != nil {
			failed = err
		}
		if m[2] == "" {
			return "(?:" + expanded + ")"
		}
		if err := checkKeys(m[2]); err != nil {
			failed = err
		}
		group := "k" + strconv.Itoa(len(s.keys))
		s.keys[group] = m[2]
		return "(?P<" + group + ">" + expanded + ")"
	})
	return text, failed
}

func (s *grokStep) apply(e *event) error {
	text, ok := e.text(s.source)
	if !ok {
		return nil
	}
	m := s.re.FindStringSubmatchIndex(text)
	if m == nil {
		return errNoMatch
	}
	for i, group := range s.re.SubexpNames() {
		key, named := s.keys[group]
		if !named || m[2*i] < 0 {
			continue
		}
		e.root.put(key, strings.Trim(text[m[2*i]:m[2*i+1]], `"`), true)
	}
	return nil
}

// grokPatterns are AWS's. RE2 has no look-around, so words are told apart by
// their borders.
var grokPatterns = map[string]string{
	"USERNAME": `[a-zA-Z0-9._-]+`, "USER": `%{USERNAME}`,
	"INT": `[+-]?[0-9]+`, "BASE10NUM": `[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)`, "NUMBER": `%{BASE10NUM}`,
	"BASE16NUM": `[+-]?(?:0x)?[0-9A-Fa-f]+`, "POSINT": `\b[1-9][0-9]*\b`, "NONNEGINT": `\b[0-9]+\b`,
	"WORD": `\b\w+\b`, "NOTSPACE": `\S+`, "SPACE": `\s*`, "DATA": `.*?`, "GREEDYDATA": `.*`, "GREEDYDATA_MULTILINE": `(?s:.*)`,
	"QUOTEDSTRING": `"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`,
	"UUID":         `[A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}`,
	"URN":          `urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#-]+`,
	"ARN":          `arn:[A-Za-z0-9-]+:[A-Za-z0-9-]*:[A-Za-z0-9-]*:[0-9]*:[^\s]+`,

	"CISCOMAC": `(?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4}`, "WINDOWSMAC": `(?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2}`,
	"COMMONMAC": `(?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2}`, "MAC": `%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}`,
	"IPV6":     `(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{0,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})(?:%[0-9A-Za-z]+)?`,
	"IPV4":     `(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])`,
	"IP":       `%{IPV6}|%{IPV4}`,
	"HOSTNAME": `\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z-]{0,62})*\.?`, "HOST": `%{HOSTNAME}`,
	"IPORHOST": `%{IP}|%{HOSTNAME}`, "HOSTPORT": `%{IPORHOST}:%{POSINT}`,

	"UNIXPATH": `(?:/[\w_%!$@:.,+~-]*)+`, "WINPATH": `(?:[A-Za-z]+:|\\)(?:\\[^\\?*]*)+`, "PATH": `%{UNIXPATH}|%{WINPATH}`,
	"TTY":      `/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+)`,
	"URIPROTO": `[A-Za-z](?:[A-Za-z0-9+.-]+)+`, "URIHOST": `%{IPORHOST}(?::%{POSINT})?`,
	"URIPATH": `(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+`, "URIPARAM": `\?[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*`,
	"URIPATHPARAM": `%{URIPATH}(?:%{URIPARAM})?`, "URI": `%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?`,

	"MONTH":    `\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|Jun(?:e)?|Jul(?:y)?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b`,
	"MONTHNUM": `0?[1-9]|1[0-2]`, "MONTHNUM2": `0[1-9]|1[0-2]`, "MONTHDAY": `0[1-9]|[12][0-9]|3[01]|[1-9]`,
	"DAY":  `(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?`,
	"YEAR": `[0-9]{4}|[0-9]{2}`, "HOUR": `2[0123]|[01]?[0-9]`, "MINUTE": `[0-5][0-9]`, "SECOND": `(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?`,
	"TIME": `%{HOUR}:%{MINUTE}(?::%{SECOND})?`, "DATE_US": `%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}`,
	"DATE_EU": `%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}`, "ISO8601_TIMEZONE": `Z|[+-]%{HOUR}(?::?%{MINUTE})`, "ISO8601_SECOND": `%{SECOND}|60`,
	"TIMESTAMP_ISO8601": `%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?(?:%{ISO8601_TIMEZONE})?`,
	"DATE":              `%{DATE_US}|%{DATE_EU}`, "DATESTAMP": `%{DATE}[- ]%{TIME}`, "TZ": `[PMCE][SD]T|UTC|GMT`,
	"DATESTAMP_RFC822":  `%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}`,
	"DATESTAMP_RFC2822": `%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}`,
	"DATESTAMP_OTHER":   `%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}`, "DATESTAMP_EVENTLOG": `%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}`,
	"HTTPDERROR_DATE": `%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}`, "HTTPDATE": `%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}`,

	"SYSLOGTIMESTAMP": `%{MONTH} +%{MONTHDAY} %{TIME}`, "PROG": `[\x21-\x5a\x5c\x5e-\x7e]+`,
	"SYSLOGPROG": `%{PROG:program}(?:\[%{POSINT:pid}\])?`, "SYSLOGHOST": `%{IPORHOST}`, "SYSLOGFACILITY": `<%{NONNEGINT:facility}.%{NONNEGINT:priority}>`,
	"LOGLEVEL": `(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?)`,

	"APACHE_ACCESS_LOG": `%{IPORHOST:client_ip} %{NOTSPACE:ident} %{NOTSPACE:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:http_method} %{NOTSPACE:request}(?: HTTP/%{NUMBER:http_version})?|%{DATA:raw_request})" %{NUMBER:status_code} (?:%{NUMBER:bytes}|-)(?: %{QUOTEDSTRING:referrer} %{QUOTEDSTRING:agent})?`,
	"NGINX_ACCESS_LOG":  `%{IPORHOST:client_ip} - %{NOTSPACE:remote_user} \[%{HTTPDATE:timestamp}\] "%{WORD:http_method} %{NOTSPACE:request} HTTP/%{NUMBER:http_version}" %{NUMBER:status_code} %{NUMBER:bytes} %{QUOTEDSTRING:referrer} %{QUOTEDSTRING:agent}`,
	"SYSLOG5424":        `<%{NONNEGINT:pri}>%{NONNEGINT:version} (?:%{TIMESTAMP_ISO8601:timestamp}|-) (?:%{HOSTNAME:hostname}|-) (?:%{NOTSPACE:app}|-) (?:%{NOTSPACE:procid}|-) (?:%{NOTSPACE:msgid}|-) (?:\[%{DATA:structured_data}\]|-)(?: %{GREEDYDATA:message})?`,
}
