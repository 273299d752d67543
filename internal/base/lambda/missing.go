package lambda

import (
	"os"
	"path/filepath"
	"strings"
)

// Missing names what is not on disk yet of a valid function, "" when everything is or cannot be told from outside. It is
// for a warning when a server starts: the code may still be built, and is looked for again at every invocation.
func (l *Local) Missing() string {
	info, err := os.Stat(l.Path)
	if err != nil {
		return l.Path
	}
	if !info.IsDir() {
		return ""
	}
	kind, _ := runtimeKind(l.Runtime)
	exists := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	switch kind {
	case nodeKind: // [folder/]file.member, where a member may have dots
		folder, name := filepath.Split(l.Handler)
		name, _, _ = strings.Cut(name, ".")
		stem := filepath.Join(l.Path, folder, name)
		for _, end := range []string{"", ".js", ".mjs", ".cjs"} {
			if exists(stem + end) {
				return ""
			}
		}
		return stem + ".js"
	case pythonKind: // package.module.member
		module := l.Handler[:strings.LastIndexByte(l.Handler, '.')]
		stem := filepath.Join(l.Path, filepath.FromSlash(strings.ReplaceAll(module, ".", "/")))
		if exists(stem+".py") || exists(stem) {
			return ""
		}
		return stem + ".py"
	}
	if executable(l.Path, l.Handler) == "" {
		return filepath.Join(l.Path, "bootstrap")
	}
	return ""
}
