package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"sealstack/cloudtrail"
)

// listTopics tells where the messages of SNS topics go, by topic ARN.
func (e *Emulator) listTopics(r *http.Request) (any, error) { return e.trails.Topics(r.Context()) }

// subscribe sends the messages of a topic to a URL.
func (e *Emulator) subscribe(r *http.Request) (any, error) {
	var in struct {
		Topic string `json:"topic"`
		URL   string `json:"url"`
	}
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxControlBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, badRequest{fmt.Errorf(`the body must be {"topic":ARN,"url":"http://..."}: %w`, err)}
	}
	err := e.trails.Subscribe(r.Context(), in.Topic, in.URL)
	if errors.Is(err, cloudtrail.ErrTopic) {
		return nil, badRequest{err}
	}
	if err != nil {
		return nil, err
	}
	return e.listTopics(r)
}
