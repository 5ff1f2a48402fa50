package cloudtrail

import (
	"bytes"
	"encoding/json"
	"time"
)

// eventVersion is the version of the record format.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
const eventVersion = "1.11"

// Limits of a record's parts, in bytes, from the same page.
const (
	maxParameters = 100 << 10
	maxUserAgent  = 1 << 10
	maxMessage    = 1 << 10
)

// The two kinds of events that are recorded here.
const (
	management = "Management"
	data       = "Data"
)

// The event types that are recorded here.
const (
	apiCall      = "AwsApiCall"
	serviceEvent = "AwsServiceEvent"
)

// record is one CloudTrail record, with its members in AWS's order.
type record struct {
	Version             string          `json:"eventVersion"`
	User                identity        `json:"userIdentity"`
	Time                string          `json:"eventTime"`
	Source              string          `json:"eventSource"`
	Name                string          `json:"eventName"`
	Region              string          `json:"awsRegion"`
	SourceIP            string          `json:"sourceIPAddress"`
	UserAgent           string          `json:"userAgent"`
	ErrorCode           string          `json:"errorCode,omitempty"`
	ErrorMessage        string          `json:"errorMessage,omitempty"`
	RequestParameters   json.RawMessage `json:"requestParameters"`
	ResponseElements    json.RawMessage `json:"responseElements"`
	AdditionalEventData map[string]any  `json:"additionalEventData,omitempty"`
	RequestID           string          `json:"requestID,omitempty"`
	EventID             string          `json:"eventID"`
	ReadOnly            bool            `json:"readOnly"`
	Resources           []resource      `json:"resources,omitzero"`
	Type                string          `json:"eventType"`
	APIVersion          string          `json:"apiVersion,omitempty"`
	Management          bool            `json:"managementEvent"`
	Recipient           string          `json:"recipientAccountId"`
	ServiceEventDetails map[string]any  `json:"serviceEventDetails,omitempty"`
	SharedEventID       string          `json:"sharedEventID,omitempty"`
	Category            string          `json:"eventCategory"`
	TLS                 *TLSDetails     `json:"tlsDetails,omitempty"`

	// mine says that the call was made in delivering records.
	mine bool
	// named are the resources under which LookupEvents finds the event.
	named []named
}

// resource is a resource that an event accessed.
type resource struct {
	Account   string `json:"accountId,omitempty"`
	Type      string `json:"type"`
	ARN       string `json:"ARN,omitempty"`
	ARNPrefix string `json:"ARNPrefix,omitempty"`
}

// named is a resource as LookupEvents shows it.
type named struct {
	Type string `cbor:"1,keyasint"`
	Name string `cbor:"2,keyasint"`
}

// TLSDetails says how the client's connection was protected.
type TLSDetails struct {
	Version     string `json:"tlsVersion,omitempty"`               // "TLSv1.3"
	CipherSuite string `json:"cipherSuite,omitempty"`              // "TLS_AES_128_GCM_SHA256"
	Host        string `json:"clientProvidedHostHeader,omitempty"` // "kms.us-east-1.amazonaws.com"
}

// text is the record as one line of JSON, as it is delivered.
func (r *record) text() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		panic("cloudtrail: a record that cannot be written: " + err.Error()) // every member is of a type that can
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// stamp is an instant as records and digests write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// cut shortens a text to at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
