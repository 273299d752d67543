package cli

import "cognate/internal/server"

type backupCmd struct {
	storage
	File       string   `arg:"" help:"File to write; it must not exist." type:"path"`
	Recipients []string `name:"recipient" help:"Encrypt for this age recipient instead of the key-encryption key." placeholder:"age1..." env:"-"`
	IncludeKey bool     `help:"Put the key-encryption key into the backup too; needs --recipient." env:"-"`
}

// Run makes the backup.
func (c *backupCmd) Run(e *env) error {
	o := server.BackupOptions{File: c.File, Recipients: c.Recipients, IncludeKey: c.IncludeKey, Program: Version()}
	return server.Backup(e.ctx, c.settings(), o, e.stdout)
}

type restoreCmd struct {
	storage
	File       string   `arg:"" help:"The backup." type:"existingfile"`
	Identities []string `name:"identity" help:"Files with age identities that open the backup." placeholder:"FILE" env:"-"`
	Check      bool     `help:"Only verify the file." env:"-"`
	Force      bool     `help:"Replace a database that holds something. Stop the servers before." env:"-"`
}

// Run restores the backup.
func (c *restoreCmd) Run(e *env) error {
	o := server.RestoreOptions{File: c.File, Identities: c.Identities, Check: c.Check, Force: c.Force}
	return server.Restore(e.ctx, c.settings(), o, e.stdout)
}
