//go:build unix

// Command pgserver runs a command with a throw-away PostgreSQL server:
//
//	go run ./internal/testkit/pgserver -- go test ./...
//
// The command finds the server's URL in COGNATE_TEST_PG_URL, so that all test
// processes share one server. Its exit status becomes that of pgserver.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"cognate/internal/testkit/dbtest"
	"cognate/internal/testkit/pgproc"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgserver -- COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgserver:", err)
	}
	os.Exit(code)
}

// run starts the server, waits for the command and stops the server.
func run(args []string) (int, error) {
	term := make(chan os.Signal, 1)
	signal.Notify(term, os.Interrupt, syscall.SIGTERM)
	s, err := pgproc.Start()
	if err != nil {
		return 1, err
	}
	defer s.Stop()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), dbtest.EnvURL+"="+s.URL)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		for sig := range term {
			if sig != os.Interrupt { // which the terminal sends to the command, too
				_ = cmd.Process.Signal(sig)
			}
		}
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(1, exit.ExitCode()), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
