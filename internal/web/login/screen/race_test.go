package screen

import (
	"sync"
	"testing"

	"cognate/internal/base/background"
)

// TestTogether: many draw with one look, at several addresses, while the operator's folder changes.
func TestTogether(t *testing.T) {
	folder := t.TempDir()
	fill(t, folder, map[string]string{"templates/login.html": "{{.Title}}"})
	d, err := Open(folder, true)
	if err != nil {
		t.Fatal(err)
	}
	d.watch.every = 0
	look := NewLook(Style{Generation: Managed})
	var wg sync.WaitGroup
	for i := range 8 {
		background.In(&wg, "drawing", func() {
			for n := range 20 {
				s := signIn()
				s.Base = []string{"", "/eu_One", "/eu_Two"}[n%3]
				if p, err := d.Draw(look, []string{"en", "ar"}[n%2], &s); err != nil || p.Problem != "" {
					t.Error(err, p.Problem)
				}
				if i == 0 {
					fill(t, folder, map[string]string{"templates/style.css": ".a{order:" + string(rune('0'+n%10)) + "}" + string(make([]byte, n))})
				}
			}
		})
	}
	wg.Wait()
}
