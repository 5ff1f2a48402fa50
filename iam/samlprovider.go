package iam

import (
	"cmp"
	"context"
	"crypto/rand"
	"strings"
	"time"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/auth"
	"sealstack/iam/saml"
	"sealstack/storage"
)

// samlPrefix begins the unique ids of SAML providers.
const samlPrefix = "SAMLSP"

// samlYears is how long a SAML provider is valid whose metadata does not say:
// https://docs.aws.amazon.com/cli/latest/reference/iam/get-saml-provider.html
const samlYears = 100

// samlRef names the SAML provider with that ARN of the caller's account.
func samlRef(ctx context.Context, text string) (ref, error) {
	h := homeOf(ctx)
	name, ok := strings.CutPrefix(text, h.arn(aSAML, "/", ""))
	if !ok || name == "" || strings.Contains(name, "/") {
		return ref{}, invalidARN(text)
	}
	return ref{h, aSAML, name}, nil
}

// describe takes what a metadata document says into a SAML provider.
func (e *entity) describe(document string) error {
	m, err := saml.ParseMetadata([]byte(document))
	if err != nil {
		return badMetadata()
	}
	e.Metadata, e.ValidUntil = document, m.ValidUntil
	if m.ValidUntil.IsZero() {
		e.ValidUntil = e.Created.AddDate(samlYears, 0, 0)
	}
	return nil
}

// encryption is a wish about the encryption of assertions.
type encryption struct {
	mode        *iamapi.AssertionEncryptionModeType
	add, remove *string // a private key, and the id of one
}

func (c encryption) empty() bool { return c.mode == nil && c.add == nil && c.remove == nil }

// apply takes the wish into a SAML provider. There are no private keys here,
// so encryption cannot be required, and no key can be removed.
func (c encryption) apply(operation string, e *entity) error {
	switch {
	case c.add != nil && c.remove != nil:
		return addAndRemoveKey()
	case c.add != nil:
		return api.NotImplemented("iam", operation+" with AddPrivateKey")
	case c.remove != nil:
		return noSuchPrivateKey()
	case deref(c.mode) == iamapi.AssertionEncryptionModeTypeRequired:
		return encryptionWithoutKey()
	}
	e.Encryption = cmp.Or(string(deref(c.mode)), e.Encryption)
	return nil
}

// CreateSAMLProvider trusts a SAML 2.0 identity provider:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
func (s identity) CreateSAMLProvider(ctx context.Context, in *iamapi.CreateSAMLProviderRequest) (*iamapi.CreateSAMLProviderResponse, error) {
	r := ref{homeOf(ctx), aSAML, in.Name}
	e := s.newEntity("", in.Name, nil)
	e.ID = samlPrefix + rand.Text()[:16]
	if err := s.permit(ctx, "iam:CreateSAMLProvider", r.arn(e), requestTagKeys(in.Tags)); err != nil {
		return nil, err
	}
	if err := e.describe(in.SAMLMetadataDocument); err != nil {
		return nil, err
	}
	if err := (encryption{in.AssertionEncryptionMode, in.AddPrivateKey, nil}).apply("CreateSAMLProvider", e); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx storage.Tx) (err error) {
		if e.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		return r.create(tx, e)
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.CreateSAMLProviderResponse{SAMLProviderArn: new(r.arn(e)), Tags: showTags(e.Tags)}, nil
}

// samlProvider authorizes action on a SAML provider and returns it.
func (s *state) samlProvider(ctx context.Context, action, text string) (*entity, error) {
	r, err := samlRef(ctx, text)
	if err != nil {
		return nil, err
	}
	e, err := s.find(ctx, action, r)
	return e, namedByARN(err, aSAML, text)
}

// editSAML authorizes action on a SAML provider and changes it.
func (s *state) editSAML(ctx context.Context, action, text string, fn func(*entity) error, more ...auth.Keys) error {
	r, err := samlRef(ctx, text)
	if err != nil {
		return err
	}
	return namedByARN(s.edit(ctx, action, r, fn, more...), aSAML, text)
}

