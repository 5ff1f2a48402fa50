package wire

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/http"
	"reflect"

	"sealstack/api"
	"sealstack/wire/awsjson"
)

// Answers that are event streams (StartLiveTail, GetLogObject) are sequences of
// messages in the encoding application/vnd.amazon.eventstream
// (https://smithy.io/2.0/aws/amazon-eventstream.html).

const streamType = "application/vnd.amazon.eventstream"

var streamInterface = reflect.TypeFor[api.EventStream]()

// streamField returns the index of the field of an output that is an event
// stream, or -1.
func streamField(output reflect.Type) int {
	for i := range output.NumField() {
		if output.Field(i).Type.Implements(streamInterface) {
			return i
		}
	}
	return -1
}

// stream returns the event stream in an answer, or nil.
func (op *operation) stream(out any) api.EventStream {
	if op.streams < 0 {
		return nil
	}
	return reflect.ValueOf(out).Elem().Field(op.streams).Interface().(api.EventStream)
}

// stream sends the events of an answer, each as soon as it is there, and stops
// when the client has gone. Over awsJson an initial response comes first, with
// the members of the output beside the stream.
func (e *edge) stream(c *call, out any, events api.EventStream) {
	c.streaming = true
	c.w.Header().Set("Content-Type", streamType)
	c.pause(endless)
	c.w.WriteHeader(http.StatusOK)
	flusher := http.NewResponseController(c.w)
	send := func(message []byte) bool {
		_, err := c.w.Write(message)
		return err == nil && flusher.Flush() == nil
	}
	if !send(eventMessage("initial-response", jsonProtocol{}.encode(nil, c, out))) {
		return
	}
	for event, err := range events.Events() {
		if err != nil {
			send(e.failureMessage(c, err))
			return
		}
		if message := c.eventMessage(event); message != nil && !send(message) {
			return
		}
	}
}

// eventMessage returns the message for the one member that is set in a union.
func (c *call) eventMessage(event any) []byte {
	union := c.service.planner.Of(reflect.TypeOf(event))
	v := reflect.ValueOf(event).Elem()
	for i := range union.Members {
		if m := &union.Members[i]; !m.Absent(v.Field(m.Field)) {
			return eventMessage(m.Wire, awsjson.Append(nil, m.Type, v.Field(m.Field).Interface()))
		}
	}
	return nil
}

func eventMessage(kind string, payload []byte) []byte {
	return frame(payload, ":message-type", "event", ":event-type", kind, ":content-type", "application/json")
}

// failureMessage ends a stream: an error that AWS defines is an exception
// message, any other is logged and told as an internal failure.
func (e *edge) failureMessage(c *call, err error) []byte {
	known, ok := errors.AsType[*api.Error](err)
	if !ok {
		e.Log.Error("stream failed", append(c.about(), "error", err)...)
		known = internalFailure()
		return frame(nil, ":message-type", "error", ":error-code", known.Code, ":error-message", known.Message)
	}
	return frame(jsonProtocol{}.refuse(nil, c, known), ":message-type", "exception", ":exception-type", known.Code, ":content-type", "application/json")
}

// stringHeader is the type of a header that holds text.
const stringHeader = 7

// frame returns a message with headers, given as names and values in turn:
//
//	total length | headers length | CRC of these | headers | payload | CRC of all
func frame(payload []byte, headers ...string) []byte {
	var h []byte
	for i := 0; i < len(headers); i += 2 {
		h = append(h, byte(len(headers[i])))
		h = append(h, headers[i]...)
		h = append(h, stringHeader)
		h = binary.BigEndian.AppendUint16(h, uint16(len(headers[i+1])))
		h = append(h, headers[i+1]...)
	}
	total := 12 + len(h) + len(payload) + 4
	b := make([]byte, 0, total)
	b = binary.BigEndian.AppendUint32(b, uint32(total))
	b = binary.BigEndian.AppendUint32(b, uint32(len(h)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(append(b, h...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}
