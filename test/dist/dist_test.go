// Package dist builds releases the way that make dist does and looks into what
// comes out.
package dist

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// pinned is what the tests tell the release program instead of asking git.
var pinned = []string{"-version", "v1.2.3", "-commit", strings.Repeat("ab", 20), "-time", "1764500000"}

func build(t *testing.T, dir, platforms string) string {
	t.Helper()
	out := t.TempDir()
	cmd := exec.Command("go", append([]string{"run", "./internal/release", "-out", out, "-platforms", platforms}, pinned...)...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// unpack returns the files of an archive, and the modes of a tarball's.
func unpack(t *testing.T, name string) (files map[string][]byte, modes map[string]int64) {
	t.Helper()
	text := read(t, name)
	files, modes = map[string][]byte{}, map[string]int64{}
	if strings.HasSuffix(name, ".zip") {
		z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if files[filepath.Base(f.Name)], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		return files, modes
	}
	g, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(g); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files, modes
		}
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(h.Name)
		modes[base] = h.Mode
		if files[base], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRelease(t *testing.T) {
	out := build(t, root, "linux/amd64,windows/arm64")
	t.Run("checksums", func(t *testing.T) { checksums(t, out) })
	t.Run("linux", func(t *testing.T) { linux(t, filepath.Join(out, "cognate_1.2.3_linux_amd64.tar.gz")) })
	t.Run("windows", func(t *testing.T) {
		files, _ := unpack(t, filepath.Join(out, "cognate_1.2.3_windows_arm64.zip"))
		if program := files["cognate.exe"]; len(program) < 1<<20 || string(program[:2]) != "MZ" {
			t.Errorf("cognate.exe of %d bytes is no program", len(program))
		}
	})
	t.Run("bill of materials", func(t *testing.T) { materials(t, filepath.Join(out, "cognate_1.2.3.cdx.json")) })
	t.Run("same bytes from another folder", func(t *testing.T) { again(t, out) })
}

func checksums(t *testing.T, out string) {
	listed := map[string]bool{"SHA256SUMS": true}
	for line := range strings.Lines(string(read(t, filepath.Join(out, "SHA256SUMS")))) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("malformed line %q", line)
		}
		if got := sha256.Sum256(read(t, filepath.Join(out, name))); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s has another checksum", name)
		}
		listed[name] = true
	}
	files, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !listed[f.Name()] {
			t.Errorf("%s is not listed", f.Name())
		}
	}
	if len(listed) != 4 {
		t.Errorf("files %v", listed)
	}
}

// linux runs the binary, and sees that nothing else is needed to run it.
func linux(t *testing.T, archive string) {
	files, modes := unpack(t, archive)
	for _, name := range []string{"cognate", "LICENSE", "README.md", "CHANGELOG.md", "THIRD-PARTY-NOTICES"} {
		if len(files[name]) == 0 {
			t.Errorf("no %s", name)
		}
	}
	if modes["cognate"] != 0o755 {
		t.Errorf("mode %o", modes["cognate"])
	}
	for _, text := range []string{"modernc.org/sqlite", "github.com/jackc/pgx/v5", "Copyright (c) 2013-2021 Jack Christensen", "The Go Authors"} {
		if !bytes.Contains(files["THIRD-PARTY-NOTICES"], []byte(text)) {
			t.Errorf("the notices lack %q", text)
		}
	}
	f, err := elf.NewFile(bytes.NewReader(files["cognate"]))
	if err != nil {
		t.Fatal(err)
	}
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("it needs %v, %v", libraries, err)
	}
	if here, _ := filepath.Abs(root); bytes.Contains(files["cognate"], []byte(here)) {
		t.Error("it names the folder it was built in")
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return
	}
	program := filepath.Join(t.TempDir(), "cognate")
	if err := os.WriteFile(program, files["cognate"], 0o755); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(program, "--version").CombinedOutput(); err != nil || string(text) != "cognate v1.2.3\n" {
		t.Errorf("--version: %q, %v", text, err)
	}
	var info struct{ Version, Commit, Time string }
	text, err := exec.Command(program, "version", "--output", "json").Output()
	if err != nil || json.Unmarshal(text, &info) != nil || info.Commit != strings.Repeat("ab", 20) || info.Time != "2025-11-30T10:53:20Z" {
		t.Errorf("%s, %v", text, err)
	}
}

func materials(t *testing.T, file string) {
	var doc struct {
		BOMFormat, SpecVersion, SerialNumber string
		Metadata                             struct {
			Component struct{ Name, Version string }
		}
		Components []struct {
			Name, Version, PURL string
			Licenses            []struct{ License struct{ ID string } }
		}
	}
	if err := json.Unmarshal(read(t, file), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.BOMFormat != "CycloneDX" || doc.SpecVersion != "1.5" || !strings.HasPrefix(doc.SerialNumber, "urn:uuid:") || doc.Metadata.Component.Version != "v1.2.3" {
		t.Errorf("%+v", doc)
	}
	allowed := []string{"MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0", "MPL-2.0"}
	seen := map[string]bool{}
	for _, c := range doc.Components {
		seen[c.Name] = true
		if c.Version == "" || c.PURL != "pkg:golang/"+c.Name+"@"+c.Version || len(c.Licenses) == 0 {
			t.Errorf("%+v", c)
		}
		for _, l := range c.Licenses {
			if !slices.Contains(allowed, l.License.ID) {
				t.Errorf("%s: licence %q", c.Name, l.License.ID)
			}
		}
	}
	for _, name := range []string{"std", "modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/alecthomas/kong"} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if seen["github.com/rogpeppe/go-internal"] {
		t.Error("what only tests use is listed")
	}
}

// again builds from a copy of the sources elsewhere.
func again(t *testing.T, out string) {
	copied := t.TempDir()
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(names)) {
		name = strings.TrimSpace(name)
		info, err := os.Lstat(filepath.Join(root, name))
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		to := filepath.Join(copied, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, read(t, filepath.Join(root, name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	other := build(t, copied, "linux/amd64,windows/arm64")
	for _, name := range []string{"SHA256SUMS", "cognate_1.2.3.cdx.json"} {
		if !bytes.Equal(read(t, filepath.Join(out, name)), read(t, filepath.Join(other, name))) {
			t.Errorf("%s differs", name)
		}
	}
}
