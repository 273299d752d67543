package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// envCmd prints what points AWS's tools at a server.
type envCmd struct {
	Shell string `help:"sh (bash and zsh too), fish, powershell, or env for NAME=VALUE lines; default the shell of the environment." enum:"sh,fish,powershell,env," default:"" placeholder:"sh|fish|powershell|env" env:"-"`
	apiClient
}

// Run prints one line for each variable. Keys are printed only where they are
// the ones that dev accepts: others are in the environment or in a profile.
func (c *envCmd) Run(e *env) error {
	r, err := c.resolve()
	if err != nil {
		return err
	}
	vars := [][2]string{
		{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", r.endpoint},
		{"AWS_REGION", r.region},
		{"AWS_DEFAULT_REGION", r.region},
	}
	switch {
	case r.key.AccessKeyID == "dev":
		vars = append(vars, [2]string{"AWS_ACCESS_KEY_ID", r.key.AccessKeyID}, [2]string{"AWS_SECRET_ACCESS_KEY", r.key.Secret})
	case c.Profile != "":
		vars = append(vars, [2]string{"AWS_PROFILE", c.Profile})
	}
	if c.Output == "json" {
		all := map[string]string{}
		for _, v := range vars {
			all[v[0]] = v[1]
		}
		return printJSON(e.stdout, all)
	}
	shell := c.Shell
	if shell == "" {
		shell = ownShell()
	}
	for _, v := range vars {
		fmt.Fprintln(e.stdout, export(shell, v[0], v[1]))
	}
	return nil
}

// ownShell guesses which shell will read the lines.
func ownShell() string {
	switch {
	case filepath.Base(os.Getenv("SHELL")) == "fish":
		return "fish"
	case runtime.GOOS == "windows" && os.Getenv("SHELL") == "":
		return "powershell"
	}
	return "sh"
}

// export is the line that sets a variable, quoted so that no value is run.
func export(shell, name, value string) string {
	switch shell {
	case "fish":
		return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	case "powershell":
		return "$Env:" + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"
	case "env":
		return name + "=" + value
	}
	return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}
