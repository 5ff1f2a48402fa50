package iam

import (
	"slices"
	"strings"

	"sealstack/api/iamapi"
	"sealstack/policy"
)

// Decisions from the strongest: the result for several resources is that of
// the one that is allowed least.
var decisions = []iamapi.PolicyEvaluationDecisionType{
	iamapi.PolicyEvaluationDecisionTypeExplicitDeny, iamapi.PolicyEvaluationDecisionTypeImplicitDeny, iamapi.PolicyEvaluationDecisionTypeAllowed,
}

// action evaluates one action on every resource.
//
// Unverified: the top-level decision where resources differ, and the resource
// name there, which is the resource itself where only one was asked for.
func (sim *simulation) action(action string, resources []string) iamapi.EvaluationResult {
	out := iamapi.EvaluationResult{
		EvalActionName: action, EvalResourceName: new("*"), EvalDecision: iamapi.PolicyEvaluationDecisionTypeAllowed,
		MatchedStatements: []iamapi.Statement{}, MissingContextValues: []string{},
	}
	if len(resources) == 1 {
		out.EvalResourceName = &resources[0]
	}
	for _, resource := range resources {
		one := sim.one(action, resource)
		out.EvalDecision = least(out.EvalDecision, one.EvalResourceDecision)
		if sim.levels != nil {
			within := sim.organization(&policy.Request{Action: action, Resource: resource, Principal: sim.caller, Context: sim.keys})
			out.OrganizationsDecisionDetail = &iamapi.OrganizationsDecisionDetail{
				AllowedByOrganizations: new(within == iamapi.PolicyEvaluationDecisionTypeAllowed),
			}
		}
		out.MatchedStatements = addStatements(out.MatchedStatements, one.MatchedStatements)
		for _, key := range one.MissingContextValues {
			if !slices.Contains(out.MissingContextValues, key) {
				out.MissingContextValues = append(out.MissingContextValues, key)
			}
		}
		if one.PermissionsBoundaryDecisionDetail != nil {
			out.PermissionsBoundaryDecisionDetail = one.PermissionsBoundaryDecisionDetail
		}
		out.ResourceSpecificResults = append(out.ResourceSpecificResults, one)
	}
	return out
}

// addStatements adds those that are not there yet.
func addStatements(to, more []iamapi.Statement) []iamapi.Statement {
	for _, st := range more {
		same := func(o iamapi.Statement) bool { return *o.SourcePolicyId == *st.SourcePolicyId }
		if !slices.ContainsFunc(to, same) {
			to = append(to, st)
		}
	}
	return to
}

// one evaluates an action on a resource.
func (sim *simulation) one(action, resource string) iamapi.ResourceSpecificResult {
	q := &policy.Request{Action: action, Resource: resource, Principal: sim.caller, Context: sim.keys}
	own := evaluate(sim.identity, q)
	bounds := evaluate(sim.boundary, q)
	var theirs verdict
	if sim.resource != nil {
		theirs = evaluate([]source{{policy: sim.resource, name: "ResourcePolicy"}}, q)
	}
	out := iamapi.ResourceSpecificResult{
		EvalResourceName: resource, EvalResourceDecision: least(sim.decide(own, bounds, theirs), sim.organization(q)),
		MatchedStatements: []iamapi.Statement{}, MissingContextValues: sim.missing(q),
	}
	switch out.EvalResourceDecision {
	case iamapi.PolicyEvaluationDecisionTypeExplicitDeny:
		out.MatchedStatements = slices.Concat(own.denying, bounds.denying, theirs.denying)
	case iamapi.PolicyEvaluationDecisionTypeAllowed:
		out.MatchedStatements = slices.Concat(own.allowing, theirs.allowing)
	}
	if sim.boundary != nil {
		within := len(bounds.allowing) > 0 && len(bounds.denying) == 0
		out.PermissionsBoundaryDecisionDetail = &iamapi.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: &within}
	}
	return out
}

// least returns the decision that allows less.
func least(a, b iamapi.PolicyEvaluationDecisionType) iamapi.PolicyEvaluationDecisionType {
	if slices.Index(decisions, a) < slices.Index(decisions, b) {
		return a
	}
	return b
}

// organization is what the service control policies say: every level must
// allow the request.
func (sim *simulation) organization(q *policy.Request) iamapi.PolicyEvaluationDecisionType {
	decision := iamapi.PolicyEvaluationDecisionTypeAllowed
	for _, level := range sim.levels {
		v := evaluate(level, q)
		switch {
		case len(v.denying) > 0:
			return iamapi.PolicyEvaluationDecisionTypeExplicitDeny
		case len(v.allowing) == 0:
			decision = iamapi.PolicyEvaluationDecisionTypeImplicitDeny
		}
	}
	return decision
}

// decide makes a decision of what the policies say, by the logic of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
func (sim *simulation) decide(own, bounds, theirs verdict) iamapi.PolicyEvaluationDecisionType {
	mine := len(own.allowing) > 0 && (sim.boundary == nil || len(bounds.allowing) > 0)
	named := len(theirs.allowing) > 0
	switch {
	case len(own.denying)+len(bounds.denying)+len(theirs.denying) > 0:
		return iamapi.PolicyEvaluationDecisionTypeExplicitDeny
	case sim.foreign && mine && named, !sim.foreign && (mine || named && theirs.direct):
		return iamapi.PolicyEvaluationDecisionTypeAllowed
	}
	return iamapi.PolicyEvaluationDecisionTypeImplicitDeny
}

// verdict is what several policies say of one request.
type verdict struct {
	allowing, denying []iamapi.Statement
	direct            bool // an Allow names the caller, not its account alone
}

func evaluate(sources []source, q *policy.Request) (v verdict) {
	for _, src := range sources {
		result := src.policy.Evaluate(q)
		switch {
		case result.Denied:
			v.denying = append(v.denying, src.statement())
		case result.Allowed != policy.NoMatch:
			v.allowing = append(v.allowing, src.statement())
			v.direct = v.direct || result.Allowed > policy.ByAccount
		}
	}
	return v
}

// statement names the policy that a statement is from.
func (src source) statement() iamapi.Statement {
	id, from := src.name, iamapi.PolicySourceTypeNone
	switch {
	case src.name == "ResourcePolicy":
		from = iamapi.PolicySourceTypeResource
	case strings.Contains(src.arn, ":iam::aws:"):
		from = iamapi.PolicySourceTypeAwsManaged
	case src.arn != "":
		from = iamapi.PolicySourceTypeUserManaged
	case src.holder.Kind != "":
		id = string(src.holder.Kind) + "_" + src.holder.Name + "_" + src.name
		from = iamapi.PolicySourceType(src.holder.Kind)
	}
	return iamapi.Statement{SourcePolicyId: &id, SourcePolicyType: &from}
}

// missing lists the condition keys that statements about the request ask for
// and that were not given.
func (sim *simulation) missing(q *policy.Request) []string {
	out := []string{}
	for _, src := range slices.Concat(sim.identity, sim.boundary) {
		for _, t := range src.policy.Explain(q) {
			if !t.Action || !t.Resource {
				continue
			}
			for _, c := range t.Conditions {
				if !c.Present && !slices.Contains(out, c.Key) {
					out = append(out, c.Key)
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
