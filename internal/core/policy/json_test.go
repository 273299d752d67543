package policy

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzJSON holds the reader to encoding/json: it takes nothing that is not JSON, and of JSON it refuses only what it says.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,true,null,"\u00e9\n\"",{}]}`, `{"a":1,"a":2}`, `[1,]`, `{,}`, `[01]`, `"\ud800"`, "\"\t\"", ` [ ] `, `[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]`, `{"a"1}`, `tru`, `--1`, "\ufeff{}", `"\x"`, `[1 2]`, `{"a":1 "b":2}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, at, ok := readJSON(text)
		if at < 0 || at > len(text) {
			t.Fatalf("offset %d of %d bytes", at, len(text))
		}
		if !ok {
			var v any
			if json.Unmarshal([]byte(text), &v) == nil && text == strings.ToValidUTF8(text, "") && plainValue(v, text) {
				t.Fatalf("%q is JSON", text)
			}
			return
		}
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		same(t, n, v)
		if pos := position(text, n.start); pos.Line < 1 || pos.Column < 1 {
			t.Fatalf("position %v", pos)
		}
	})
}

// plainValue reports whether a value has neither a key twice (its text has more colons than keys that were kept) nor depth.
func plainValue(v any, text string) bool {
	depth, colons, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '[' || b == '{':
			depth++
		case b == ':':
			colons++
		}
	}
	return depth <= maxDepth && colons == countKeys(v)
}

func countKeys(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, item := range v {
			n += countKeys(item)
		}
	case []any:
		for _, item := range v {
			n += countKeys(item)
		}
	}
	return n
}

// same holds a node to what encoding/json makes of the same text.
func same(t *testing.T, n *node, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		if n.kind != nullNode {
			t.Fatalf("%v, want null", n)
		}
	case bool:
		if n.kind != boolNode || (n.text == "true") != v {
			t.Fatalf("%v, want %v", n, v)
		}
	case float64:
		if n.kind != numberNode {
			t.Fatalf("%v, want %v", n, v)
		}
	case string:
		if n.kind != stringNode || n.text != v {
			t.Fatalf("%v, want %q", n, v)
		}
	case []any:
		if n.kind != listNode || len(n.items) != len(v) {
			t.Fatalf("%v, want %v", n, v)
		}
		for i := range v {
			same(t, &n.items[i], v[i])
		}
	case map[string]any:
		if n.kind != objectNode || len(n.items) != len(v) {
			t.Fatalf("%v, want %v", n, v)
		}
		for key, item := range v {
			same(t, n.field(key), item)
		}
	}
}
