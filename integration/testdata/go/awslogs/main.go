// Command awslogs ships the lines of its standard input as a container's, with
// Docker's logging driver awslogs:
//
//	awslogs GROUP STREAM < lines
//
// The endpoint, the Region and the access keys come from AWS's variables. The
// driver tells its own log of batches that are refused, on standard error.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/moby/moby/v2/daemon/logger"
	"github.com/moby/moby/v2/daemon/logger/awslogs"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "awslogs:", err)
		os.Exit(1)
	}
}

func run(group, stream string) error {
	config := map[string]string{
		"awslogs-group": group, "awslogs-stream": stream, "awslogs-create-group": "true", "awslogs-force-flush-interval-seconds": "1",
		"awslogs-endpoint": os.Getenv("AWS_ENDPOINT_URL"), "awslogs-region": os.Getenv("AWS_REGION"),
	}
	if err := awslogs.ValidateLogOpt(config); err != nil {
		return err
	}
	driver, err := awslogs.New(logger.Info{Config: config, ContainerID: "0123456789ab", ContainerName: "/walk"})
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		m := logger.NewMessage()
		m.Source, m.Timestamp = "stdout", time.Now()
		m.Line = append(m.Line, lines.Bytes()...)
		if err := driver.Log(m); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // Close drops what the last flush, each second, has left
	err = driver.Close()
	awaitShipping()
	return err
}

// awaitShipping returns once the driver has no goroutine left that ships:
// Close does not wait for it.
func awaitShipping() {
	for {
		var all bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&all, 2)
		if !bytes.Contains(all.Bytes(), []byte("collectBatch")) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
