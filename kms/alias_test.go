package kms

import (
	"testing"

	"sealstack/api/kmsapi"
)

func (h *harness) alias(name, target string) {
	h.t.Helper()
	_, err := h.CreateAlias(h.ctx, &kmsapi.CreateAliasRequest{AliasName: name, TargetKeyId: target})
	must(h.t, err)
}

var _ = testing.Short
