package lambda

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestZip(t *testing.T) {
	needs(t, "python3")
	file := filepath.Join(t.TempDir(), "code.zip")
	pack := func(entries ...zipEntry) {
		if err := os.WriteFile(file, zipOf(t, entries...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pack(zipEntry{"f.py", "from lib.x import v\ndef h(e, c): return {'v': v}", 0o644}, zipEntry{"lib/x.py", "v = 1", 0o644},
		zipEntry{"lib/y.py", "x.py", 0o777 | fs.ModeSymlink})
	r := router(t, Options{Host: HostOptions{Watch: true}}, python(file, "f.h"))
	if got := answer(t, r, `{}`)["v"]; got != 1.0 {
		t.Fatalf("%v", got)
	}
	pack(zipEntry{"f.py", "def h(e, c): return {'v': 'second'}", 0o644})
	time.Sleep(20 * time.Millisecond)
	if got := answer(t, r, `{}`)["v"]; got != "second" {
		t.Fatalf("%v", got)
	}
	pack(zipEntry{"../f.py", "", 0o644})
	time.Sleep(20 * time.Millisecond)
	if _, err := call(t, r, `{}`); !errors.Is(err, ErrNotConfigured) {
		t.Fatalf("zip slip: %v", err)
	}
}

type zipEntry struct {
	name, text string
	mode       fs.FileMode
}

func zipOf(t testing.TB, entries ...zipEntry) []byte {
	t.Helper()
	var b strings.Builder
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

func TestUnzipRefusals(t *testing.T) {
	for name, entries := range map[string][]zipEntry{
		"parent":          {{"../x", "", 0o644}},
		"inner parent":    {{"a/../../x", "", 0o644}},
		"absolute":        {{"/etc/x", "", 0o644}},
		"backslash":       {{`..\x`, "", 0o644}},
		"drive":           {{`C:\x`, "", 0o644}},
		"link out":        {{"l", "../../etc", 0o777 | fs.ModeSymlink}},
		"absolute link":   {{"l", "/etc/passwd", 0o777 | fs.ModeSymlink}},
		"through link":    {{"d/l", "..", 0o777 | fs.ModeSymlink}, {"d/m", "l/../..", 0o777 | fs.ModeSymlink}, {"d/m/x", "", 0o644}},
		"over itself":     {{"x", "1", 0o644}, {"x", "2", 0o644}},
		"through a file":  {{"x", "1", 0o644}, {"x/y", "2", 0o644}},
		"device":          {{"x", "", 0o644 | fs.ModeDevice}},
		"pipe":            {{"x", "", 0o644 | fs.ModeNamedPipe}},
		"long name":       {{strings.Repeat("n", 2000), "", 0o644}},
		"write over link": {{"a", "b", 0o777 | fs.ModeSymlink}, {"a", "2", 0o644}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "x.zip")
			if err := os.WriteFile(file, zipOf(t, entries...), 0o644); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(dir, "in", "to")
			if err := os.MkdirAll(to, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := unzip(file, to, 1<<20); !errors.Is(err, errArchive) {
				t.Errorf("have %v", err)
			}
			for _, d := range []string{dir, filepath.Dir(to)} {
				if list, _ := os.ReadDir(d); len(list) > 2 {
					t.Errorf("%v was written outside", list)
				}
			}
		})
	}
}

func TestUnzipBomb(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	w := zip.NewWriter(&b)
	f, err := w.Create("zero")
	if err != nil {
		t.Fatal(err)
	}
	zero := make([]byte, 1<<20)
	for range 6 {
		if _, err := f.Write(zero); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "x.zip")
	write(t, file, b.String())
	if err := unzip(file, t.TempDir(), 5<<20); !errors.Is(err, errArchive) {
		t.Fatal(err)
	}
}

func FuzzUnzip(f *testing.F) {
	f.Add(zipOf(f, zipEntry{"a/b", "text", 0o755}, zipEntry{"l", "a/b", 0o777 | fs.ModeSymlink}))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "x.zip")
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "in", "to")
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		_ = unzip(file, to, 1<<20)
		if list, _ := os.ReadDir(filepath.Dir(to)); len(list) != 1 {
			t.Fatalf("%v was written outside", list)
		}
	})
}
