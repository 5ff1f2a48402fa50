package lakesql

import "strings"

// shape is the type of a column or of a field of a row.
type shape struct {
	kind   string           // "string", "timestamp", "boolean", "map", "array", "row"
	fields map[string]shape // of a row, or of the rows in an array; by lower-case name
}

var (
	plain   = shape{kind: "string"}
	instant = shape{kind: "timestamp"}
	flag    = shape{kind: "boolean"}
	object  = shape{kind: "map"}
)

func row(fields map[string]shape) shape { return shape{"row", fields} }

// strings are fields that are all text.
func texts(names ...string) map[string]shape {
	m := map[string]shape{}
	for _, n := range names {
		m[n] = plain
	}
	return m
}

func with(m map[string]shape, more map[string]shape) map[string]shape {
	for k, v := range more {
		m[k] = v
	}
	return m
}

// column is one of the schema, in AWS's order.
type column struct {
	name string // lower case
	shape
}

// Schema is the columns of an event data store.
type Schema struct {
	columns []column
	byName  map[string]shape
}

func schema(columns ...column) *Schema {
	s := &Schema{columns, map[string]shape{}}
	for _, c := range columns {
		s.byName[c.name] = c.shape
	}
	return s
}

// Events is the schema of management, data and network activity events.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html#query-supported-event-schema
var Events = schema(
	column{"eventversion", plain},
	column{"useridentity", row(with(texts("type", "principalid", "arn", "accountid", "accesskeyid", "username", "invokedby", "identityprovider"), map[string]shape{
		"sessioncontext": row(with(texts("sourceidentity", "ec2roledelivery", "ec2issuedinvpc"), map[string]shape{
			"attributes":          row(map[string]shape{"creationdate": instant, "mfaauthenticated": plain}),
			"sessionissuer":       row(texts("type", "principalid", "arn", "accountid", "username")),
			"webidfederationdata": row(map[string]shape{"federatedprovider": plain, "attributes": object}),
		})),
		"onbehalfof": row(texts("userid", "identitystorearn")),
		"inscopeof":  row(texts("sourcearn", "sourceaccount", "issuertype", "credentialsissuedto")),
	}))},
	column{"eventtime", instant}, column{"eventsource", plain}, column{"eventname", plain}, column{"awsregion", plain},
	column{"sourceipaddress", plain}, column{"useragent", plain}, column{"errorcode", plain}, column{"errormessage", plain},
	column{"requestparameters", object}, column{"responseelements", object}, column{"additionaleventdata", object},
	column{"requestid", plain}, column{"eventid", plain}, column{"readonly", flag},
	column{"resources", shape{"array", texts("accountid", "type", "arn", "arnprefix")}},
	column{"eventtype", plain}, column{"apiversion", plain}, column{"managementevent", flag}, column{"recipientaccountid", plain},
	column{"sharedeventid", plain}, column{"annotation", plain}, column{"vpcendpointid", plain}, column{"vpcendpointaccountid", plain},
	column{"serviceeventdetails", object},
	column{"addendum", row(texts("reason", "updatedfields", "originalrequestid", "originaleventid"))},
	column{"edgedevicedetails", object}, column{"insightdetails", object}, column{"eventcategory", plain},
	column{"tlsdetails", row(texts("tlsversion", "ciphersuite", "clientprovidedhostheader"))},
	column{"sessioncredentialfromconsole", plain}, column{"eventjson", plain}, column{"eventjsonchecksum", plain},
)

// Insights is the schema of Insights events.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-lake.html
var Insights = schema(
	column{"eventversion", plain}, column{"eventcategory", plain}, column{"eventtype", plain}, column{"eventid", plain},
	column{"eventtime", instant}, column{"awsregion", plain}, column{"recipientaccountid", plain}, column{"sharedeventid", plain},
	column{"addendum", row(texts("reason", "updatedfields", "originalrequestid", "originaleventid"))},
	column{"insightsource", plain}, column{"insightstate", plain}, column{"insighteventsource", plain}, column{"insighteventname", plain},
	column{"insighterrorcode", plain}, column{"insighttype", plain},
	column{"insightcontext", row(texts("baselineaverage", "insightaverage", "baselineduration", "insightduration"))},
)

// Audit is the schema of events from outside of AWS.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html#query-supported-event-schema-integration
var Audit = schema(
	column{"eventversion", plain}, column{"eventcategory", plain}, column{"eventtype", plain}, column{"eventid", plain},
	column{"eventtime", instant}, column{"awsregion", plain}, column{"recipientaccountid", plain},
	column{"addendum", row(texts("reason", "updatedfields", "originaluid", "originaleventid"))},
	column{"metadata", row(texts("ingestiontime", "channelarn"))},
	column{"eventdata", row(with(texts("version", "useragent", "eventsource", "eventname", "uid", "errorcode", "errormessage",
		"sourceipaddress", "recipientaccountid"), map[string]shape{
		"useridentity": row(map[string]shape{"type": plain, "principalid": plain, "details": object}),
		"eventtime":    instant, "requestparameters": object, "responseelements": object, "additionaleventdata": object,
	}))},
)

// at is the shape of a path of fields below a column.
func (s shape) at(path []string) (shape, bool) {
	for _, p := range path {
		next, ok := s.fields[strings.ToLower(p)]
		if !ok || s.kind != "row" {
			return shape{}, false
		}
		s = next
	}
	return s, true
}
