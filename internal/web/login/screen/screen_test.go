package screen

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func drawer(t testing.TB) *Drawer {
	t.Helper()
	d, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func draw(t testing.TB, d *Drawer, look *Look, lang string, s *Screen) Page {
	t.Helper()
	p, err := d.Draw(look, lang, s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// dressed is a sample in a look.
type dressed struct {
	Sample
	look *Look
}

// looks are all samples in Cognate's own look and, in English, in that of the classic pages.
func looks(lang string) []dressed {
	var out []dressed
	old := NewLook(Style{Generation: Classic, CSS: ".submitButton-customizable{color:#fff}"})
	for _, s := range Samples() {
		out = append(out, dressed{s, nil})
		if lang == English {
			out = append(out, dressed{Sample{"classic-" + s.Name, s.Screen}, old})
		}
	}
	return out
}

// inline is what the policy of pages does not let in, or what a template could not put in.
var inline = regexp.MustCompile(`(?i)\s(on[a-z]+|style)\s*=|javascript:|ZgotmplZ|<no value>`)

// maxCompressed is how large a page with its style may be on its way.
const maxCompressed = 14 << 10

// compressed is how large a page is on its way, at the least effort that a server makes.
func compressed(page []byte) int {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	_, _ = z.Write(page)
	_ = z.Close()
	return b.Len()
}

// TestSamples: every page in every state is small, has the one style that its policy allows and no script but ours.
func TestSamples(t *testing.T) {
	d := drawer(t)
	dump := os.Getenv("SCREEN_DUMP")
	for _, l := range languages {
		for _, s := range looks(l.Code) {
			p := draw(t, d, s.look, l.Code, s.Screen)
			text := string(p.HTML)
			if size := compressed(p.HTML); size > maxCompressed {
				t.Errorf("%s: %d bytes compressed", s.Name, size)
			}
			_, style, _ := strings.Cut(text, "<style>")
			style, _, _ = strings.Cut(style, "</style>")
			sum := sha256.Sum256([]byte(style))
			if !strings.Contains(p.CSP, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
				t.Errorf("%s: the policy is not about its style: %s", s.Name, p.CSP)
			}
			if m := inline.FindString(text[strings.Index(text, "</style>"):]); m != "" {
				t.Errorf("%s has %q", s.Name, m)
			}
			if dump != "" {
				_ = os.MkdirAll(dump, 0o755)
				_ = os.WriteFile(filepath.Join(dump, s.Name+"."+l.Code+".html"), p.HTML, 0o644)
			}
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	d := drawer(b)
	for _, s := range Samples() {
		switch s.Name {
		case "login-all", "signup-wrong", "totp-setup", "choose":
			b.Run(s.Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					draw(b, d, nil, English, s.Screen)
				}
			})
		}
	}
}
