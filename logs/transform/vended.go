package transform

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// vended is a built-in parser: it reads a whole event into the root.
type vended func(message string, into *object) error

func (v vended) apply(e *event) error { return v(e.message, e.root) }

func buildVended(v vended) func(json.RawMessage) (step, error) {
	return func(raw json.RawMessage) (step, error) {
		c, err := read[struct{ Source string }](raw)
		if err != nil {
			return nil, err
		}
		if c.Source != "" && c.Source != wholeMessage {
			return nil, invalid("The source of a built-in parser can only be @message.")
		}
		return v, nil
	}
}

// column is a field of a vended log; numbers are written as such.
type column struct {
	name   string
	number bool
}

// columns reads names, those of numbers with a # in front.
func columns(names string) (list []column) {
	for name := range strings.FieldsSeq(names) {
		plain, number := strings.CutPrefix(name, "#")
		list = append(list, column{plain, number})
	}
	return list
}

// fill writes cells under the names of columns.
func fill(into *object, list []column, cells []string) error {
	if len(cells) != len(list) {
		return errNoMatch
	}
	for i, c := range list {
		if _, err := strconv.ParseFloat(cells[i], 64); c.number && err == nil {
			into.set(c.name, json.Number(cells[i]))
		} else {
			into.set(c.name, cells[i])
		}
	}
	return nil
}

var (
	vpcColumns     = columns("#version accountId interfaceId srcAddr dstAddr #srcPort #dstPort #protocol #packets #bytes #start #end action logStatus")
	route53Columns = columns("#version queryTimestamp hostZoneId queryName queryType responseCode protocol edgeLocation resolverIp ednsClientSubnet")
	frontColumns   = columns(`date time x-edge-location #sc-bytes c-ip cs-method cs(Host) cs-uri-stem #sc-status cs(Referer) cs(User-Agent)
		cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol #cs-bytes #time-taken x-forwarded-for
		ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields #c-port
		#time-to-first-byte x-edge-detailed-result-type sc-content-type #sc-content-len sc-range-start sc-range-end`)
)

func vpcEvent(message string, into *object) error {
	return fill(into, vpcColumns, strings.Fields(message))
}

func route53Event(message string, into *object) error {
	return fill(into, route53Columns, strings.Fields(message))
}

func cloudfrontEvent(message string, into *object) error {
	return fill(into, frontColumns, strings.Split(message, "\t"))
}

// postgresLine is time, remote host, user@database, process and level.
var postgresLine = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+?):([^:]*):([^@:]*)@([^:]*):\[(\d+)\]:(\w+):`)

func postgresEvent(message string, into *object) error {
	m := postgresLine.FindStringSubmatch(message)
	if m == nil {
		return errNoMatch
	}
	return fill(into, columns("logTime srcIp userName dbName processId logLevel"), m[1:])
}

// wafEvent takes a document and makes a map of the request's headers.
//
// Unverified: that labels become a list of their names.
func wafEvent(message string, into *object) error {
	v, err := decode(message)
	o, isObject := v.(*object)
	if err != nil || !isObject {
		return errNotJSON
	}
	for _, name := range o.names {
		into.set(name, o.values[name])
	}
	if headers, ok := into.get("httpRequest.headers"); ok {
		named := newObject()
		for _, h := range listOf(headers) {
			if h, ok := h.(*object); ok {
				name, _ := h.values["name"].(string)
				named.set(name, h.values["value"])
			}
		}
		into.put("httpRequest.headers", named, true)
	}
	if labels, ok := into.get("labels"); ok {
		names := []any{}
		for _, l := range listOf(labels) {
			if l, ok := l.(*object); ok {
				names = append(names, l.values["name"])
			}
		}
		into.set("labels", names)
	}
	return nil
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}
