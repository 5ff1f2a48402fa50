package logs

import (
	"context"
	"strings"

	"sealstack/api/logsapi"
	"sealstack/arn"
	"sealstack/storage"
)

// integration is one with OpenSearch Service, under (account, Region, name).
// That service is not here: an integration is kept, and fails when AWS would
// have made its collection.
type integration struct {
	Name    string
	Config  logsapi.OpenSearchResourceConfig
	Created int64
}

var integrations = storage.NewTable[integration]("logs.integration")

// provisioning is how long an integration is being made; AWS says a few
// minutes.
const provisioning = 3 * minute

func (i *integration) status(now int64) logsapi.IntegrationStatus {
	if now < i.Created+provisioning {
		return logsapi.IntegrationStatusProvisioning
	}
	return logsapi.IntegrationStatusFailed
}

// PutIntegration makes the account's integration, of which there is one.
//
// Unverified: AWS's sentences.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutIntegration.html
func (s *Service) PutIntegration(ctx context.Context, in *logsapi.PutIntegrationRequest) (*logsapi.PutIntegrationResponse, error) {
	if err := s.authorizeAccount(ctx, "PutIntegration"); err != nil {
		return nil, err
	}
	c := in.ResourceConfig.OpenSearchResourceConfig
	if c == nil {
		return nil, logsapi.InvalidParameterException("openSearchResourceConfig is required.")
	}
	if a, err := arn.Parse(c.DataSourceRoleArn); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
		return nil, logsapi.InvalidParameterException("dataSourceRoleArn must be the ARN of an IAM role.")
	}
	if len(c.DashboardViewerPrincipals) == 0 {
		return nil, logsapi.InvalidParameterException("dashboardViewerPrincipals must name at least one principal.")
	}
	i := integration{in.IntegrationName, *c, s.now()}
	p := placeOf(ctx)
	err := s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		return putLimited(tx, integrations, p.key(), p.key(i.Name), i, 1)
	})
	if err != nil {
		return nil, err
	}
	status := i.status(i.Created)
	return &logsapi.PutIntegrationResponse{IntegrationName: &i.Name, IntegrationStatus: &status}, nil
}

// GetIntegration returns an integration with what was made for it.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetIntegration.html
func (s *Service) GetIntegration(ctx context.Context, in *logsapi.GetIntegrationRequest) (*logsapi.GetIntegrationResponse, error) {
	if err := s.authorizeAccount(ctx, "GetIntegration"); err != nil {
		return nil, err
	}
	i, err := lookup(ctx, s, integrations, placeOf(ctx).key(in.IntegrationName), noSuchIntegration)
	if err != nil {
		return nil, err
	}
	kind, status := logsapi.IntegrationTypeOpensearch, i.status(s.now())
	out := &logsapi.GetIntegrationResponse{IntegrationName: &i.Name, IntegrationType: &kind, IntegrationStatus: &status}
	if status == logsapi.IntegrationStatusFailed {
		absent, why := logsapi.OpenSearchResourceStatusTypeNotFound, "Amazon OpenSearch Service is not available here."
		out.IntegrationDetails = &logsapi.IntegrationDetails{OpenSearchIntegrationDetails: &logsapi.OpenSearchIntegrationDetails{
			Collection: &logsapi.OpenSearchCollection{Status: &logsapi.OpenSearchResourceStatus{Status: &absent, StatusMessage: &why}},
		}}
	}
	return out, nil
}

// ListIntegrations lists the account's integrations.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListIntegrations.html
func (s *Service) ListIntegrations(ctx context.Context, in *logsapi.ListIntegrationsRequest) (*logsapi.ListIntegrationsResponse, error) {
	if err := s.authorizeAccount(ctx, "ListIntegrations"); err != nil {
		return nil, err
	}
	all, err := list(ctx, s, integrations, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	out := &logsapi.ListIntegrationsResponse{IntegrationSummaries: []logsapi.IntegrationSummary{}}
	for i := range all {
		kind, status := logsapi.IntegrationTypeOpensearch, all[i].status(s.now())
		if !strings.HasPrefix(all[i].Name, value(in.IntegrationNamePrefix)) || in.IntegrationStatus != nil && *in.IntegrationStatus != status {
			continue
		}
		out.IntegrationSummaries = append(out.IntegrationSummaries, logsapi.IntegrationSummary{
			IntegrationName: &all[i].Name, IntegrationType: &kind, IntegrationStatus: &status,
		})
	}
	return out, nil
}

// DeleteIntegration removes an integration. There are no dashboards that
// would have to be given up by force.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteIntegration.html
func (s *Service) DeleteIntegration(ctx context.Context, in *logsapi.DeleteIntegrationRequest) (*logsapi.DeleteIntegrationResponse, error) {
	if err := s.authorizeAccount(ctx, "DeleteIntegration"); err != nil {
		return nil, err
	}
	if err := remove(ctx, s, integrations, placeOf(ctx).key(in.IntegrationName), noSuchIntegration); err != nil {
		return nil, err
	}
	return &logsapi.DeleteIntegrationResponse{}, nil
}

// Unverified: AWS's sentence.
func noSuchIntegration() error {
	return logsapi.ResourceNotFoundException("The specified integration does not exist.")
}
