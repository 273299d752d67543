package archtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// foreign matches what belongs to one machine, one package mirror or one tool rather than to the project. The pieces
// are joined here so that this file does not match itself.
var foreign = regexp.MustCompile(strings.Join([]string{
	"(^|[^\\w.])/wo" + "rk/", "(^|[^\\w.])/ro" + "ot/", "\\.libr" + "ary\\b",
	"proxy\\.go" + "lang", "registry\\.n" + "pmjs", "pypi\\.o" + "rg/simple", "files\\.python" + "hosted", "deb\\.deb" + "ian", "maven\\.o" + "rg",
	"sub" + "agent", "(?i)cla" + "ude", "(?i)anth" + "ropic", "(?i)chat" + "gpt", "(?i)open" + "ai",
}, "|"))

// unfinished matches marks of work that was put off; such work is finished or written down in docs/divergences.md.
var unfinished = regexp.MustCompile(strings.Join([]string{
	"\\bTO" + "DO\\b", "\\bFIX" + "ME\\b", "\\bX" + "XX\\b", "(?i)\\bfor n" + "ow\\b", "(?i)not impl" + "emented\\b",
}, "|"))

// exempt names files whose words are not ours: checksums, lock files, the AWS models and the licence.
func exempt(path string) bool {
	return strings.HasSuffix(path, "go.sum") || strings.HasPrefix(path, "internal/api/models/") || path == "LICENSE" ||
		strings.Contains(path, "/testdata/")
}

// TestWords reads every tracked text file. It needs git, as a clone has it, to know which files
// are the project's.
func TestWords(t *testing.T) {
	dir := root(t)
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for _, path := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		if exempt(path) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			continue // deleted in the work tree, or binary
		}
		lock := strings.HasSuffix(path, "package-lock.json")
		for i, line := range strings.Split(string(text), "\n") {
			if found := foreign.FindString(line); found != "" {
				t.Errorf("%s:%d: %q belongs to a machine or tool outside the project", path, i+1, found)
			}
			if lock && strings.Contains(line, `"resolved"`) {
				t.Errorf("%s:%d: a resolved address; lock files name versions and checksums only", path, i+1)
			}
			if generated := strings.Contains(path, "internal/api/cognito"); !lock && !generated {
				if found := unfinished.FindString(line); found != "" {
					t.Errorf("%s:%d: %q marks unfinished work", path, i+1, found)
				}
			}
		}
	}
}
