package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// yamlSettings resolves flags from a YAML document whose keys are the flag
// names, with - or _ between words. Unknown keys are reported, so that a typing
// error does not silently leave a default in force.
func yamlSettings(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return &yamlResolver{values: normalise(values)}, nil
}

type yamlResolver struct {
	values map[string]any
	files  envFiles
}

func normalise(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for k, v := range in {
		out[strings.ReplaceAll(k, "_", "-")] = v
	}
	return out
}

// Validate reports keys that no flag of any command has.
func (y *yamlResolver) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			known[f.Name] = true
		}
		return next(nil)
	})
	for k := range y.values {
		if !known[k] {
			return fmt.Errorf("configuration file: unknown key %q", k)
		}
	}
	return nil
}

// Resolve returns the value of a flag, or nil. What the environment says stays in
// force, also by a file.
func (y *yamlResolver) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Tag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	if y.files.file(ctx.Model, flag) != "" {
		return nil, nil
	}
	v, ok := y.values[flag.Name]
	if !ok {
		return nil, nil
	}
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = fmt.Sprint(p)
		}
		return strings.Join(parts, ","), nil
	default:
		return fmt.Sprint(v), nil
	}
}
