// Package iam owns identities: users, groups, roles, instance profiles,
// policies and access keys (IAM), and the sessions that temporary credentials
// stand for (STS). Only the wiring imports it; other rooms reach it through the
// generated clients of api/iamapi and api/stsapi, and the edge and the
// authorizer through the interfaces that package auth declares.
//
// Data belongs to an account within a partition; IAM has no Regions. Secret
// access keys and sessions are sealed before they reach the store, bound to the
// id of their access key. Sessions survive a restart and expire by the
// emulator's clock.
//
// What is attached to a principal is asked on every call, so it is kept in
// memory, compiled, until the next write to IAM.
//
// AWS's documents:
// https://docs.aws.amazon.com/IAM/latest/APIReference/welcome.html
// https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
package iam
