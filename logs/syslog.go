package logs

import (
	"context"
	"regexp"

	"sealstack/api"
	"sealstack/api/logsapi"
	"sealstack/storage"
)

// syslogConfiguration lets a group take in syslog messages through a VPC
// endpoint. It is kept under (account, Region, group, endpoint). There are no
// VPC endpoints here, so nothing comes in by it.
type syslogConfiguration struct {
	Group    string
	Endpoint string
	Created  int64
}

var syslogConfigurations = storage.NewTable[syslogConfiguration]("logs.syslogconfiguration")

var endpointID = regexp.MustCompile(`^vpce-[0-9a-f]{8,17}$`)

// PutSyslogConfiguration makes a configuration; one that is there stays.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSyslogConfiguration.html
func (s *Service) PutSyslogConfiguration(ctx context.Context, in *logsapi.PutSyslogConfigurationRequest) (*api.None, error) {
	g, err := s.identified(ctx, "PutSyslogConfiguration", in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if err := readable(&g); err != nil {
		return nil, err
	}
	endpoint := value(in.VpcEndpointId)
	if in.VpcEndpointId != nil && !endpointID.MatchString(endpoint) {
		return nil, logsapi.InvalidParameterException("Invalid VPC endpoint ID '%s'.", endpoint) // Unverified: AWS's sentence
	}
	k := placeOf(ctx).key(g.Name, endpoint)
	return nil, s.store.Update(ctx, func(_ context.Context, tx storage.Tx) error {
		if _, err := findGroup(tx, placeOf(ctx), g.Name); err != nil {
			return err
		}
		if there, err := syslogConfigurations.Has(tx, k); there || err != nil {
			return err
		}
		return syslogConfigurations.Put(tx, k, syslogConfiguration{g.Name, endpoint, s.now()})
	})
}

// DeleteSyslogConfiguration removes a configuration.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteSyslogConfiguration.html
func (s *Service) DeleteSyslogConfiguration(ctx context.Context, in *logsapi.DeleteSyslogConfigurationRequest) (*api.None, error) {
	g, err := s.identified(ctx, "DeleteSyslogConfiguration", in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	return nil, remove(ctx, s, syslogConfigurations, placeOf(ctx).key(g.Name, value(in.VpcEndpointId)), func() error {
		return logsapi.ResourceNotFoundException("The specified syslog configuration does not exist.") // Unverified: AWS's sentence
	})
}

// ListSyslogConfigurations lists configurations by group and endpoint.
//
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListSyslogConfigurations.html
func (s *Service) ListSyslogConfigurations(ctx context.Context, in *logsapi.ListSyslogConfigurationsRequest) (*logsapi.ListSyslogConfigurationsResponse, error) {
	p := placeOf(ctx)
	prefix := p.key()
	if in.LogGroupIdentifier == nil {
		if err := s.authorizeAccount(ctx, "ListSyslogConfigurations"); err != nil {
			return nil, err
		}
	} else {
		g, err := s.identified(ctx, "ListSyslogConfigurations", *in.LogGroupIdentifier)
		if err != nil {
			return nil, err
		}
		prefix = p.key(g.Name)
	}
	all, err := list(ctx, s, syslogConfigurations, prefix)
	if err != nil {
		return nil, err
	}
	page, next, err := cut(s.root, pageOf(in.MaxResults), s.listing(ctx, "ListSyslogConfigurations"), in.NextToken, all,
		func(c syslogConfiguration) storage.Key { return storage.K(c.Group, c.Endpoint) }, false)
	if err != nil {
		return nil, err
	}
	out := &logsapi.ListSyslogConfigurationsResponse{SyslogConfigurations: []logsapi.SyslogConfiguration{}, NextToken: next}
	for i := range page {
		c := &page[i]
		if in.VpcEndpointId != nil && *in.VpcEndpointId != c.Endpoint {
			continue
		}
		group, source := p.group(c.Group), logsapi.SyslogSourceTypeVpce
		shown := logsapi.SyslogConfiguration{LogGroupArn: &group, SourceType: &source, CreatedAt: &c.Created}
		if c.Endpoint != "" {
			shown.VpcEndpointId = &c.Endpoint
		}
		out.SyslogConfigurations = append(out.SyslogConfigurations, shown)
	}
	return out, nil
}
