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

// words are the lower-case texts that make a file worth a closer look, each with what it must match there. Those of the
// first group belong to one machine, one package mirror or one tool rather than to the project; those of the second mark
// work that was put off, which is finished or written down in docs/divergences.md. The pieces are joined here so that
// this file does not match itself.
var words = []struct {
	text    string
	pattern *regexp.Regexp // nil: the text alone decides
	ours    bool           // about unfinished work, so generated AWS texts are left out
}{
	{text: "/wo" + "rk/", pattern: regexp.MustCompile("(^|[^\\w.])/wo" + "rk/")},
	{text: "/ro" + "ot/", pattern: regexp.MustCompile("(^|[^\\w.])/ro" + "ot/")},
	{text: ".libr" + "ary", pattern: regexp.MustCompile("\\.libr" + "ary\\b")},
	{text: "proxy.go" + "lang"},
	{text: "registry.n" + "pmjs"},
	{text: "pypi.o" + "rg/simple"},
	{text: "files.python" + "hosted"},
	{text: "deb.deb" + "ian"},
	{text: "maven.o" + "rg"},
	{text: "sub" + "agent"},
	{text: "cla" + "ude"},
	{text: "anth" + "ropic"},
	{text: "chat" + "gpt"},
	{text: "open" + "ai"},
	{text: "to" + "do", pattern: regexp.MustCompile("\\bTO" + "DO\\b"), ours: true},
	{text: "fix" + "me", pattern: regexp.MustCompile("\\bFIX" + "ME\\b"), ours: true},
	{text: "x" + "xx", pattern: regexp.MustCompile("\\bX" + "XX\\b"), ours: true},
	{text: "for n" + "ow", pattern: regexp.MustCompile("(?i)\\bfor n" + "ow\\b"), ours: true},
	{text: "not impl" + "emented", ours: true},
}

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
		checkWords(t, path, string(text))
		if strings.HasSuffix(path, "package-lock.json") && strings.Contains(string(text), `"resolved"`) {
			t.Errorf("%s: resolved addresses; lock files name versions and checksums only", path)
		}
	}
}

// checkWords searches one file. Looking for plain texts first keeps the test quick: hardly any file has one.
func checkWords(t *testing.T, path, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	generated := strings.Contains(path, "internal/api/cognito") || strings.HasSuffix(path, "package-lock.json")
	for _, word := range words {
		if !strings.Contains(lower, word.text) || (word.ours && generated) {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			found := word.pattern == nil && strings.Contains(strings.ToLower(line), word.text)
			if found || (word.pattern != nil && word.pattern.MatchString(line)) {
				t.Errorf("%s:%d: %q does not belong into the project's files", path, i+1, word.text)
			}
		}
	}
}
