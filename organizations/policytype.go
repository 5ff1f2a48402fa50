package organizations

import (
	"context"
	"slices"

	"sealstack/api"
	org "sealstack/api/organizationsapi"
	"sealstack/storage"
)

func typeSummary(t org.PolicyType) org.PolicyTypeSummary {
	return org.PolicyTypeSummary{Type: &t, Status: new(org.PolicyTypeStatusEnabled)}
}

// enforced reports whether policies of the type are in force here: the other
// types of AWS say nothing about permissions.
func enforced(t org.PolicyType) bool { return limitsOf[t].attached > 0 }

// EnablePolicyType puts a type of policy in force below the root, and attaches
// AWS's policy that allows all to everything there.
func (s *Service) EnablePolicyType(ctx context.Context, in *org.EnablePolicyTypeRequest) (*org.EnablePolicyTypeResponse, error) {
	root, err := s.switchType(ctx, "EnablePolicyType", in.RootId, in.PolicyType, (*organization).enable)
	if err != nil {
		return nil, err
	}
	return &org.EnablePolicyTypeResponse{Root: root}, nil
}

// DisablePolicyType detaches all policies of a type; they themselves stay.
func (s *Service) DisablePolicyType(ctx context.Context, in *org.DisablePolicyTypeRequest) (*org.DisablePolicyTypeResponse, error) {
	root, err := s.switchType(ctx, "DisablePolicyType", in.RootId, in.PolicyType, (*organization).disable)
	if err != nil {
		return nil, err
	}
	return &org.DisablePolicyTypeResponse{Root: root}, nil
}

// switchType runs turn, which enables or disables a type in the root.
func (s *Service) switchType(ctx context.Context, action, root string, t org.PolicyType,
	turn func(*organization, storage.Tx, org.PolicyType) error) (*org.Root, error) {
	var shown org.Root
	err := s.change(ctx, request{action: action, on: []string{root}, keys: typeKeys(t)}, func(tx storage.Tx, o *organization) error {
		n := o.find(root, aRoot)
		if n == nil {
			return noRoot()
		}
		if err := turn(o, tx, t); err != nil {
			return err
		}
		shown = o.showRoot(n)
		return nil
	})
	return &shown, err
}

func (o *organization) enable(_ storage.Tx, t org.PolicyType) error {
	switch {
	case !o.AllFeatures:
		return typeNotAvailable()
	case !enforced(t):
		return api.NotImplemented("organizations", "EnablePolicyType of "+string(t))
	case o.enabled(t):
		return alreadyEnabled()
	}
	o.Types = append(o.Types, t)
	for _, n := range o.Nodes {
		n.Policies = append(n.Policies, fullAccess[t])
	}
	return nil
}

// disable takes a type of policy out of force and off everything.
func (o *organization) disable(tx storage.Tx, t org.PolicyType) error {
	if !o.enabled(t) {
		return typeNotEnabled()
	}
	o.Types = slices.DeleteFunc(o.Types, func(e org.PolicyType) bool { return e == t })
	all, err := o.policiesOf(tx, t)
	if err != nil {
		return err
	}
	for _, n := range o.Nodes {
		n.Policies = slices.DeleteFunc(n.Policies, func(id string) bool { return all[id] != nil })
	}
	return nil
}
