package iam

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// clientsPerProvider is how many audiences an OIDC provider has at most.
const clientsPerProvider = 100

// providerRef names the OIDC provider with that ARN of the caller's account.
func providerRef(ctx context.Context, text string) (ref, error) {
	h := homeOf(ctx)
	name, ok := strings.CutPrefix(text, h.arn(aProvider, "/", ""))
	if !ok || name == "" {
		return ref{}, invalidARN(text)
	}
	return ref{h, aProvider, name}, nil
}

// providerName is the provider's URL as it stands in ARNs and condition keys.
//
// Unverified: the sentence.
func providerName(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return "", invalid("Invalid Open ID Connect Provider URL")
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, "https://"), "/"), nil
}

// CreateOpenIDConnectProvider trusts an OpenID Connect provider:
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
func (s identity) CreateOpenIDConnectProvider(ctx context.Context, in *iamapi.CreateOpenIDConnectProviderRequest) (*iamapi.CreateOpenIDConnectProviderResponse, error) {
	name, err := providerName(in.Url)
	if err != nil {
		return nil, err
	}
	r := ref{homeOf(ctx), aProvider, name}
	e := s.newEntity("OIDC", name, nil)
	e.Clients, e.Thumbprints = in.ClientIDList, in.ThumbprintList
	if err := s.permit(ctx, "iam:CreateOpenIDConnectProvider", r.arn(e), requestTagKeys(in.Tags)); err != nil {
		return nil, err
	}
	if len(e.Clients) > clientsPerProvider {
		return nil, overQuota("ClientIdsPerOpenIdConnectProvider", clientsPerProvider)
	}
	err = s.update(ctx, func(tx storage.Tx) (err error) {
		if e.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		return r.create(tx, e)
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: new(r.arn(e)), Tags: showTags(e.Tags)}, nil
}

// GetOpenIDConnectProvider returns an OIDC provider.
func (s identity) GetOpenIDConnectProvider(ctx context.Context, in *iamapi.GetOpenIDConnectProviderRequest) (*iamapi.GetOpenIDConnectProviderResponse, error) {
	e, err := s.provider(ctx, "iam:GetOpenIDConnectProvider", in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return &iamapi.GetOpenIDConnectProviderResponse{
		Url: &e.Name, ClientIDList: e.Clients, ThumbprintList: e.Thumbprints, CreateDate: &e.Created, Tags: showTags(e.Tags),
	}, nil
}

// provider authorizes action on an OIDC provider and returns it.
func (s *state) provider(ctx context.Context, action, text string) (*entity, error) {
	r, err := providerRef(ctx, text)
	if err != nil {
		return nil, err
	}
	e, err := s.find(ctx, action, r)
	return e, namedByARN(err, aProvider, text)
}

// namedByARN makes the sentence about a missing provider name its ARN.
func namedByARN(err error, what kind, text string) error {
	if e, ok := err.(*api.Error); ok && e.Code == "NoSuchEntity" {
		return noSuch(what, text)
	}
	return err
}

// editProvider authorizes action on an OIDC provider and changes it.
func (s *state) editProvider(ctx context.Context, action, text string, fn func(*entity) error) error {
	r, err := providerRef(ctx, text)
	if err != nil {
		return err
	}
	return namedByARN(s.edit(ctx, action, r, fn), aProvider, text)
}

// ListOpenIDConnectProviders lists the account's OIDC providers.
func (s identity) ListOpenIDConnectProviders(ctx context.Context, _ *iamapi.ListOpenIDConnectProvidersRequest) (*iamapi.ListOpenIDConnectProvidersResponse, error) {
	h := homeOf(ctx)
	if err := s.permit(ctx, "iam:ListOpenIDConnectProviders", h.arn(aProvider, "/", "*"), nil); err != nil {
		return nil, err
	}
	var list []iamapi.OpenIDConnectProviderListEntry
	err := s.view(ctx, func(tx storage.Tx) error {
		list = []iamapi.OpenIDConnectProviderListEntry{}
		return eachEntity(tx, h, aProvider, func(r ref, e *entity) bool {
			list = append(list, iamapi.OpenIDConnectProviderListEntry{Arn: new(r.arn(e))})
			return true
		})
	})
	return &iamapi.ListOpenIDConnectProvidersResponse{OpenIDConnectProviderList: list}, err
}

// DeleteOpenIDConnectProvider trusts an OIDC provider no more. One that does
// not exist is no error.
func (s identity) DeleteOpenIDConnectProvider(ctx context.Context, in *iamapi.DeleteOpenIDConnectProviderRequest) (*api.None, error) {
	r, err := providerRef(ctx, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, "iam:DeleteOpenIDConnectProvider", r, func(tx storage.Tx, e *entity) error { return r.remove(tx, e) })
	if e, ok := err.(*api.Error); ok && e.Code == "NoSuchEntity" {
		err = nil
	}
	return done(err)
}

// AddClientIDToOpenIDConnectProvider adds an audience; one that is there
// already stays.
func (s identity) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *iamapi.AddClientIDToOpenIDConnectProviderRequest) (*api.None, error) {
	return done(s.editProvider(ctx, "iam:AddClientIDToOpenIDConnectProvider", in.OpenIDConnectProviderArn, func(e *entity) error {
		if slices.Contains(e.Clients, in.ClientID) {
			return nil
		}
		if len(e.Clients) >= clientsPerProvider {
			return overQuota("ClientIdsPerOpenIdConnectProvider", clientsPerProvider)
		}
		e.Clients = append(e.Clients, in.ClientID)
		return nil
	}))
}

// RemoveClientIDFromOpenIDConnectProvider removes an audience; one that is not
// there is no error.
func (s identity) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *iamapi.RemoveClientIDFromOpenIDConnectProviderRequest) (*api.None, error) {
	return done(s.editProvider(ctx, "iam:RemoveClientIDFromOpenIDConnectProvider", in.OpenIDConnectProviderArn, func(e *entity) error {
		e.Clients = slices.DeleteFunc(e.Clients, func(id string) bool { return id == in.ClientID })
		return nil
	}))
}

