package api_test

import (
	"testing"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/api/kmsapi"
	"sealstack/api/s3api"
)

func TestErrorsSayCodeAndMessage(t *testing.T) {
	for want, e := range map[string]*api.Error{
		"InvalidCiphertextException":                kmsapi.InvalidCiphertextException(""),
		"NotFoundException: Key 'x' does not exist": kmsapi.NotFoundException("Key '%s' does not exist", "x"),
		"NoSuchEntity: gone":                        iamapi.NoSuchEntityException("gone"),
	} {
		if e.Error() != want {
			t.Errorf("%q, expected %q", e.Error(), want)
		}
	}
}

func TestErrorsOfXMLServicesHaveAShapeBesideTheirCode(t *testing.T) {
	e := iamapi.NoSuchEntityException("gone")
	if e.Shape != "NoSuchEntityException" || e.Code != "NoSuchEntity" || e.Status != 404 || e.Fault() {
		t.Errorf("%+v", e)
	}
}

func TestErrorsCarryFurtherMembers(t *testing.T) {
	e := s3api.InvalidObjectState("archived").With("StorageClass", "GLACIER").With("AccessTier", "ARCHIVE_ACCESS")
	if e.Fields["StorageClass"] != "GLACIER" || e.Fields["AccessTier"] != "ARCHIVE_ACCESS" || e.Status != 403 {
		t.Errorf("%+v", e)
	}
}

func TestDenialsHaveTheCodeOfTheProtocol(t *testing.T) {
	for _, c := range []struct {
		service *api.Service
		code    string
		status  int
	}{
		{kmsapi.Service, "AccessDeniedException", 400},
		{iamapi.Service, "AccessDenied", 403},
		{s3api.Service, "AccessDenied", 403},
	} {
		if e := c.service.AccessDenied("no"); e.Code != c.code || e.Shape != c.code || e.Status != c.status || e.Message != "no" {
			t.Errorf("%s: %+v", c.service.ID, e)
		}
	}
}

func TestOperationsDeclareTheirErrors(t *testing.T) {
	if !kmsapi.OpDecrypt.Declares("InvalidCiphertextException") || kmsapi.OpDecrypt.Declares("TagException") {
		t.Errorf("Decrypt declares %v", kmsapi.OpDecrypt.Errors)
	}
}
