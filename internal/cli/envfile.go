package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// envFiles lets a file stand for the value of a variable: COGNATE_DATABASE_FILE
// for COGNATE_DATABASE, as container platforms hand out secrets. The variable
// itself wins.
type envFiles struct{ taken map[string]bool }

// fileSuffix is what is appended to a variable's name.
const fileSuffix = "_FILE"

// Validate has nothing to say: a variable is only looked at for a flag.
func (e *envFiles) Validate(*kong.Application) error { return nil }

// belongs reports whether a variable is a flag's own: COGNATE_KEY_FILE is the one
// of --key-file.
func (e *envFiles) belongs(app *kong.Application, variable string) bool {
	if e.taken == nil {
		e.taken = map[string]bool{}
		_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
			if f, ok := node.(*kong.Flag); ok {
				for _, name := range f.Tag.Envs {
					e.taken[name] = true
				}
			}
			return next(nil)
		})
	}
	return e.taken[variable]
}

// file is the file that stands for a flag's value, "" for none.
func (e *envFiles) file(app *kong.Application, flag *kong.Flag) string {
	for _, name := range flag.Tag.Envs {
		if os.Getenv(name) != "" {
			return ""
		}
	}
	for _, name := range flag.Tag.Envs {
		if file := os.Getenv(name + fileSuffix); file != "" && strings.HasPrefix(name, "COGNATE_") && !e.belongs(app, name+fileSuffix) {
			return file
		}
	}
	return ""
}

// Resolve returns the content of the file without the line break at its end.
func (e *envFiles) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	file := e.file(ctx.Model, flag)
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag.Tag.Envs[0]+fileSuffix, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