// UpdateOpenIDConnectProviderThumbprint replaces the thumbprints.
func (s identity) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *iamapi.UpdateOpenIDConnectProviderThumbprintRequest) (*api.None, error) {
	return done(s.editProvider(ctx, "iam:UpdateOpenIDConnectProviderThumbprint", in.OpenIDConnectProviderArn, func(e *entity) error {
		e.Thumbprints = in.ThumbprintList
		return nil
	}))
}

// TagOpenIDConnectProvider sets tags of an OIDC provider.
func (s identity) TagOpenIDConnectProvider(ctx context.Context, in *iamapi.TagOpenIDConnectProviderRequest) (*api.None, error) {
	r, err := providerRef(ctx, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return done(namedByARN(s.tag(ctx, "iam:TagOpenIDConnectProvider", r, in.Tags), aProvider, in.OpenIDConnectProviderArn))
}

// UntagOpenIDConnectProvider removes tags of an OIDC provider.
func (s identity) UntagOpenIDConnectProvider(ctx context.Context, in *iamapi.UntagOpenIDConnectProviderRequest) (*api.None, error) {
	r, err := providerRef(ctx, in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	return done(namedByARN(s.untag(ctx, "iam:UntagOpenIDConnectProvider", r, in.TagKeys), aProvider, in.OpenIDConnectProviderArn))
}

// ListOpenIDConnectProviderTags lists the tags of an OIDC provider.
func (s identity) ListOpenIDConnectProviderTags(ctx context.Context, in *iamapi.ListOpenIDConnectProviderTagsRequest) (*iamapi.ListOpenIDConnectProviderTagsResponse, error) {
	e, err := s.provider(ctx, "iam:ListOpenIDConnectProviderTags", in.OpenIDConnectProviderArn)
	if err != nil {
		return nil, err
	}
	tags, p, err := s.tagPage("ListOpenIDConnectProviderTags", e.Tags, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iamapi.ListOpenIDConnectProviderTagsResponse{Tags: tags, IsTruncated: p.truncated(), Marker: p.marker()}, nil
}
