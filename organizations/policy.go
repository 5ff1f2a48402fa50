package organizations

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

// policyRecord is a policy, of the organization or AWS's.
type policyRecord struct {
	ID          string         `cbor:"1,keyasint"`
	Type        org.PolicyType `cbor:"2,keyasint"`
	Name        string         `cbor:"3,keyasint"`
	Description string         `cbor:"4,keyasint"`
	Content     string         `cbor:"5,keyasint"`
	Tags        []tag          `cbor:"6,keyasint,omitempty"`
}

var policies = storage.NewTable[policyRecord]("organizations.policy") // by organization and id

// fullAccess names AWS's policy that is attached to everything when a type is
// enabled. It allows all that the levels above allow.
var fullAccess = map[org.PolicyType]string{
	org.PolicyTypeServiceControlPolicy:  "p-FullAWSAccess",
	org.PolicyTypeResourceControlPolicy: "p-RCPFullAWSAccess",
}

// awsPolicies are AWS's policies by id.
var awsPolicies = map[string]policyRecord{
	"p-FullAWSAccess": {
		ID: "p-FullAWSAccess", Type: org.PolicyTypeServiceControlPolicy, Name: "FullAWSAccess",
		Description: "Allows access to every operation",
		Content:     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`,
	},
	"p-RCPFullAWSAccess": {
		ID: "p-RCPFullAWSAccess", Type: org.PolicyTypeResourceControlPolicy, Name: "RCPFullAWSAccess",
		Description: "Allows access to every resource",
		Content:     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`,
	},
}

// managed reports whether the policy is AWS's.
func (p *policyRecord) managed() bool { return awsPolicies[p.ID].ID != "" }

// arn returns the ARN of a policy in an organization.
func (p *policyRecord) arn(o *organization) string {
	what := strings.ToLower(string(p.Type)) + "/" + p.ID
	if p.managed() {
		return "arn:" + o.Partition + ":organizations::aws:policy/" + what
	}
	return o.prefix() + "policy/" + o.ID + "/" + what
}

// policy returns the policy with that id, nil if there is none.
func (o *organization) policy(tx storage.Tx, id string) (*policyRecord, error) {
	if p, ok := awsPolicies[id]; ok {
		return &p, nil
	}
	p, err := policies.Get(tx, storage.K(o.ID, id))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	return &p, err
}

// policiesOf returns all policies of a type by id, AWS's among them.
func (o *organization) policiesOf(tx storage.Tx, t org.PolicyType) (map[string]*policyRecord, error) {
	own, err := collect(tx, policies, storage.K(o.ID))
	if err != nil {
		return nil, err
	}
	all := map[string]*policyRecord{}
	for _, p := range own {
		if p.Type == t {
			all[p.ID] = &p
		}
	}
	if aws, ok := awsPolicies[fullAccess[t]]; ok && o.AllFeatures {
		all[aws.ID] = &aws
	}
	return all, nil
}

func (p *policyRecord) summary(o *organization) org.PolicySummary {
	return org.PolicySummary{
		Id: &p.ID, Arn: new(p.arn(o)), Name: &p.Name, Description: &p.Description, Type: &p.Type, AwsManaged: new(p.managed()),
	}
}

func (p *policyRecord) show(o *organization) *org.Policy {
	return &org.Policy{PolicySummary: new(p.summary(o)), Content: &p.Content}
}

