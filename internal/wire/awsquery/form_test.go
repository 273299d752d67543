package awsquery

import (
	"fmt"
	"strings"
	"testing"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

func text(n *rt.Node) string {
	if len(n.Kids) == 0 {
		return n.Name + "=" + n.Text
	}
	parts := make([]string, len(n.Kids))
	for i, k := range n.Kids {
		parts[i] = text(k)
	}
	return n.Name + "(" + strings.Join(parts, " ") + ")"
}

func TestGrow(t *testing.T) {
	params, err := wire.ParseParams("&a.b.2=x+y&a.b.1=%26&c&a.d=&.=z")
	if err != nil {
		t.Fatal(err)
	}
	root, err := grow(params)
	if err != nil || text(root) != "(a(b(2=x y 1=&) d=) c= (=z))" {
		t.Errorf("%s %v", text(root), err)
	}
	for _, bad := range []string{"a=1&a=2", "a=1&a.b=2", "a.b=1&a=2", "a.b=1&a.b.c=2", "=&=", strings.Repeat("x", maxName+1)} {
		params, err := wire.ParseParams(bad)
		if err != nil {
			t.Fatal(err)
		}
		if root, err := grow(params); err == nil {
			t.Errorf("%.40s became %s", bad, text(root))
		}
	}
}

// TestGrowIsLinear: wide forms cost no more per parameter than narrow ones, and far indices cost nothing.
func TestGrowIsLinear(t *testing.T) {
	var form strings.Builder
	for i := range 4999 {
		fmt.Fprintf(&form, "Tags.member.%d.Key=k&", 2_000_000_000-i)
	}
	params, err := wire.ParseParams(form.String())
	if err != nil {
		t.Fatal(err)
	}
	root, err := grow(params)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(root.Kids[0].Kids[0].Kids); n != 4999 {
		t.Errorf("%d elements", n)
	}
}
