//go:build walk

package integration

import "testing"

func TestWalkLogsAndItsMetricsWithBoto3(t *testing.T) {
	t.Parallel()
	openYard(t).script("SEALSTACK_PYTHON", "python/logs.py").run()
}
