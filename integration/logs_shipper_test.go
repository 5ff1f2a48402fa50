//go:build walk

package integration

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// shipped is how many events each shipper ships.
const shipped = 400

// shipper is a program that ships lines to a stream of the sealed group.
type shipper struct {
	command []string
	levels  [2]string // of every seventh line, and of the others
	stdin   bool      // it ships what it reads
	exits   bool      // it fails where it is refused
}

// lines are what a shipper ships.
func (s *shipper) lines() (all []string) {
	for i := range shipped {
		level := s.levels[1]
		if i%7 == 0 {
			level = s.levels[0]
		}
		all = append(all, fmt.Sprintf("%ssecret-line %d é", level, i))
	}
	return all
}

// ship runs a shipper with somebody's access keys.
func (l *logYard) ship(s *shipper, c aws.Credentials, stream string) (printed string, err error) {
	l.Helper()
	w := l.client(c, s.command...).with("GROUP="+yardGroup, "STREAM="+stream, "LINES="+strconv.Itoa(shipped))
	var args []string
	if s.stdin {
		w, args = w.fed(strings.Join(s.lines(), "\n")+"\n"), []string{yardGroup, stream}
	}
	cmd, stdout, stderr := w.prepare(args)
	err = cmd.Run()
	return stdout.String() + stderr.String(), err
}

// ships shows that everything arrives once and in order, also what a second
// run adds, and nothing without the rights or without the key.
func (l *logYard) ships(s *shipper) {
	for want := s.lines(); len(want) <= 2*shipped; want = append(want, s.lines()...) {
		printed, err := l.ship(s, rootKeys, "shipped")
		if err != nil {
			l.Fatalf("%v\n%s", err, printed)
		}
		l.arrived("shipped", want)
	}
	l.sealed("secret-line")
	l.refusedShipping(s, l.stranger(), "AccessDeniedException", "not authorized to perform: logs:")
	l.revoke(l.key)
	l.refusedShipping(s, rootKeys, "AccessDeniedException", keyRefusal)
	l.allow(l.key)
	l.arrived("shipped", append(s.lines(), s.lines()...))
}

// refusedShipping runs a shipper that is told of a refusal and ships nothing.
func (l *logYard) refusedShipping(s *shipper, c aws.Credentials, says ...string) {
	l.Helper()
	printed, err := l.ship(s, c, "shipped")
	if s.exits && err == nil {
		l.Fatalf("the shipper knows of no refusal: %s", printed)
	}
	l.holds(printed, says...)
}

func TestWalkLogsWithShippers(t *testing.T) {
	t.Parallel()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*shipper{
		"winston":    {command: []string{tool(t, "SEALSTACK_NODE"), testdata + "/node/winston.mjs"}, levels: [2]string{"warn: ", "info: "}, exits: true},
		"watchtower": {command: []string{tool(t, "SEALSTACK_PYTHON"), testdata + "/python/watch.py"}, levels: [2]string{"WARNING: ", "INFO: "}, exits: true},
		"Docker":     {command: []string{tool(t, "SEALSTACK_AWSLOGS")}, stdin: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			openYard(t, "--timing", "instant").openLogs().ships(s)
		})
	}
}
