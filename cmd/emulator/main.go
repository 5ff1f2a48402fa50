// Command emulator runs Sealstack: KMS, CloudWatch Logs and CloudTrail, with the
// S3, IAM, STS and Organizations that they need, on one port. See the README for what it does and -help for
// its flags; each flag can also be given in the environment, as SEALSTACK_
// and its name in capitals with underscores.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"sealstack/emulator"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "sealstack:", err)
		os.Exit(1)
	}
}

// run starts the emulator, says on stdout where it listens, and serves until
// ctx ends.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	o, err := parse(args, getenv, stderr)
	if err != nil {
		return err
	}
	o.config.Log = slog.New(slog.NewTextHandler(stderr, nil))
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	e, err := emulator.Start(ctx, o.config)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Sealstack is ready at http://%s\n", listener.Addr())
	return errors.Join(e.Serve(ctx, listener), e.Close())
}
