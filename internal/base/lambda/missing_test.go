package lambda

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{
		"node/index.mjs": 0o600, "node/src/app.js": 0o600, "py/index.py": 0o600, "py/pkg/handlers.py": 0o600,
		"go/bootstrap": 0o700, "named/run": 0o700, "plain/bootstrap": 0o600, "f.zip": 0o600,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ path, runtime, handler, want string }{
		{"node", "nodejs22.x", "index.handler", ""},
		{"node", "nodejs", "src/app.lambda.handler", ""},
		{"node", "nodejs", "other.handler", "node/other.js"},
		{"py", "python3.12", "index.handler", ""},
		{"py", "python", "pkg.handlers.main", ""},
		{"py", "python", "none.handler", "py/none.py"},
		{"go", "go", "", ""},
		{"named", "provided.al2023", "run", ""},
		{"plain", "go", "", "plain/bootstrap"},
		{"f.zip", "nodejs", "index.handler", ""},
		{"gone", "nodejs", "index.handler", "gone"},
	} {
		l := &Local{Path: filepath.Join(dir, c.path), Runtime: c.runtime, Handler: c.handler}
		want := ""
		if c.want != "" {
			want = filepath.Join(dir, filepath.FromSlash(c.want))
		}
		if have := l.Missing(); have != want {
			t.Errorf("%+v: %q, want %q", c, have, want)
		}
	}
}
