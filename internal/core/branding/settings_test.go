package branding

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
)

// TestDefaultsFillTheTree: every value that the tree knows has a default, and every default is a value of the tree, but for
// colors that a kind of button or status has not.
func TestDefaultsFillTheTree(t *testing.T) {
	absent := []string{"Disabled.TextColor", "Disabled", "BorderColor", "Pending", "ItemBorderColor", "ItemTextColor"}
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
		case reflect.String, reflect.Float64:
			if v.IsZero() && !strings.Contains(path, "Federation.Order") {
				for _, part := range absent {
					if strings.Contains(path, part) {
						return
					}
				}
				t.Errorf("no default for %s", path)
			}
		}
	}
	walk(reflect.ValueOf(DefaultSettings()).Elem(), "")
	var known func(tree node, of reflect.Value, path string)
	known = func(tree node, of reflect.Value, path string) {
		for name, value := range tree {
			field := member(of, name)
			if !field.IsValid() {
				t.Errorf("the tree does not know %s.%s", path, name)
				continue
			}
			if below, ok := value.(node); ok && field.Kind() == reflect.Struct {
				known(below, field, path+"."+name)
			}
		}
	}
	known(defaults(), reflect.ValueOf(DefaultSettings()).Elem(), "Settings")
}

func TestMerge(t *testing.T) {
	parsed := func(text string) node {
		tree, err := parse(rt.Document(text))
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	for _, c := range []struct{ below, over, merged, shown string }{
		{`{}`, `{}`, `{}`, `{}`},
		{`{"a":{"b":1,"c":2}}`, `{"a":{"c":3}}`, `{"a":{"b":1,"c":3}}`, `{"a":{"b":1,"c":3}}`},
		{`{"a":{"b":1,"c":2}}`, `{"a":{"c":null}}`, `{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`},
		{`{"a":{"b":1}}`, `{"a":null}`, `{}`, `{"a":{"b":1}}`},
		{`{"a":1}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`, `{"a":{"b":1}}`},
		{`{"a":{"b":1}}`, `{"a":1}`, `{"a":1}`, `{"a":1}`},
		{`{"a":[1,2]}`, `{"a":[]}`, `{"a":[]}`, `{"a":[]}`},
		{`{}`, `{"a":{"b":null,"c":1.50}}`, `{"a":{"c":1.50}}`, `{"a":{"b":null,"c":1.50}}`},
	} {
		below := parsed(c.below)
		for want, got := range map[string]node{c.merged: merge(below, parsed(c.over)), c.shown: shown(below, parsed(c.over))} {
			if text, err := write(got); err != nil || string(text) != want {
				t.Errorf("%s over %s: %s, want %s", c.over, c.below, text, want)
			}
		}
		if text, _ := write(below); string(text) != c.below {
			t.Errorf("%s was changed to %s", c.below, text)
		}
	}
}

// TestContrastOfDefaults: what nobody has changed can be read, in both schemes.
func TestContrastOfDefaults(t *testing.T) {
	s := *DefaultSettings()
	for _, scheme := range []ColorScheme{SchemeLight, SchemeDark, SchemeDynamic} {
		s.Categories.Global.ColorSchemeMode = scheme
		for _, p := range s.Contrast() {
			t.Errorf("%s: %s", scheme, p)
		}
	}
}

func TestContrast(t *testing.T) {
	for _, c := range []struct {
		front, back Color
		want        float64
	}{
		{"000000ff", "ffffffff", 21}, {"ffffffff", "000000ff", 21}, {"777777ff", "ffffffff", 4.48}, {"767676FF", "ffffffff", 4.54},
		{"00000000", "ffffffff", 1}, {"00000080", "ffffffff", 3.98},
	} {
		ground := over(c.back, rgb{1, 1, 1})
		if got := contrast(over(c.front, ground), ground); math.Abs(got-c.want) > 0.03 {
			t.Errorf("%s on %s: %.3f, want %.2f", c.front, c.back, got, c.want)
		}
	}
	s := *DefaultSettings()
	s.Categories.Global.ColorSchemeMode = SchemeDynamic
	s.Components.Form.LightMode.BackgroundColor = "ffffff00" // nothing of its own: the page shows through
	s.Components.PageBackground.LightMode.Color = "000716ff"
	var names []string
	for _, p := range s.Contrast() {
		if p.Back == "components.form.lightMode.backgroundColor" {
			names = append(names, p.Front)
		}
	}
	if text := strings.Join(names, " "); !strings.Contains(text, "components.pageText.lightMode.headingColor") || strings.Contains(text, "darkMode") {
		t.Errorf("%s", text)
	}
}

func TestSniff(t *testing.T) {
	const svg = cognitoidp.AssetExtensionTypeSvg
	for content, want := range map[string]cognitoidp.AssetExtensionType{
		"": "", "GIF89a": "", "\x89PNG": "", "\x89PNG\r\n\x1a\n": "PNG", "\xff\xd8\xff\xdb": "JPEG", "\x00\x00\x01\x00": "ICO", "\x00\x00\x02\x00": "",
		"RIFF....WEBPVP8L": "WEBP", "RIFF....WAVEfmt ": "", "<svg/>": svg, "\ufeff <?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE svg><!-- x --><svg:svg xmlns:svg='x'/>": svg,
		"<html><svg/></html>": "", "text <svg/>": "", "<svg/>\x00": "", "<!-- <svg/> -->": "", "<svg": "", "\xfe\xff<svg/>": "", "%PDF-1.7": "", "<?xml version='1.0'?>": "",
	} {
		if got := sniff([]byte(content)); got != want {
			t.Errorf("%q is %q, want %q", content, got, want)
		}
	}
}

// FuzzSettings: whatever a document holds, it is refused or makes settings that read alike from what is stored and merged.
func FuzzSettings(f *testing.F) {
	f.Add(defaultText)
	f.Add(`{"components":{"form":{"borderRadius":1e400,"logo":null}},"x":[{}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		c, err := newChange(nil, rt.Document(text), nil)
		if err != nil {
			return
		}
		tree, err := effective(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := read(tree); err != nil {
			t.Fatalf("%s is taken and cannot be shown: %v", text, err)
		}
		s, err := c.into(style{settings: rt.Document(defaultText)})
		if err != nil {
			t.Fatal(err)
		}
		if merged, err := parse(s.settings); err != nil {
			t.Fatal(err)
		} else if _, err := read(merged); err != nil {
			t.Fatalf("%s is taken and cannot be kept: %v", text, err)
		}
	})
}
