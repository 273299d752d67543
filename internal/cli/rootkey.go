package cli

import "cognate/internal/server"

// rootKeyCmd looks after the access key of the account's root user.
type rootKeyCmd struct {
	ShowID showIDCmd    `cmd:"" name:"show-id" help:"Print the access key id; the secret is nowhere to be read." example:"cognate root-key show-id --data /var/lib/cognate"`
	Renew  renewRootCmd `cmd:"" help:"Make a new root access key; the old one is refused within a second." example:"cognate root-key renew --data /var/lib/cognate"`
}

type showIDCmd struct {
	storage
	Account string `help:"AWS account id; may be left out when the database knows one only." placeholder:"ID"`
}

// Run prints the id.
func (c *showIDCmd) Run(e *env) error {
	return server.ShowRootKeyID(e.ctx, c.settings(), c.Account, e.stdout)
}

type renewRootCmd struct {
	storage
	Account string `help:"AWS account id; may be left out when the database knows one only." placeholder:"ID"`
	Out     string `help:"File that takes the key where no terminal shows it; default root-key in the data folder." type:"path" placeholder:"FILE" env:"-"`
}

// Run makes a new key.
func (c *renewRootCmd) Run(e *env) error {
	return server.RenewRootKey(e.ctx, c.settings(), c.Account, c.Out, e.stdout)
}
