package logs

import (
	"context"
	"slices"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
)

// maxQueryDefinitions is how many queries an account can save in a Region:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
const maxQueryDefinitions = 1000

// queryDefinition is a saved query, under (account, Region, id).
type queryDefinition struct {
	ID         string
	Name       string
	Text       string
	Groups     []string
	Parameters []logsapi.QueryParameter
	Modified   int64
}

var queryDefinitions = storage.NewTable[queryDefinition]("logs.querydefinition")

// PutQueryDefinition saves a query, or replaces the saved one whose id is
// given. It is not compiled.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
func (s *Service) PutQueryDefinition(ctx context.Context, in *logsapi.PutQueryDefinitionRequest) (*logsapi.PutQueryDefinitionResponse, error) {
	p := placeOf(ctx)
	if err := s.authorizeAccount(ctx, "PutQueryDefinition"); err != nil {
		return nil, err
	}
	if l := value(in.QueryLanguage); l != "" && l != logsapi.QueryLanguageCwli {
		return nil, api.NotImplemented("logs", "PutQueryDefinition in the language "+string(l))
	}
	d := queryDefinition{
		ID: value(in.QueryDefinitionId), Name: in.Name, Text: in.QueryString,
		Groups: in.LogGroupNames, Parameters: in.Parameters, Modified: s.now(),
	}
	if d.ID == "" {
		d.ID = uuid()
	}
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		k := p.key(d.ID)
		if there, err := queryDefinitions.Has(tx, k); err != nil || !there && in.QueryDefinitionId != nil {
			return either(err, noSuchQueryDefinition)
		}
		return putLimited(tx, queryDefinitions, p.key(), k, d, maxQueryDefinitions)
	})
	if err != nil {
		return nil, err
	}
	return &logsapi.PutQueryDefinitionResponse{QueryDefinitionId: &d.ID}, nil
}

// DescribeQueryDefinitions lists saved queries by name.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeQueryDefinitions.html
func (s *Service) DescribeQueryDefinitions(ctx context.Context, in *logsapi.DescribeQueryDefinitionsRequest) (*logsapi.DescribeQueryDefinitionsResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeQueryDefinitions"); err != nil {
		return nil, err
	}
	all, err := list(ctx, s, queryDefinitions, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(d queryDefinition) bool {
		return !strings.HasPrefix(d.Name, value(in.QueryDefinitionNamePrefix)) ||
			in.QueryLanguage != nil && *in.QueryLanguage != logsapi.QueryLanguageCwli
	})
	order := func(d queryDefinition) storage.Key { return storage.K(d.Name, d.ID) }
	slices.SortFunc(all, func(a, b queryDefinition) int { return order(a).Compare(order(b)) })
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "DescribeQueryDefinitions"), in.NextToken, all, order, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.DescribeQueryDefinitionsResponse{QueryDefinitions: []logsapi.QueryDefinition{}, NextToken: next}
	for i := range page {
		d, language := &page[i], logsapi.QueryLanguageCwli
		out.QueryDefinitions = append(out.QueryDefinitions, logsapi.QueryDefinition{
			QueryLanguage: &language, QueryDefinitionId: &d.ID, Name: &d.Name, QueryString: &d.Text,
			LastModified: &d.Modified, LogGroupNames: d.Groups, Parameters: d.Parameters,
		})
	}
	return out, nil
}

// DeleteQueryDefinition removes a saved query.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteQueryDefinition.html
func (s *Service) DeleteQueryDefinition(ctx context.Context, in *logsapi.DeleteQueryDefinitionRequest) (*logsapi.DeleteQueryDefinitionResponse, error) {
	if err := s.authorizeAccount(ctx, "DeleteQueryDefinition"); err != nil {
		return nil, err
	}
	if err := remove(ctx, s, queryDefinitions, placeOf(ctx).key(in.QueryDefinitionId), noSuchQueryDefinition); err != nil {
		return nil, err
	}
	success := true
	return &logsapi.DeleteQueryDefinitionResponse{Success: &success}, nil
}

// Unverified: AWS's sentence.
func noSuchQueryDefinition() error {
	return logsapi.ResourceNotFoundException("The specified query definition does not exist.")
}
