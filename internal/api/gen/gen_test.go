package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommitted fails when generated files differ from what the models give.
func TestCommitted(t *testing.T) {
	if err := run("..", true); err != nil {
		t.Fatal(err)
	}
}

func TestDeterministic(t *testing.T) {
	raw, err := os.ReadFile("../models/cognito-idp.json")
	if err != nil {
		t.Fatal(err)
	}
	first, err := Generate("cognito-idp", raw)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Generate("cognito-idp", raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range first {
		if !bytes.Equal(text, second[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

func TestCheckFindsDrift(t *testing.T) {
	dir := t.TempDir()
	model := `{"metadata":{},"operations":{"A":{"name":"A","input":"AIn","errors":["E"]}},"shapes":{
		"AIn":{"type":"structure","required":["N"],"members":{"N":{"shape":"S"},"D":{"shape":"Doc"},"L":{"shape":"LL"}}},
		"S":{"type":"string","min":1},"Doc":{"type":"structure","members":{},"document":true},
		"LL":{"type":"list","member":{"shape":"LS"}},"LS":{"type":"list","member":{"shape":"Free"}},"Free":{"type":"string"},
		"E":{"type":"structure","members":{"message":{"shape":"S"}},"exception":true}}}`
	if err := os.MkdirAll(filepath.Join(dir, "models"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "models", "x-y.json"), []byte(model), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil {
		t.Error("missing files were not noticed")
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err != nil {
		t.Fatal(err)
	}
	shapes, err := os.ReadFile(filepath.Join(dir, "xy", "shapes_ab_gen.go"))
	if err != nil || !strings.Contains(string(shapes), "L [][]string") {
		t.Errorf("%s %v", shapes, err)
	}
	stale := filepath.Join(dir, "xy", "old_gen.go")
	if err := os.WriteFile(stale, []byte("package xy\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil || !strings.Contains(err.Error(), "old_gen.go") {
		t.Errorf("stale file: %v", err)
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("stale file was kept")
	}
}

func TestNameClashesAreRefused(t *testing.T) {
	for _, shapes := range []string{
		`"A":{"type":"string","enum":["X_Y","x-y"]}`,
		`"Service":{"type":"structure","members":{}}`,
		`"A":{"type":"string","enum":["B"]},"AB":{"type":"structure","members":{}}`,
		`"A":{"type":"list","member":{"shape":"Unknown"}}`,
	} {
		if _, err := Generate("x", []byte(`{"operations":{},"shapes":{`+shapes+`}}`)); err == nil {
			t.Errorf("accepted %s", shapes)
		}
	}
}

func TestEnumConst(t *testing.T) {
	for value, want := range map[string]string{
		"USER_SRP_AUTH": "TUserSrpAuth", "phone_number": "TPhoneNumber", "SignIn": "TSignIn", "code": "TCode", "V1_0": "TV10", "EMAIL": "TEmail",
	} {
		if got := enumConst("T", value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

// TestTranslate checks values on which the dialects of Java and Go differ.
func TestTranslate(t *testing.T) {
	for _, tt := range []struct {
		java, value string
		want        bool
	}{
		{`[\w\s]+`, "a\vb", true},
		{`\s`, "\v", true},
		{`[\S]+`, "\v", false},
		{`\S`, "\u00a0", true},
		{`\w+`, "é", false},
		{`.+`, "a\u2028", false},
		{`.+`, "a\r", false},
		{`.+`, "a\u0085", false},
		{`(?s).+`, "a\n\u2028", true},
		{`[.]`, "x", false},
		{`[A-Za-z0-9-_=.]+`, "a-_=.", true},
		{`^[a-z]+$`, "a\n", false},
		{`\{####\}`, "{####}", true},
		{`[\u0020-\u007E\u00A0]+`, "a~\u00a0", true},
		{`[\u0020-\u007E]+`, "\u00a0", false},
	} {
		expr, err := translate(tt.java)
		if err != nil {
			t.Fatal(err)
		}
		if got := regexp.MustCompile(`\A(?:` + expr + `)\z`).MatchString(tt.value); got != tt.want {
			t.Errorf("%s on %q: %t", tt.java, tt.value, got)
		}
	}
	for _, java := range []string{`[a\S]`, `[a&&b]`, `[a[b]]`} {
		if expr, err := translate(java); err == nil {
			t.Errorf("%s became %s", java, expr)
		}
	}
}

func TestOverlays(t *testing.T) {
	for pattern, values := range map[string]map[string]bool{
		`^[0-9A-Za-z\.\-_]*(?<!\.)$`: {"bucket": true, "bucket.": false, "a.b": true, "": true, "a/b": false, ".": false},
		`^[\S]+.*[\S]+$`:             {"x": true, "a b": true, "a": true, " a": false, "a ": false, "": false, "a\nb": false, "ä ö": true},
	} {
		expr, err := translate(overlays["cognito-idp"][pattern].expr)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for value, want := range values {
			if re.MatchString(value) != want {
				t.Errorf("%s on %q: %t", pattern, value, !want)
			}
		}
	}
}
