package wire

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"sealstack/api"
)

// heard notes the calls that it is told of.
type heard []string

func (h *heard) Record(_ context.Context, c api.Call) {
	e, _ := c.Err.(*api.Error)
	*h = append(*h, fmt.Sprintf("%s %s %v", c.Operation.Name, e.Code, c.In == nil && c.Out == nil))
}

func TestTheRecorderHearsOfRefusedParametersAlone(t *testing.T) {
	var got heard
	w := newWorld(func(c *Config) { c.Recorder = &got })
	w.json("TrentService.Encrypt", `{"KeyId":"k","Plaintext":"eA=="}`) // its service tells of it
	w.json("TrentService.Encrypt", `{"KeyId":"missing","Plaintext":"eA=="}`)
	w.json("TrentService.Encrypt", `{"KeyId":"","Plaintext":"eA=="}`)
	w.json("TrentService.Encrypt", `{`)
	w.json("TrentService.Nothing", `{}`)
	w.send("POST", "/", `{"KeyId":""}`, "X-Amz-Target", "TrentService.Encrypt", "Content-Type", "application/x-amz-json-1.1") // unsigned
	if want := []string{"Encrypt ValidationException true", "Encrypt SerializationException true"}; !slices.Equal(got, want) {
		t.Errorf("heard of %q, want %q", got, want)
	}
}
