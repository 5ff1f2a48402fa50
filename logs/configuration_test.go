package logs

import (
	"fmt"
	"testing"
	"time"

	"sealstack/api/logsapi"
	"sealstack/storage/memory"
	"sealstack/storage/seal"
)

func openSearch() logsapi.ResourceConfig {
	return logsapi.ResourceConfig{OpenSearchResourceConfig: &logsapi.OpenSearchResourceConfig{
		DataSourceRoleArn: "arn:aws:iam::111122223333:role/r", DashboardViewerPrincipals: []string{"arn:aws:iam::111122223333:role/v"}, RetentionDays: 7,
	}}
}

func TestConfigurationsOutliveARestart(t *testing.T) {
	store, root := memory.New(), seal.NewEphemeral()
	t.Cleanup(func() { store.Close() })
	b := newBenchOver(t, store, root)
	b.createGroup("g", "")
	_, err := b.GetStorageTierPolicy(b.ctx, &logsapi.GetStorageTierPolicyRequest{})
	b.fails(err, "ResourceNotFoundException", "The specified storage tier policy does not exist.")
	_, err = b.PutStorageTierPolicy(b.ctx, &logsapi.PutStorageTierPolicyRequest{StorageTier: logsapi.StorageTierIntelligentTiering})
	b.ok(err)
	_, err = b.PutBearerTokenAuthentication(b.ctx, &logsapi.PutBearerTokenAuthenticationRequest{LogGroupIdentifier: "g", BearerTokenAuthenticationEnabled: true})
	b.ok(err)
	for range 2 { // the second one changes nothing
		_, err = b.PutSyslogConfiguration(b.ctx, &logsapi.PutSyslogConfigurationRequest{LogGroupIdentifier: "g", VpcEndpointId: ptr("vpce-0123456789abcdef0")})
		b.ok(err)
	}
	_, err = b.PutSyslogConfiguration(b.ctx, &logsapi.PutSyslogConfigurationRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	_, err = b.PutIntegration(b.ctx, &logsapi.PutIntegrationRequest{IntegrationName: "i", IntegrationType: logsapi.IntegrationTypeOpensearch, ResourceConfig: openSearch()})
	b.ok(err)

	b = newBenchOver(t, store, root)
	tier, err := b.GetStorageTierPolicy(b.ctx, &logsapi.GetStorageTierPolicyRequest{})
	if err != nil || *tier.StorageTier != "INTELLIGENT_TIERING" || *tier.LastUpdatedTime != start.UnixMilli() {
		t.Errorf("tier %+v, %v", tier, err)
	}
	groups, err := b.DescribeLogGroups(b.ctx, &logsapi.DescribeLogGroupsRequest{})
	if err != nil || !*groups.LogGroups[0].BearerTokenAuthenticationEnabled {
		t.Errorf("groups %+v, %v", groups, err)
	}
	syslog := func(in logsapi.ListSyslogConfigurationsRequest) string {
		out, err := b.ListSyslogConfigurations(b.ctx, &in)
		b.ok(err)
		var list []string
		for _, c := range out.SyslogConfigurations {
			list = append(list, *c.LogGroupArn+" "+value(c.VpcEndpointId)+" "+string(*c.SourceType))
		}
		return fmt.Sprint(list)
	}
	if got, want := syslog(logsapi.ListSyslogConfigurationsRequest{}), "["+tailedARN+"  VPCE "+tailedARN+" vpce-0123456789abcdef0 VPCE]"; got != want {
		t.Errorf("syslog %s, want %s", got, want)
	}
	if got := syslog(logsapi.ListSyslogConfigurationsRequest{LogGroupIdentifier: ptr("g"), VpcEndpointId: ptr("vpce-1")}); got != "[]" {
		t.Errorf("of another endpoint %s", got)
	}
	_, err = b.DeleteSyslogConfiguration(b.ctx, &logsapi.DeleteSyslogConfigurationRequest{LogGroupIdentifier: "g"})
	b.ok(err)
	_, err = b.DeleteSyslogConfiguration(b.ctx, &logsapi.DeleteSyslogConfigurationRequest{LogGroupIdentifier: "g"})
	b.fails(err, "ResourceNotFoundException", "The specified syslog configuration does not exist.")
	_, err = b.DeleteLogGroup(b.ctx, &logsapi.DeleteLogGroupRequest{LogGroupName: "g"})
	b.ok(err)
	if got := syslog(logsapi.ListSyslogConfigurationsRequest{}); got != "[]" {
		t.Errorf("of a deleted group %s", got)
	}
}

func TestAnIntegrationFailsWithoutOpenSearch(t *testing.T) {
	b := newBench(t)
	put := func(name string, c logsapi.ResourceConfig) error {
		_, err := b.PutIntegration(b.ctx, &logsapi.PutIntegrationRequest{IntegrationName: name, IntegrationType: logsapi.IntegrationTypeOpensearch, ResourceConfig: c})
		return err
	}
	bad, none := openSearch(), openSearch()
	bad.OpenSearchResourceConfig.DataSourceRoleArn = "role"
	none.OpenSearchResourceConfig.DashboardViewerPrincipals = nil
	for _, c := range []logsapi.ResourceConfig{{}, bad, none} {
		if err := put("i", c); codeOf(err) != "InvalidParameterException" {
			t.Errorf("%+v: %v", c, err)
		}
	}
	b.ok(put("i", openSearch()))
	b.fails(put("j", openSearch()), "LimitExceededException", "Resource limit exceeded.")
	for _, want := range []logsapi.IntegrationStatus{"PROVISIONING", "FAILED"} {
		out, err := b.GetIntegration(b.ctx, &logsapi.GetIntegrationRequest{IntegrationName: "i"})
		b.ok(err)
		list, err := b.ListIntegrations(b.ctx, &logsapi.ListIntegrationsRequest{IntegrationStatus: &want, IntegrationNamePrefix: ptr("i")})
		b.ok(err)
		if *out.IntegrationStatus != want || len(list.IntegrationSummaries) != 1 || (out.IntegrationDetails != nil) != (want == "FAILED") {
			t.Errorf("%s: %+v, %+v", want, out, list)
		}
		b.advance(5 * time.Minute)
	}
	_, err := b.DeleteIntegration(b.ctx, &logsapi.DeleteIntegrationRequest{IntegrationName: "i"})
	b.ok(err)
	_, err = b.DeleteIntegration(b.ctx, &logsapi.DeleteIntegrationRequest{IntegrationName: "i"})
	b.fails(err, "ResourceNotFoundException", "The specified integration does not exist.")
	_, err = b.GetIntegration(b.ctx, &logsapi.GetIntegrationRequest{IntegrationName: "i"})
	b.fails(err, "ResourceNotFoundException", "The specified integration does not exist.")
}

func TestWhatCannotBeHereIsRefusedByName(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	b.createGroup("h", "")
	const source, role = "arn:aws:cloudtrail:us-west-2:111122223333:eventdatastore/e", "arn:aws:iam::111122223333:role/r"
	imports := func(source, role string, f *logsapi.ImportFilter) error {
		_, err := b.CreateImportTask(b.ctx, &logsapi.CreateImportTaskRequest{ImportSourceArn: source, ImportRoleArn: role, ImportFilter: f})
		return err
	}
	associate := func(arn string) error {
		_, err := b.AssociateSourceToS3TableIntegration(b.ctx, &logsapi.AssociateSourceToS3TableIntegrationRequest{IntegrationArn: arn})
		return err
	}
	_, batches := b.DescribeImportTaskBatches(b.ctx, &logsapi.DescribeImportTaskBatchesRequest{ImportId: "i"})
	_, cancel := b.CancelImportTask(b.ctx, &logsapi.CancelImportTaskRequest{ImportId: "i"})
	_, sources := b.ListSourcesForS3TableIntegration(b.ctx, &logsapi.ListSourcesForS3TableIntegrationRequest{IntegrationArn: "arn:aws:observabilityadmin:us-west-2:111122223333:s3tableintegration/i"})
	_, leave := b.DisassociateSourceFromS3TableIntegration(b.ctx, &logsapi.DisassociateSourceFromS3TableIntegrationRequest{Identifier: "i"})
	_, syslog := b.PutSyslogConfiguration(b.ctx, &logsapi.PutSyslogConfigurationRequest{LogGroupIdentifier: "g", VpcEndpointId: ptr("vpc-1")})
	for _, c := range []struct {
		what string
		err  error
		code string
	}{
		{"an import", imports(source, role, nil), "NotImplemented"}, {"an import of a trail", imports("arn:aws:cloudtrail:us-west-2:111122223333:trail/e", role, nil), "InvalidParameterException"},
		{"an import by nobody", imports(source, "r", nil), "InvalidParameterException"},
		{"an import backwards", imports(source, role, &logsapi.ImportFilter{StartEventTime: ptr(int64(2)), EndEventTime: ptr(int64(1))}), "InvalidParameterException"},
		{"batches", batches, "ResourceNotFoundException"}, {"cancel", cancel, "ResourceNotFoundException"}, {"sources", sources, "ResourceNotFoundException"},
		{"leave", leave, "ResourceNotFoundException"}, {"associate", associate("arn:aws:observabilityadmin:us-west-2:111122223333:s3tableintegration/i"), "ResourceNotFoundException"},
		{"associate with what is none", associate("x"), "ValidationException"}, {"a bad endpoint", syslog, "InvalidParameterException"},
	} {
		if codeOf(c.err) != c.code {
			t.Errorf("%s: %v, want %s", c.what, c.err, c.code)
		}
	}
	tasks, err := b.DescribeImportTasks(b.ctx, &logsapi.DescribeImportTasksRequest{})
	if err != nil || tasks.Imports == nil || len(tasks.Imports) != 0 {
		t.Errorf("imports %+v, %v", tasks, err)
	}
	for by, want := range map[logsapi.ListAggregateLogGroupSummariesGroupBy]int{"DATA_SOURCE_NAME_AND_TYPE": 2, "DATA_SOURCE_NAME_TYPE_AND_FORMAT": 3} {
		out, err := b.ListAggregateLogGroupSummaries(b.ctx, &logsapi.ListAggregateLogGroupSummariesRequest{GroupBy: by})
		if err != nil || *out.AggregateLogGroupSummaries[0].LogGroupCount != 2 || len(out.AggregateLogGroupSummaries[0].GroupingIdentifiers) != want {
			t.Errorf("%s: %+v, %v", by, out, err)
		}
	}
	if out, err := b.ListAggregateLogGroupSummaries(b.ctx, &logsapi.ListAggregateLogGroupSummariesRequest{LogGroupNamePattern: ptr("none")}); err != nil || len(out.AggregateLogGroupSummaries) != 0 {
		t.Errorf("of none: %+v, %v", out, err)
	}
}

func TestConfigurationsAreAuthorized(t *testing.T) {
	b := newBench(t)
	b.createGroup("g", "")
	for action, call := range map[string]func() error{
		"PutStorageTierPolicy": func() error {
			_, err := b.PutStorageTierPolicy(b.ctx, &logsapi.PutStorageTierPolicyRequest{})
			return err
		},
		"GetStorageTierPolicy": func() error { _, err := b.GetStorageTierPolicy(b.ctx, nil); return err },
		"PutBearerTokenAuthentication": func() error {
			_, err := b.PutBearerTokenAuthentication(b.ctx, &logsapi.PutBearerTokenAuthenticationRequest{LogGroupIdentifier: "g"})
			return err
		},
		"PutSyslogConfiguration": func() error {
			_, err := b.PutSyslogConfiguration(b.ctx, &logsapi.PutSyslogConfigurationRequest{LogGroupIdentifier: "g"})
			return err
		},
		"DeleteSyslogConfiguration": func() error {
			_, err := b.DeleteSyslogConfiguration(b.ctx, &logsapi.DeleteSyslogConfigurationRequest{LogGroupIdentifier: "g"})
			return err
		},
		"ListSyslogConfigurations": func() error {
			_, err := b.ListSyslogConfigurations(b.ctx, &logsapi.ListSyslogConfigurationsRequest{})
			return err
		},
		"PutIntegration":    func() error { _, err := b.PutIntegration(b.ctx, &logsapi.PutIntegrationRequest{}); return err },
		"GetIntegration":    func() error { _, err := b.GetIntegration(b.ctx, &logsapi.GetIntegrationRequest{}); return err },
		"ListIntegrations":  func() error { _, err := b.ListIntegrations(b.ctx, &logsapi.ListIntegrationsRequest{}); return err },
		"DeleteIntegration": func() error { _, err := b.DeleteIntegration(b.ctx, &logsapi.DeleteIntegrationRequest{}); return err },
		"CreateImportTask":  func() error { _, err := b.CreateImportTask(b.ctx, &logsapi.CreateImportTaskRequest{}); return err },
		"DescribeImportTasks": func() error {
			_, err := b.DescribeImportTasks(b.ctx, &logsapi.DescribeImportTasksRequest{})
			return err
		},
		"DescribeImportTaskBatches": func() error { _, err := b.DescribeImportTaskBatches(b.ctx, nil); return err },
		"CancelImportTask":          func() error { _, err := b.CancelImportTask(b.ctx, nil); return err },
		"AssociateSourceToS3TableIntegration": func() error {
			_, err := b.AssociateSourceToS3TableIntegration(b.ctx, &logsapi.AssociateSourceToS3TableIntegrationRequest{})
			return err
		},
		"DisassociateSourceFromS3TableIntegration": func() error { _, err := b.DisassociateSourceFromS3TableIntegration(b.ctx, nil); return err },
		"ListAggregateLogGroupSummaries": func() error {
			_, err := b.ListAggregateLogGroupSummaries(b.ctx, &logsapi.ListAggregateLogGroupSummariesRequest{})
			return err
		},
	} {
		b.auth.deny = map[string]bool{"logs:" + action: true}
		b.fails(call(), "AccessDeniedException", "denied logs:"+action)
	}
}
