package logs

import (
	"context"
	"regexp"
	"strings"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/arn"
)

// Data sources are the kinds of logs that other services vend, imports come
// from CloudTrail Lake, and S3 table integrations are made by another service.
// None of them reaches the log groups of this program: what would make one
// says so by name, all listings are truly empty, and nothing is there to be
// found or removed.

// CreateImportTask refuses what AWS refuses, and ends where AWS would begin to
// read the event data store.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateImportTask.html
func (s *Service) CreateImportTask(ctx context.Context, in *logsapi.CreateImportTaskRequest) (*logsapi.CreateImportTaskResponse, error) {
	if err := s.authorizeAccount(ctx, "CreateImportTask"); err != nil {
		return nil, err
	}
	if a, err := arn.Parse(in.ImportSourceArn); err != nil || a.Service != "cloudtrail" || !strings.HasPrefix(a.Resource, "eventdatastore/") {
		return nil, logsapi.InvalidParameterException("importSourceArn must be the ARN of a CloudTrail Lake event data store.") // Unverified: AWS's sentence
	}
	if a, err := arn.Parse(in.ImportRoleArn); err != nil || a.Service != "iam" || !strings.HasPrefix(a.Resource, "role/") {
		return nil, logsapi.InvalidParameterException("importRoleArn must be the ARN of an IAM role.") // Unverified: AWS's sentence
	}
	if f := in.ImportFilter; f != nil && f.StartEventTime != nil && f.EndEventTime != nil && *f.EndEventTime < *f.StartEventTime {
		return nil, logsapi.InvalidParameterException("The end of the range must not be before its start.") // Unverified: AWS's sentence
	}
	return nil, api.NotImplemented("logs", "CreateImportTask from CloudTrail Lake")
}

// DescribeImportTasks lists no import tasks: there are none.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeImportTasks.html
func (s *Service) DescribeImportTasks(ctx context.Context, in *logsapi.DescribeImportTasksRequest) (*logsapi.DescribeImportTasksResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeImportTasks"); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	return &logsapi.DescribeImportTasksResponse{Imports: []logsapi.Import{}}, nil
}

// DescribeImportTaskBatches finds no import task.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeImportTaskBatches.html
func (s *Service) DescribeImportTaskBatches(ctx context.Context, _ *logsapi.DescribeImportTaskBatchesRequest) (*logsapi.DescribeImportTaskBatchesResponse, error) {
	if err := s.authorizeAccount(ctx, "DescribeImportTaskBatches"); err != nil {
		return nil, err
	}
	return nil, noSuchImport()
}

// CancelImportTask finds no import task.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CancelImportTask.html
func (s *Service) CancelImportTask(ctx context.Context, _ *logsapi.CancelImportTaskRequest) (*logsapi.CancelImportTaskResponse, error) {
	if err := s.authorizeAccount(ctx, "CancelImportTask"); err != nil {
		return nil, err
	}
	return nil, noSuchImport()
}

// Unverified: AWS's sentence.
func noSuchImport() error {
	return logsapi.ResourceNotFoundException("The specified import task does not exist.")
}

// AssociateSourceToS3TableIntegration finds no integration: CloudWatch's
// observability administration, which makes them, is not here.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateSourceToS3TableIntegration.html
func (s *Service) AssociateSourceToS3TableIntegration(ctx context.Context, in *logsapi.AssociateSourceToS3TableIntegrationRequest) (*logsapi.AssociateSourceToS3TableIntegrationResponse, error) {
	return nil, s.noTableIntegration(ctx, "AssociateSourceToS3TableIntegration", in.IntegrationArn)
}

// ListSourcesForS3TableIntegration finds no integration.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListSourcesForS3TableIntegration.html
func (s *Service) ListSourcesForS3TableIntegration(ctx context.Context, in *logsapi.ListSourcesForS3TableIntegrationRequest) (*logsapi.ListSourcesForS3TableIntegrationResponse, error) {
	return nil, s.noTableIntegration(ctx, "ListSourcesForS3TableIntegration", in.IntegrationArn)
}

// DisassociateSourceFromS3TableIntegration finds no association.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DisassociateSourceFromS3TableIntegration.html
func (s *Service) DisassociateSourceFromS3TableIntegration(ctx context.Context, _ *logsapi.DisassociateSourceFromS3TableIntegrationRequest) (*logsapi.DisassociateSourceFromS3TableIntegrationResponse, error) {
	if err := s.authorizeAccount(ctx, "DisassociateSourceFromS3TableIntegration"); err != nil {
		return nil, err
	}
	return nil, logsapi.ResourceNotFoundException("The specified source association does not exist.") // Unverified: AWS's sentence
}

var tableIntegration = regexp.MustCompile(`^s3tableintegration/[A-Za-z0-9-]+$`)

// noTableIntegration authorizes, checks the ARN and finds nothing.
//
// Unverified: AWS's sentences.
func (s *Service) noTableIntegration(ctx context.Context, action, integration string) error {
	if err := s.authorize(ctx, action, integration, nil); err != nil {
		return err
	}
	if a, err := arn.Parse(integration); err != nil || a.Service != "observabilityadmin" || !tableIntegration.MatchString(a.Resource) {
		return validation("integrationArn must be the ARN of an S3 table integration.")
	}
	return logsapi.ResourceNotFoundException("The specified S3 table integration does not exist.")
}

// ListAggregateLogGroupSummaries counts log groups by their data source. The
// groups here hold what callers put, which has none.
//
// Unverified: how AWS names the source of such groups.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListAggregateLogGroupSummaries.html
func (s *Service) ListAggregateLogGroupSummaries(ctx context.Context, in *logsapi.ListAggregateLogGroupSummariesRequest) (*logsapi.ListAggregateLogGroupSummariesResponse, error) {
	if err := s.authorizeAccount(ctx, "ListAggregateLogGroupSummaries"); err != nil {
		return nil, err
	}
	if value(in.IncludeLinkedAccounts) || len(in.AccountIdentifiers) > 0 {
		return nil, api.NotImplemented("logs", "ListAggregateLogGroupSummaries over linked accounts")
	}
	if in.NextToken != nil {
		return nil, badToken()
	}
	all, err := list(ctx, s, groups, placeOf(ctx).key())
	if err != nil {
		return nil, err
	}
	n := int32(0)
	for i := range all {
		if (in.LogGroupClass == nil || *in.LogGroupClass == all[i].Class) && matchesAny(all[i].Name, value(in.LogGroupNamePattern)) && len(in.DataSources) == 0 {
			n++
		}
	}
	out := &logsapi.ListAggregateLogGroupSummariesResponse{AggregateLogGroupSummaries: []logsapi.AggregateLogGroupSummary{}}
	if n == 0 {
		return out, nil
	}
	keys, unknown := []string{"dataSourceName", "dataSourceType", "dataFormat"}, "Unknown"
	if in.GroupBy == logsapi.ListAggregateLogGroupSummariesGroupByDataSourceNameAndType {
		keys = keys[:2]
	}
	summary := logsapi.AggregateLogGroupSummary{LogGroupCount: &n}
	for i := range keys {
		summary.GroupingIdentifiers = append(summary.GroupingIdentifiers, logsapi.GroupingIdentifier{Key: &keys[i], Value: &unknown})
	}
	out.AggregateLogGroupSummaries = append(out.AggregateLogGroupSummaries, summary)
	return out, nil
}
