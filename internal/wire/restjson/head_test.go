package restjson

import (
	"net/http/httptest"
	"testing"

	"cognate/internal/api/rt"
	"cognate/internal/wire"
)

// TestReadHead covers what the services of today's models do not use: greedy labels, lists and prefixes.
func TestReadHead(t *testing.T) {
	op := &wire.Operation{HTTP: &rt.HTTP{Method: "GET", Path: "/b/{Bucket}/{Key+}", Head: []rt.HeadMember{
		{Key: "Bucket", Name: "Bucket", In: rt.InPath}, {Key: "Key", Name: "Key", In: rt.InPath},
		{Key: "Tags", Name: "tag", In: rt.InQuery, Many: true}, {Key: "One", Name: "one", In: rt.InQuery},
		{Key: "Types", Name: "X-Types", In: rt.InHeader, Many: true}, {Key: "Meta", Name: "x-meta-", In: rt.InHeaders},
		{Key: "Absent", Name: "X-Absent", In: rt.InHeader},
	}}}
	r := httptest.NewRequest("GET", "/b/my%20bucket/a/b%2Fc?tag=1&tag=2&one=x&one=y", nil)
	r.Header.Add("X-Types", "a, b")
	r.Header.Add("X-Types", "c")
	r.Header.Set("X-Meta-Owner", "me")
	head, err := readHead(op, r)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, k := range head.Kids {
		got[k.Name] = k.Text
		for _, item := range k.Kids {
			got[k.Name] += item.Name + "=" + item.Text + ";"
		}
	}
	for name, want := range map[string]string{
		"Bucket": "my bucket", "Key": "a/b/c", "Tags": "=1;=2;", "One": "x", "Types": "=a;=b;=c;", "Meta": "owner=me;",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
	if _, ok := got["Absent"]; ok || len(got) != 6 {
		t.Errorf("%v", got)
	}
}
