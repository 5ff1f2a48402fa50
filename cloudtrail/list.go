package cloudtrail

import (
	"context"
	"time"

	"sealstack/api"
	"sealstack/api/cloudtrailapi"
	"sealstack/storage"
)

// GetTrail describes one trail.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html
func (s *Service) GetTrail(ctx context.Context, in *cloudtrailapi.GetTrailRequest) (*cloudtrailapi.GetTrailResponse, error) {
	t, err := s.open(ctx, in.Name, "GetTrail")
	if err != nil {
		return nil, err
	}
	return &cloudtrailapi.GetTrailResponse{Trail: new(t.shown())}, nil
}

// DescribeTrails describes the trails of a Region; those that are not found
// are left out.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
func (s *Service) DescribeTrails(ctx context.Context, in *cloudtrailapi.DescribeTrailsRequest) (*cloudtrailapi.DescribeTrailsResponse, error) {
	c := api.CallerOf(ctx)
	if err := s.authorize(ctx, "DescribeTrails", "*", nil); err != nil {
		return nil, err
	}
	wanted := map[title]bool{}
	for _, name := range in.TrailNameList {
		n, err := titleOf(c, name)
		if err != nil {
			return nil, err
		}
		wanted[n] = true
	}
	all, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	shadows := in.IncludeShadowTrails == nil || *in.IncludeShadowTrails
	out := &cloudtrailapi.DescribeTrailsResponse{TrailList: []cloudtrailapi.Trail{}}
	for _, t := range all {
		if t.in(c.Region) && (shadows || t.Region == c.Region) && t.wanted(c, wanted) {
			out.TrailList = append(out.TrailList, t.shown())
		}
	}
	return out, nil
}

// wanted says whether a list of names has the trail: by its ARN, or by its
// name in a Region where it is. An empty list has every trail.
func (t *trail) wanted(c *api.Caller, list map[title]bool) bool {
	return len(list) == 0 || list[title{t.Region, t.Account, t.Name}] || t.in(c.Region) && list[title{c.Region, t.Account, t.Name}]
}

// own lists the trails of the caller's account, and those of its organization.
func (s *Service) own(ctx context.Context) (list []trail, err error) {
	account := api.CallerOf(ctx).Account
	accounts, err := s.accountsOf(ctx, account)
	if err != nil {
		return nil, err
	}
	err = s.store.View(ctx, func(_ context.Context, tx storage.Tx) error {
		list = nil
		for _, owner := range accounts {
			more, err := listTrails(tx, owner)
			if err != nil {
				return err
			}
			for _, t := range more {
				if owner == account || t.Organization != "" {
					list = append(list, t)
				}
			}
		}
		return nil
	})
	return list, err
}

// ListTrails lists the trails of the caller's account in every Region.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html
func (s *Service) ListTrails(ctx context.Context, in *cloudtrailapi.ListTrailsRequest) (*cloudtrailapi.ListTrailsResponse, error) {
	if err := s.authorize(ctx, "ListTrails", "*", nil); err != nil {
		return nil, err
	}
	if in.NextToken != nil {
		return nil, badToken() // one page holds all trails that an account can have in each Region
	}
	all, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.ListTrailsResponse{Trails: []cloudtrailapi.TrailInfo{}}
	for _, t := range all {
		out.Trails = append(out.Trails, cloudtrailapi.TrailInfo{TrailARN: new(t.arn()), Name: &t.Name, HomeRegion: &t.Region})
	}
	return out, nil
}

// shown is the trail as it is described.
func (t *trail) shown() cloudtrailapi.Trail {
	return cloudtrailapi.Trail{
		Name: new(t.Name), S3BucketName: new(t.Bucket), S3KeyPrefix: some(t.Prefix),
		SnsTopicName: some(t.TopicName), SnsTopicARN: some(t.Topic), IncludeGlobalServiceEvents: new(t.Global),
		IsMultiRegionTrail: new(t.MultiRegion), HomeRegion: new(t.Region), TrailARN: new(t.arn()),
		LogFileValidationEnabled: new(t.Validation), CloudWatchLogsLogGroupArn: some(t.Group),
		CloudWatchLogsRoleArn: some(t.Role), KmsKeyId: some(t.Key),
		HasCustomEventSelectors: new(t.Advanced != nil || !isDefault(t.Basic)), HasInsightSelectors: new(len(t.Insights) > 0),
		IsOrganizationTrail: new(t.Organization != ""), RecursiveLogging: t.Recursive,
	}
}

// some is nil for an empty text.
func some(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// GetTrailStatus tells what the trail has delivered in this Region.
//
// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
func (s *Service) GetTrailStatus(ctx context.Context, in *cloudtrailapi.GetTrailStatusRequest) (*cloudtrailapi.GetTrailStatusResponse, error) {
	t, err := s.open(ctx, in.Name, "GetTrailStatus")
	if err != nil {
		return nil, err
	}
	t = t.share(api.CallerOf(ctx).Account)
	l, err := s.laneOf(ctx, &t, api.CallerOf(ctx).Region)
	if err != nil {
		return nil, err
	}
	out := &cloudtrailapi.GetTrailStatusResponse{
		IsLogging: new(t.Logging), LatestDeliveryTime: instant(l.Delivered), LatestDeliveryError: some(l.Error),
		StartLoggingTime: instant(t.Started), StopLoggingTime: instant(t.Stopped),
		LatestDigestDeliveryTime: instant(l.Digest.Delivered), LatestDigestDeliveryError: some(l.Digest.Error),
		LatestCloudWatchLogsDeliveryTime: instant(l.Stream.Delivered), LatestCloudWatchLogsDeliveryError: some(l.Stream.Error),
		LatestDeliveryAttemptTime: new(text(l.Attempted)), LatestNotificationAttemptTime: new(text(l.Notices.Attempted)),
		LatestNotificationAttemptSucceeded: new(text(l.Notices.Delivered)),
		LatestNotificationTime:             instant(l.Notices.Delivered), LatestNotificationError: some(l.Notices.Error), LatestDeliveryAttemptSucceeded: new(text(l.Delivered)),
		TimeLoggingStarted: new(text(t.Started)), TimeLoggingStopped: new(text(t.Stopped)),
	}
	return out, nil
}

// instant is nil for what has not happened.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// text is an instant in the retired members, which are text.
func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
