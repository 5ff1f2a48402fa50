package restxml

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/wire/xmltext"
)

// headerField begins the names of the fields of an [api.Error] that are
// headers of its answer and not in its document: "header:Allow",
// "header:x-amz-delete-marker".
const headerField = "header:"

// RefuseHeaders sets the headers that an error brings.
func RefuseHeaders(h http.Header, e *api.Error) {
	for name, value := range e.Fields {
		if name, ok := strings.CutPrefix(name, headerField); ok {
			h.Set(name, fmt.Sprint(value))
		}
	}
}

// Refuse appends the error document of e to b: code, message, the further
// fields by ascending name, and what identifies the request.
func Refuse(b []byte, e *api.Error, requestID, hostID string) []byte {
	b = append(b, xmltext.Declaration+"<Error>"...)
	b = xmltext.Element(b, "Code", e.Code)
	b = xmltext.Element(b, "Message", e.Message)
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		if !strings.HasPrefix(name, headerField) {
			b = xmltext.Element(b, name, fmt.Sprint(e.Fields[name]))
		}
	}
	b = xmltext.Element(b, "RequestId", requestID)
	b = xmltext.Element(b, "HostId", hostID)
	return xmltext.Close(b, "Error")
}
