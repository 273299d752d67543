package pagetoken

import (
	"errors"
	"testing"
	"time"
)

func TestPage(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	tokens := tokens(&now)
	own := func(s string) string { return s }
	all := []string{"a", "b", "c"}
	page, err := tokens.Page(t.Context(), "s", "list", nil, 2)
	if err != nil || page.After != "" {
		t.Fatal(page.After, err)
	}
	rows, last := Cut(page, all, own)
	if len(rows) != 2 || last != "b" {
		t.Fatalf("page %v, continues after %q", rows, last)
	}
	next, err := page.Next(t.Context(), last)
	if err != nil || next == nil {
		t.Fatal(next, err)
	}
	page, err = tokens.Page(t.Context(), "s", "list", next, 2)
	if err != nil || page.After != "b" {
		t.Fatal(page.After, err)
	}
	rows, last = Cut(page, all[2:], own)
	if end, err := page.Next(t.Context(), last); len(rows) != 1 || end != nil || err != nil {
		t.Errorf("page %v, then %v, %v", rows, end, err)
	}
	if _, err := tokens.Page(t.Context(), "s", "another", next, 2); !errors.Is(err, ErrInvalid) {
		t.Errorf("the token of another query: %v", err)
	}
}
