package cloudtrail

import (
	"context"

	"sealstack/api"
)

// Event data stores of organizations are the management account's, whoever
// makes them, and collect the events of every account.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-lake-organizations.html

// organizeStore makes a new store one of the caller's organization, if that is
// wanted.
func (s *Service) organizeStore(ctx context.Context, e *eventStore, wanted *bool) error {
	if !deref(wanted) {
		return nil
	}
	if !e.collects() {
		return wrongCategory()
	}
	st, err := s.administers(ctx)
	if err == nil {
		e.Organization, e.Account = st.Organization, st.Management
	}
	return err
}

// mayChangeStore refuses changes of an organization's store by who does not
// administer it. Only the management account makes a store one of the
// organization, or of the account again.
func (s *Service) mayChangeStore(ctx context.Context, e *eventStore, wanted *bool) error {
	convert := wanted != nil && *wanted != (e.Organization != "")
	if e.Organization == "" && !convert {
		return nil
	}
	st, err := s.administers(ctx)
	switch {
	case err != nil || !convert:
		return err
	case api.CallerOf(ctx).Account != st.Management:
		return notMaster()
	case !*wanted:
		e.Organization = ""
		return nil
	case !e.collects():
		return wrongCategory()
	}
	e.Organization = st.Organization
	return nil
}
