package cloudtrail

import (
	"context"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/arn"
	"sealstack/policy"
	"sealstack/storage"
)

// Resource policies are those of event data stores, channels and dashboards.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/security_iam_resource-based-policy-examples.html

// Sentences of resource policies. Unverified: all of them.

func badResourceARN(text string) *api.Error {
	return cloudtrailapi.ResourceARNNotValidException("The resource ARN is not valid: %s", text)
}

func noPolicy() *api.Error {
	return cloudtrailapi.ResourcePolicyNotFoundException("The specified resource policy is not found.")
}

// policied finds a resource that can have a policy, and authorizes the action
// on it. AWS takes no such call from another account.
func (s *Service) policied(ctx context.Context, text, action string) (document string, edit func(string) error, err error) {
	a, err := arn.Parse(text)
	if err != nil || a.Service != "cloudtrail" {
		return "", nil, badResourceARN(text)
	}
	switch a.Kind() {
	case "eventdatastore":
		e, err := s.openStore(ctx, text, "", action)
		return e.Policy, func(document string) error {
			_, err := s.editStore(ctx, e, func(_ storage.Tx, e *eventStore) error { e.Policy = document; return nil })
			return err
		}, asResource(err, text)
	case "channel":
		ch, err := s.openChannel(ctx, text, action)
		return ch.Policy, func(document string) error {
			_, err := s.editChannel(ctx, &ch, func(_ storage.Tx, ch *channel) error { ch.Policy = document; return nil })
			return err
		}, asResource(err, text)
	}
	if a.Kind() == "dashboard" {
		d, err := s.openDashboardWith(ctx, text, action, nil)
		return d.Policy, func(document string) error {
			_, err := s.editDashboard(ctx, &d, func(_ storage.Tx, d *dashboard) error { d.Policy = document; return nil })
			return err
		}, err
	}
	return "", nil, cloudtrailapi.ResourceTypeNotSupportedException("The resource type %s is not supported.", a.Kind()) // Unverified: the sentence
}

// asResource makes of errors about one kind of resource those about any.
func asResource(err error, text string) error {
	e, ok := refusal(err)
	if !ok {
		return err
	}
	switch e.Code {
	case "EventDataStoreNotFoundException", "ChannelNotFoundException":
		return noResource(text)
	case "EventDataStoreARNInvalidException", "ChannelARNInvalidException":
		return badResourceARN(text)
	}
	return err
}

// PutResourcePolicy gives an event data store or a channel a policy.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutResourcePolicy.html
func (s *Service) PutResourcePolicy(ctx context.Context, in *cloudtrailapi.PutResourcePolicyRequest) (*cloudtrailapi.PutResourcePolicyResponse, error) {
	_, edit, err := s.policied(ctx, in.ResourceArn, "PutResourcePolicy")
	if err != nil {
		return nil, err
	}
	if _, err := policy.Parse(policy.Resource, []byte(in.ResourcePolicy)); err != nil {
		return nil, cloudtrailapi.ResourcePolicyNotValidException("The resource policy is not valid: %s", err.Error()) // Unverified: the sentence
	}
	if err := edit(in.ResourcePolicy); err != nil {
		return nil, err
	}
	return &cloudtrailapi.PutResourcePolicyResponse{ResourceArn: &in.ResourceArn, ResourcePolicy: &in.ResourcePolicy}, nil
}

// GetResourcePolicy tells the policy of an event data store or a channel.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetResourcePolicy.html
func (s *Service) GetResourcePolicy(ctx context.Context, in *cloudtrailapi.GetResourcePolicyRequest) (*cloudtrailapi.GetResourcePolicyResponse, error) {
	document, _, err := s.policied(ctx, in.ResourceArn, "GetResourcePolicy")
	if err == nil && document == "" {
		err = noPolicy()
	}
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.GetResourcePolicyResponse{ResourceArn: &in.ResourceArn, ResourcePolicy: &document}, nil
}

// DeleteResourcePolicy removes the policy of an event data store or a channel.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteResourcePolicy.html
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *cloudtrailapi.DeleteResourcePolicyRequest) (*cloudtrailapi.DeleteResourcePolicyResponse, error) {
	document, edit, err := s.policied(ctx, in.ResourceArn, "DeleteResourcePolicy")
	if err == nil && document == "" {
		err = noPolicy()
	}
	if err == nil {
		err = edit("")
	}
	return &cloudtrailapi.DeleteResourcePolicyResponse{}, err
}
