// Command cognate runs and operates a Cognate server.
package main

import (
	"os"

	"cognate/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
