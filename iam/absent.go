package iam

import (
	"context"

	"sealstack/api"
	"sealstack/api/iamapi"
)

// Nobody signs in to a console here, so users have no passwords, second
// factors, signing certificates, SSH keys or credentials of other services.
// Whoever asks, as tools do before they delete a user, is told so.

// absent authorizes a question about something that no user has, for a user
// or whoever calls, and checks the marker: no list has handed one out.
func (s *state) absent(ctx context.Context, operation string, name, marker *string, max *int32) (ref, error) {
	r, err := self(ctx, name)
	if err != nil {
		return r, err
	}
	if _, err := s.keyHolder(ctx, "iam:"+operation, r); err != nil {
		return r, err
	}
	_, err = s.newPage(operation, marker, max)
	return r, err
}

// GetLoginProfile says that the user has no password.
func (s identity) GetLoginProfile(ctx context.Context, in *iamapi.GetLoginProfileRequest) (*iamapi.GetLoginProfileResponse, error) {
	r, err := s.absent(ctx, "GetLoginProfile", in.UserName, nil, nil)
	if err == nil {
		err = noSuchLogin(r)
	}
	return nil, err
}

// DeleteLoginProfile says that the user has no password.
func (s identity) DeleteLoginProfile(ctx context.Context, in *iamapi.DeleteLoginProfileRequest) (*api.None, error) {
	r, err := s.absent(ctx, "DeleteLoginProfile", in.UserName, nil, nil)
	if err == nil {
		err = noSuchLogin(r)
	}
	return nil, err
}

// ListMFADevices lists nothing.
func (s identity) ListMFADevices(ctx context.Context, in *iamapi.ListMFADevicesRequest) (*iamapi.ListMFADevicesResponse, error) {
	if _, err := s.absent(ctx, "ListMFADevices", in.UserName, in.Marker, in.MaxItems); err != nil {
		return nil, err
	}
	return &iamapi.ListMFADevicesResponse{MFADevices: []iamapi.MFADevice{}, IsTruncated: new(false)}, nil
}

// ListVirtualMFADevices lists nothing.
func (s identity) ListVirtualMFADevices(ctx context.Context, in *iamapi.ListVirtualMFADevicesRequest) (*iamapi.ListVirtualMFADevicesResponse, error) {
	if err := s.permit(ctx, "iam:ListVirtualMFADevices", homeOf(ctx).arn("mfa", "/", "*"), nil); err != nil {
		return nil, err
	}
	if _, err := s.newPage("ListVirtualMFADevices", in.Marker, in.MaxItems); err != nil {
		return nil, err
	}
	return &iamapi.ListVirtualMFADevicesResponse{VirtualMFADevices: []iamapi.VirtualMFADevice{}, IsTruncated: new(false)}, nil
}

// ListSigningCertificates lists nothing.
func (s identity) ListSigningCertificates(ctx context.Context, in *iamapi.ListSigningCertificatesRequest) (*iamapi.ListSigningCertificatesResponse, error) {
	if _, err := s.absent(ctx, "ListSigningCertificates", in.UserName, in.Marker, in.MaxItems); err != nil {
		return nil, err
	}
	return &iamapi.ListSigningCertificatesResponse{Certificates: []iamapi.SigningCertificate{}, IsTruncated: new(false)}, nil
}

// ListSSHPublicKeys lists nothing.
func (s identity) ListSSHPublicKeys(ctx context.Context, in *iamapi.ListSSHPublicKeysRequest) (*iamapi.ListSSHPublicKeysResponse, error) {
	if _, err := s.absent(ctx, "ListSSHPublicKeys", in.UserName, in.Marker, in.MaxItems); err != nil {
		return nil, err
	}
	return &iamapi.ListSSHPublicKeysResponse{SSHPublicKeys: []iamapi.SSHPublicKeyMetadata{}, IsTruncated: new(false)}, nil
}

// ListServiceSpecificCredentials lists nothing.
//
// Unverified: the sentence for AllUsers with a name, and what AllUsers asks
// the right to.
func (s identity) ListServiceSpecificCredentials(ctx context.Context, in *iamapi.ListServiceSpecificCredentialsRequest) (*iamapi.ListServiceSpecificCredentialsResponse, error) {
	const operation = "ListServiceSpecificCredentials"
	var err error
	switch {
	case deref(in.AllUsers) && in.UserName != nil:
		err = invalid("UserName cannot be specified together with AllUsers.")
	case deref(in.AllUsers):
		err = s.permit(ctx, "iam:"+operation, homeOf(ctx).arn(aUser, "/", "*"), nil)
	default:
		_, err = s.absent(ctx, operation, in.UserName, in.Marker, in.MaxItems)
	}
	if err != nil {
		return nil, err
	}
	return &iamapi.ListServiceSpecificCredentialsResponse{ServiceSpecificCredentials: []iamapi.ServiceSpecificCredentialMetadata{}, IsTruncated: new(false)}, nil
}

// GetAccountPasswordPolicy says that the account has no policy of its own for
// passwords.
func (s identity) GetAccountPasswordPolicy(ctx context.Context, _ *api.None) (*iamapi.GetAccountPasswordPolicyResponse, error) {
	if err := s.permit(ctx, "iam:GetAccountPasswordPolicy", "*", nil); err != nil {
		return nil, err
	}
	return nil, noSuchPasswordPolicy(homeOf(ctx).Account)
}
