package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cognate/internal/server"
)

// seedCmd makes seed files.
type seedCmd struct {
	Export exportCmd `cmd:"" help:"Write user pools with their clients, groups and users as a seed file. Passkeys, devices and recovery codes cannot come along; what is left out is told on stderr." example:"cognate seed export --data /var/lib/cognate --with-secrets --out moved.yaml"`
}

type exportCmd struct {
	storage
	Pool        []string `help:"Only these user pools; all when empty." placeholder:"ID" env:"-"`
	WithSecrets bool     `help:"With client secrets, passwords (as SRP verifiers) and software tokens: the file is as good as the passwords. Without it clients get new secrets, and users cannot sign in by password until one is set." env:"-"`
	Out         string   `help:"File to write, for its owner alone; stdout when empty." type:"path" placeholder:"FILE" env:"-"`
}

// Run writes the seed file, all of it or nothing.
func (c *exportCmd) Run(e *env) error {
	export := func(out io.Writer) error {
		return server.ExportSeed(e.ctx, c.settings(), c.Pool, c.WithSecrets, out, e.stderr)
	}
	if c.Out == "" {
		return export(e.stdout)
	}
	return replaceFile(c.Out, export)
}

// replaceFile writes a file that only its owner can read, and puts it in its place once it is complete.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".cognate-*") // mode 0600
	if err != nil {
		return fmt.Errorf("seed file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
