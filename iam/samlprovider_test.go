package iam

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sealstack/api/iamapi"
	"sealstack/iam/saml/samltest"
)

const samlARN = "arn:aws:iam::111122223333:saml-provider/idp"

func TestSAMLProvidersAreKept(t *testing.T) {
	w, p := newWorld(t), samltest.New(t, "https://idp.example.com", noon)
	made := must(w.iam.CreateSAMLProvider(w.root, &iamapi.CreateSAMLProviderRequest{
		Name: "idp", SAMLMetadataDocument: p.Metadata(), Tags: []iamapi.Tag{{Key: "a", Value: "b"}},
	}))(t)
	if *made.SAMLProviderArn != samlARN || len(made.Tags) != 1 {
		t.Fatalf("made %+v", made)
	}
	get := func(w *world) *iamapi.GetSAMLProviderResponse {
		t.Helper()
		return must(w.iam.GetSAMLProvider(w.root, &iamapi.GetSAMLProviderRequest{SAMLProviderArn: samlARN}))(t)
	}
	now := noon.Truncate(time.Second)
	got := get(w)
	if *got.SAMLMetadataDocument != p.Metadata() || !got.CreateDate.Equal(now) || !got.ValidUntil.Equal(now.AddDate(100, 0, 0)) || got.AssertionEncryptionMode != nil {
		t.Errorf("got %+v", got)
	}
	if !regexp.MustCompile(`^[A-Z0-9]{22,64}$`).MatchString(*got.SAMLProviderUUID) {
		t.Errorf("unique id %s", *got.SAMLProviderUUID)
	}
	until := noon.AddDate(0, 1, 0).Truncate(time.Second)
	must(w.iam.UpdateSAMLProvider(w.root, &iamapi.UpdateSAMLProviderRequest{
		SAMLProviderArn: samlARN, AssertionEncryptionMode: new(iamapi.AssertionEncryptionModeTypeAllowed),
		SAMLMetadataDocument: new(samltest.Describe("https://new.example.com", `validUntil="`+until.Format(time.RFC3339)+`"`, p.Certificate)),
	}))(t)
	again := get(openWorld(t, w.store))
	if !again.ValidUntil.Equal(until) || !strings.Contains(*again.SAMLMetadataDocument, "new.example.com") || *again.AssertionEncryptionMode != "Allowed" || *again.SAMLProviderUUID != *got.SAMLProviderUUID {
		t.Errorf("after a restart %+v", again)
	}
	list := must(w.iam.ListSAMLProviders(w.root, &iamapi.ListSAMLProvidersRequest{}))(t).SAMLProviderList
	if len(list) != 1 || *list[0].Arn != samlARN || !list[0].ValidUntil.Equal(until) || !list[0].CreateDate.Equal(now) {
		t.Errorf("listed %+v", list)
	}
	if n := must(w.iam.GetAccountSummary(w.root, nil))(t).SummaryMap["Providers"]; n != 1 {
		t.Errorf("the summary counts %d providers", n)
	}
	must(w.iam.TagSAMLProvider(w.root, &iamapi.TagSAMLProviderRequest{SAMLProviderArn: samlARN, Tags: []iamapi.Tag{{Key: "c", Value: "d"}, {Key: "B", Value: "e"}}}))(t)
	must(w.iam.UntagSAMLProvider(w.root, &iamapi.UntagSAMLProviderRequest{SAMLProviderArn: samlARN, TagKeys: []string{"A"}}))(t)
	tags := must(w.iam.ListSAMLProviderTags(w.root, &iamapi.ListSAMLProviderTagsRequest{SAMLProviderArn: samlARN, MaxItems: new(int32(1))}))(t)
	rest := must(w.iam.ListSAMLProviderTags(w.root, &iamapi.ListSAMLProviderTagsRequest{SAMLProviderArn: samlARN, Marker: tags.Marker}))(t)
	if len(tags.Tags) != 1 || tags.Tags[0].Key != "B" || len(rest.Tags) != 1 || rest.Tags[0].Key != "c" {
		t.Errorf("tags %v, then %v", tags.Tags, rest.Tags)
	}
}