// CreatePolicy makes a policy that is attached to nothing yet.
func (s *Service) CreatePolicy(ctx context.Context, in *org.CreatePolicyRequest) (*org.CreatePolicyResponse, error) {
	var made *org.Policy
	r := request{action: "CreatePolicy", keys: typeKeys(in.Type), tags: in.Tags}
	err := s.change(ctx, r, func(tx storage.Tx, o *organization) (err error) {
		switch {
		case !o.AllFeatures:
			return typeNotAvailable()
		case !enforced(in.Type):
			return api.NotImplemented("organizations", "CreatePolicy of "+string(in.Type))
		}
		p := &policyRecord{ID: newPolicyID(), Type: in.Type, Name: in.Name, Description: in.Description, Content: in.Content}
		if err := checkDocument(p.Type, p.Content); err != nil {
			return err
		}
		if p.Tags, err = setTags(nil, in.Tags); err != nil {
			return err
		}
		made = p.show(o)
		return o.putPolicy(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return &org.CreatePolicyResponse{Policy: made}, nil
}

// putPolicy saves a policy whose name no other of its type has.
func (o *organization) putPolicy(tx storage.Tx, p *policyRecord) error {
	all, err := o.policiesOf(tx, p.Type)
	if err != nil {
		return err
	}
	for id, other := range all {
		if id != p.ID && other.Name == p.Name {
			return duplicatePolicy()
		}
	}
	if all[p.ID] == nil && len(all) > limitsOf[p.Type].policies { // AWS's own does not count
		return tooManyPolicies()
	}
	return policies.Put(tx, storage.K(o.ID, p.ID), *p)
}

// changePolicy authorizes an action on a policy of the organization and runs
// fn over it.
func (s *Service) changePolicy(ctx context.Context, action, id string, fn func(tx storage.Tx, o *organization, p *policyRecord) error) error {
	return s.change(ctx, request{action: action, on: []string{id}}, func(tx storage.Tx, o *organization) error {
		p, err := o.policy(tx, id)
		switch {
		case err != nil:
			return err
		case p == nil:
			return noPolicy()
		case p.managed():
			return immutablePolicy()
		}
		return fn(tx, o, p)
	})
}

// UpdatePolicy changes name, description or document of a policy. It is in
// force at once wherever the policy is attached.
func (s *Service) UpdatePolicy(ctx context.Context, in *org.UpdatePolicyRequest) (*org.UpdatePolicyResponse, error) {
	var shown *org.Policy
	err := s.changePolicy(ctx, "UpdatePolicy", in.PolicyId, func(tx storage.Tx, o *organization, p *policyRecord) error {
		if in.Content != nil {
			if err := checkDocument(p.Type, *in.Content); err != nil {
				return err
			}
			p.Content = *in.Content
		}
		if in.Name != nil {
			p.Name = *in.Name
		}
		if in.Description != nil {
			p.Description = *in.Description
		}
		shown = p.show(o)
		return o.putPolicy(tx, p)
	})
	if err != nil {
		return nil, err
	}
	return &org.UpdatePolicyResponse{Policy: shown}, nil
}

// DeletePolicy deletes a policy that is attached to nothing.
func (s *Service) DeletePolicy(ctx context.Context, in *org.DeletePolicyRequest) (*api.None, error) {
	return done(s.changePolicy(ctx, "DeletePolicy", in.PolicyId, func(tx storage.Tx, o *organization, p *policyRecord) error {
		for _, n := range o.Nodes {
			if slices.Contains(n.Policies, p.ID) {
				return policyInUse()
			}
		}
		return policies.Delete(tx, storage.K(o.ID, p.ID))
	}))
}

// findPolicy authorizes an action on a policy and returns it.
func (s *Service) findPolicy(ctx context.Context, action, id string) (o *organization, p *policyRecord, err error) {
	if o, err = s.enter(ctx, request{action: action, on: []string{id}}); err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, func(tx storage.Tx) error {
		p, err = o.policy(tx, id)
		return err
	})
	if err == nil && p == nil {
		err = noPolicy()
	}
	return o, p, err
}

// DescribePolicy returns a policy with its document.
func (s *Service) DescribePolicy(ctx context.Context, in *org.DescribePolicyRequest) (*org.DescribePolicyResponse, error) {
	o, p, err := s.findPolicy(ctx, "DescribePolicy", in.PolicyId)
	if err != nil {
		return nil, err
	}
	return &org.DescribePolicyResponse{Policy: p.show(o)}, nil
}

// ListPolicies lists the policies of a type. There are none of the types that
// say nothing about permissions.
func (s *Service) ListPolicies(ctx context.Context, in *org.ListPoliciesRequest) (*org.ListPoliciesResponse, error) {
	o, err := s.enter(ctx, request{action: "ListPolicies", keys: typeKeys(in.Filter)})
	if err != nil {
		return nil, err
	}
	shown, next, err := s.listPolicies(ctx, o, "ListPolicies", in.Filter, in.NextToken, in.MaxResults,
		func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	return &org.ListPoliciesResponse{Policies: shown, NextToken: next}, nil
}

// listPolicies lists the policies of a type that keep holds for, by id.
func (s *Service) listPolicies(ctx context.Context, o *organization, list string, t org.PolicyType,
	token *string, max *int32, keep func(id string) bool) ([]org.PolicySummary, *string, error) {
	var all map[string]*policyRecord
	err := s.view(ctx, func(tx storage.Tx) (err error) {
		all, err = o.policiesOf(tx, t)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, 0, len(all))
	for id := range all {
		if keep(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return listing(s, o, list+"/"+string(t), token, max, ids, func(id string) string { return id },
		func(id string) org.PolicySummary { return all[id].summary(o) })
}
