package cli

import (
	"errors"

	"cognate/internal/config"
	"cognate/internal/server"
)

// keysCmd operates the keys of a database, also while servers run on it.
type keysCmd struct {
	New    newKeyCmd `cmd:"" help:"Make a key-encryption key in a file." example:"cognate keys new /etc/cognate/kek2"`
	Rotate rotateCmd `cmd:"" help:"Make new data keys, and on request new signing keys." example:"cognate keys rotate --data /var/lib/cognate --signing"`
	Rewrap rewrapCmd `cmd:"" help:"Change the key-encryption key." example:"cognate keys rewrap --data /var/lib/cognate --new-key-file /etc/cognate/kek2"`
}

// storage names the database that a command works on. There is no default: a
// command that changes a database is told which.
type storage struct {
	Data         string   `help:"Data folder of the server." type:"path" placeholder:"DIR"`
	Database     string   `help:"PostgreSQL instead of SQLite." placeholder:"postgres://..."`
	KeyFile      string   `help:"File with the key-encryption key; default kek in the data folder." placeholder:"FILE"`
	Key          string   `help:"The key-encryption key itself; prefer the environment." placeholder:"BASE64"`
	PreviousKeys []string `name:"previous-key-file" help:"Files with other key-encryption keys that the database needs." placeholder:"FILE"`
}

// Validate is called by the parser.
func (s storage) Validate() error {
	switch {
	case s.Data == "" && s.Database == "":
		return errors.New("which database? give --data or --database")
	case s.Data == "" && s.KeyFile == "" && s.Key == "":
		return errors.New("--database needs the key-encryption key: --key-file, --key or --data")
	case s.KeyFile != "" && s.Key != "":
		return errors.New("--key-file and --key exclude each other")
	}
	return nil
}

func (s storage) settings() config.Settings {
	return config.Settings{
		Mode: config.Dev, PublicURL: "http://localhost", Region: "us-east-1", Account: "000000000000",
		Data: s.Data, Database: s.Database, KeyFile: s.KeyFile, Key: s.Key, PreviousKeyFiles: s.PreviousKeys,
	}
}

type newKeyCmd struct {
	File string `arg:"" help:"Where to write it; the file must not exist." type:"path"`
}

// Run makes a key.
func (c *newKeyCmd) Run(e *env) error { return server.NewKeyFile(c.File, e.stdout) }

type rotateCmd struct {
	storage
	Pool    string `help:"Only this user pool; all when empty." placeholder:"ID"`
	Signing bool   `help:"New signing keys too; verifiers see them before they are used."`
}

// Run makes new keys.
func (c *rotateCmd) Run(e *env) error {
	return server.RotateKeys(e.ctx, c.settings(), c.Pool, c.Signing, e.stdout)
}

type rewrapCmd struct {
	storage
	NewKeyFile string `help:"File with the new key-encryption key, made when missing; without it, all data keys go under --key-file." placeholder:"FILE"`
}

// Run changes the key-encryption key.
func (c *rewrapCmd) Run(e *env) error {
	return server.RewrapKeys(e.ctx, c.settings(), c.NewKeyFile, e.stdout)
}