func TestErrorsOfSAMLProviders(t *testing.T) {
	w, p := newWorld(t), samltest.New(t, "https://idp.example.com", noon)
	create := func(in iamapi.CreateSAMLProviderRequest) func() error {
		return func() error { return errorOf(w.iam.CreateSAMLProvider(w.root, &in)) }
	}
	update := func(in iamapi.UpdateSAMLProviderRequest) func() error {
		if in.SAMLProviderArn == "" {
			in.SAMLProviderArn = samlARN
		}
		return func() error { return errorOf(w.iam.UpdateSAMLProvider(w.root, &in)) }
	}
	remove := func(arn string) func() error {
		return func() error {
			return errorOf(w.iam.DeleteSAMLProvider(w.root, &iamapi.DeleteSAMLProviderRequest{SAMLProviderArn: arn}))
		}
	}
	required := new(iamapi.AssertionEncryptionModeTypeRequired)
	none := "NoSuchEntity: Manifest not found for arn " + samlARN + "x"
	run(t, []step{
		{"no metadata", create(iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: "<a/>"}), "InvalidInput: Could not parse metadata."},
		{"encryption", create(iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: p.Metadata(), AssertionEncryptionMode: required}),
			"InvalidInput: Unable to set assertion encryption mode to Required because no private key is provided."},
		{"a private key", create(iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: p.Metadata(), AddPrivateKey: new("k")}),
			"NotImplemented: iam:CreateSAMLProvider with AddPrivateKey is not implemented by Sealstack."},
		{"tags twice", create(iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: p.Metadata(), Tags: []iamapi.Tag{{Key: "a"}, {Key: "A"}}}),
			"InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		{"make", create(iamapi.CreateSAMLProviderRequest{Name: "idp", SAMLMetadataDocument: p.Metadata()}), ""},
		{"again", create(iamapi.CreateSAMLProviderRequest{Name: "IDP", SAMLMetadataDocument: p.Metadata()}), "EntityAlreadyExists: SAML provider with name IDP already exists."},
		{"nothing to update", update(iamapi.UpdateSAMLProviderRequest{}),
			"InvalidInput: Unable to update identity provider. No updates are defined for metadata or encryption assertion."},
		{"update to no metadata", update(iamapi.UpdateSAMLProviderRequest{SAMLMetadataDocument: new("x")}), "InvalidInput: Could not parse metadata."},
		{"both keys", update(iamapi.UpdateSAMLProviderRequest{AddPrivateKey: new("k"), RemovePrivateKey: new("i")}),
			"InvalidInput: Unable to add and remove private keys in the same request. Set a value for only one of the two parameters."},
		{"a key that is not there", update(iamapi.UpdateSAMLProviderRequest{RemovePrivateKey: new("i")}),
			"InvalidInput: Failed to remove private key because the Key ID does not match a private key."},
		{"another key", update(iamapi.UpdateSAMLProviderRequest{AddPrivateKey: new("k")}), "NotImplemented: iam:UpdateSAMLProvider with AddPrivateKey is not implemented by Sealstack."},
		{"update none", update(iamapi.UpdateSAMLProviderRequest{SAMLProviderArn: samlARN + "x"}), none},
		{"get none", func() error {
			return errorOf(w.iam.GetSAMLProvider(w.root, &iamapi.GetSAMLProviderRequest{SAMLProviderArn: samlARN + "x"}))
		}, none},
		{"get an OIDC provider", func() error {
			return errorOf(w.iam.GetSAMLProvider(w.root, &iamapi.GetSAMLProviderRequest{SAMLProviderArn: "arn:aws:iam::111122223333:oidc-provider/x"}))
		}, "ValidationError: ARN arn:aws:iam::111122223333:oidc-provider/x is not valid."},
		{"get one of another account", func() error {
			return errorOf(w.iam.GetSAMLProvider(rootOf("444455556666"), &iamapi.GetSAMLProviderRequest{SAMLProviderArn: samlARN}))
		}, "ValidationError: ARN " + samlARN + " is not valid."},
		{"tags of none", func() error {
			return errorOf(w.iam.ListSAMLProviderTags(w.root, &iamapi.ListSAMLProviderTagsRequest{SAMLProviderArn: samlARN + "x"}))
		}, none},
		{"delete", remove(samlARN), ""},
		{"delete again", remove(samlARN), "NoSuchEntity: Manifest not found for arn " + samlARN},
	})
}