// GetSAMLProvider returns a SAML provider with its metadata document.
func (s identity) GetSAMLProvider(ctx context.Context, in *iamapi.GetSAMLProviderRequest) (*iamapi.GetSAMLProviderResponse, error) {
	e, err := s.samlProvider(ctx, "iam:GetSAMLProvider", in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	out := &iamapi.GetSAMLProviderResponse{
		SAMLProviderUUID: &e.ID, SAMLMetadataDocument: &e.Metadata, CreateDate: &e.Created, ValidUntil: &e.ValidUntil, Tags: showTags(e.Tags),
	}
	if e.Encryption != "" {
		out.AssertionEncryptionMode = new(iamapi.AssertionEncryptionModeType(e.Encryption))
	}
	return out, nil
}

// ListSAMLProviders lists the account's SAML providers.
func (s identity) ListSAMLProviders(ctx context.Context, _ *iamapi.ListSAMLProvidersRequest) (*iamapi.ListSAMLProvidersResponse, error) {
	h := homeOf(ctx)
	if err := s.permit(ctx, "iam:ListSAMLProviders", h.arn(aSAML, "/", "*"), nil); err != nil {
		return nil, err
	}
	var list []iamapi.SAMLProviderListEntry
	err := s.view(ctx, func(tx storage.Tx) error {
		list = []iamapi.SAMLProviderListEntry{}
		return eachEntity(tx, h, aSAML, func(r ref, e *entity) bool {
			list = append(list, iamapi.SAMLProviderListEntry{Arn: new(r.arn(e)), ValidUntil: &e.ValidUntil, CreateDate: &e.Created})
			return true
		})
	})
	return &iamapi.ListSAMLProvidersResponse{SAMLProviderList: list}, err
}

// UpdateSAMLProvider replaces the metadata document or the wish about
// encryption of a SAML provider.
func (s identity) UpdateSAMLProvider(ctx context.Context, in *iamapi.UpdateSAMLProviderRequest) (*iamapi.UpdateSAMLProviderResponse, error) {
	wish := encryption{in.AssertionEncryptionMode, in.AddPrivateKey, in.RemovePrivateKey}
	err := s.editSAML(ctx, "iam:UpdateSAMLProvider", in.SAMLProviderArn, func(e *entity) error {
		if in.SAMLMetadataDocument == nil && wish.empty() {
			return nothingToUpdate()
		}
		if in.SAMLMetadataDocument != nil {
			if err := e.describe(*in.SAMLMetadataDocument); err != nil {
				return err
			}
		}
		return wish.apply("UpdateSAMLProvider", e)
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.UpdateSAMLProviderResponse{SAMLProviderArn: &in.SAMLProviderArn}, nil
}

// DeleteSAMLProvider trusts a SAML provider no more. Roles that name it stay,
// and nobody can assume them by it.
func (s identity) DeleteSAMLProvider(ctx context.Context, in *iamapi.DeleteSAMLProviderRequest) (*api.None, error) {
	r, err := samlRef(ctx, in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, "iam:DeleteSAMLProvider", r, func(tx storage.Tx, e *entity) error { return r.remove(tx, e) })
	return done(namedByARN(err, aSAML, in.SAMLProviderArn))
}

// TagSAMLProvider sets tags of a SAML provider.
func (s identity) TagSAMLProvider(ctx context.Context, in *iamapi.TagSAMLProviderRequest) (*api.None, error) {
	return done(s.editSAML(ctx, "iam:TagSAMLProvider", in.SAMLProviderArn, func(e *entity) (err error) {
		e.Tags, err = setTags(e.Tags, in.Tags)
		return err
	}, requestTagKeys(in.Tags)))
}

// UntagSAMLProvider removes tags of a SAML provider.
func (s identity) UntagSAMLProvider(ctx context.Context, in *iamapi.UntagSAMLProviderRequest) (*api.None, error) {
	return done(s.editSAML(ctx, "iam:UntagSAMLProvider", in.SAMLProviderArn, func(e *entity) error {
		e.Tags = dropTags(e.Tags, in.TagKeys)
		return nil
	}, auth.Keys{"aws:tagkeys": in.TagKeys}))
}

// ListSAMLProviderTags lists the tags of a SAML provider.
func (s identity) ListSAMLProviderTags(ctx context.Context, in *iamapi.ListSAMLProviderTagsRequest) (*iamapi.ListSAMLProviderTagsResponse, error) {
	e, err := s.samlProvider(ctx, "iam:ListSAMLProviderTags", in.SAMLProviderArn)
	if err != nil {
		return nil, err
	}
	tags, p, err := s.tagPage("ListSAMLProviderTags", e.Tags, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListSAMLProviderTagsResponse{Tags: tags, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}

// valid reports whether a SAML provider's metadata still holds at t.
//
// Unverified: that AWS refuses assertions once the metadata has expired.
func (e *entity) valid(t time.Time) bool { return t.Before(e.ValidUntil) }
