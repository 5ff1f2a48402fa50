// Command awsgen turns AWS's service models into the packages below api.
//
//	awsgen trim -botocore DIR   reads the models of an installed botocore (DIR holds data/)
//	                            and writes api/models, without documentation text
//	awsgen gen                  writes api/*api from api/models alone
//	awsgen coverage             writes docs/COVERAGE.md from the code of the services
//
// botocore's service-2.json files are AWS's own API models; botocore's
// loaders and serializers (https://github.com/boto/botocore) define their
// grammar. api/models/patches.json overrides them and adds what is newer;
// api/models/ops.txt says which operations are carried.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "awsgen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: awsgen trim|gen|coverage [flags]")
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	botocore := flags.String("botocore", "", "folder of an installed botocore")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "trim":
		return trimAll(services, *botocore, filepath.Join(root, "api", "models"))
	case "gen":
		return generateAll(services, filepath.Join(root, "api", "models"), filepath.Join(root, "api"))
	case "coverage":
		return writeCoverage(root)
	}
	return fmt.Errorf("unknown command %q", args[0])
}

// moduleRoot returns the folder of go.mod above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
