package iam

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"sealstack/api"
	"sealstack/api/iamapi"
	"sealstack/storage"
)

// versionNumber reads a version id: "v1", "v2" and so on; 0 is none.
func versionNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "v"))
	if err != nil || "v"+strconv.Itoa(n) != id {
		return 0
	}
	return n
}

// CreatePolicyVersion adds a version to a policy, five at most.
func (s identity) CreatePolicyVersion(ctx context.Context, in *iamapi.CreatePolicyVersionRequest) (*iamapi.CreatePolicyVersionResponse, error) {
	now := s.now()
	var made iamapi.PolicyVersion
	err := s.editPolicy(ctx, "iam:CreatePolicyVersion", in.PolicyArn, func(_ storage.Tx, m *managed) error {
		if err := checkManagedPolicy(in.PolicyDocument); err != nil {
			return err
		}
		if len(m.Versions) >= versionsPerPolicy {
			return iamapi.LimitExceededException("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", versionsPerPolicy)
		}
		m.Last++
		v := version{m.Last, in.PolicyDocument, now}
		m.Versions = append(m.Versions, v)
		if deref(in.SetAsDefault) {
			m.Default, m.Updated = v.Number, now
		}
		made = m.showVersion(v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iamapi.CreatePolicyVersionResponse{PolicyVersion: &made}, nil
}

// showVersion shows a version without its document.
func (m *managed) showVersion(v version) iamapi.PolicyVersion {
	return iamapi.PolicyVersion{VersionId: new(v.id()), IsDefaultVersion: new(v.Number == m.Default), CreateDate: &v.Created}
}

// GetPolicyVersion returns a version with its document.
func (s identity) GetPolicyVersion(ctx context.Context, in *iamapi.GetPolicyVersionRequest) (*iamapi.GetPolicyVersionResponse, error) {
	m, err := s.policy(ctx, "iam:GetPolicyVersion", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v := m.at(versionNumber(in.VersionId))
	if v == nil {
		return nil, noSuchVersion(in.PolicyArn, in.VersionId)
	}
	shown := m.showVersion(*v)
	shown.Document = new(encodeDocument(v.Document))
	return &iamapi.GetPolicyVersionResponse{PolicyVersion: &shown}, nil
}

// ListPolicyVersions lists the versions of a policy, newest first.
func (s identity) ListPolicyVersions(ctx context.Context, in *iamapi.ListPolicyVersionsRequest) (*iamapi.ListPolicyVersionsResponse, error) {
	m, err := s.policy(ctx, "iam:ListPolicyVersions", in.PolicyArn)
	if err != nil {
		return nil, err
	}
	p, err := s.newPage("ListPolicyVersions", in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	newest := slices.Clone(m.Versions)
	slices.Reverse(newest)
	out := &iamapi.ListPolicyVersionsResponse{Versions: []iamapi.PolicyVersion{}}
	for _, v := range pick(p, newest, func(v version) string { return oldestLast(v.Number) }) {
		out.Versions = append(out.Versions, m.showVersion(v))
	}
	out.IsTruncated, out.Marker = p.truncated(), p.marker()
	return out, nil
}

// oldestLast is a key that sorts version numbers downwards.
func oldestLast(number int) string { return strconv.Itoa(1_000_000_000 - number) }

// SetDefaultPolicyVersion puts another version in force.
func (s identity) SetDefaultPolicyVersion(ctx context.Context, in *iamapi.SetDefaultPolicyVersionRequest) (*api.None, error) {
	now := s.now()
	return done(s.editPolicy(ctx, "iam:SetDefaultPolicyVersion", in.PolicyArn, func(_ storage.Tx, m *managed) error {
		v := m.at(versionNumber(in.VersionId))
		if v == nil {
			return noSuchVersion(in.PolicyArn, in.VersionId)
		}
		m.Default, m.Updated = v.Number, now
		return nil
	}))
}

// DeletePolicyVersion deletes a version that is not in force.
func (s identity) DeletePolicyVersion(ctx context.Context, in *iamapi.DeletePolicyVersionRequest) (*api.None, error) {
	return done(s.editPolicy(ctx, "iam:DeletePolicyVersion", in.PolicyArn, func(_ storage.Tx, m *managed) error {
		number := versionNumber(in.VersionId)
		switch {
		case m.at(number) == nil:
			return noSuchVersion(in.PolicyArn, in.VersionId)
		case number == m.Default:
			return iamapi.DeleteConflictException("Cannot delete the default version of a policy.")
		}
		m.Versions = slices.DeleteFunc(m.Versions, func(v version) bool { return v.Number == number })
		return nil
	}))
}
