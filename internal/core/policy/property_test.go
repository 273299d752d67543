package policy

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawPair draws a pair of the generator of the differential test.
func drawPair(t *rapid.T) pair {
	g := generator{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))}
	return g.next()
}

// drawDocument draws one more policy.
func drawDocument(t *rapid.T) json.RawMessage {
	g := generator{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "document"), 5))}
	return g.document(false)
}

// evaluate decides a pair whose documents may have been changed.
func evaluate(t *testing.T, p pair) Decision {
	t.Helper()
	r, sets := p.request(t)
	return Evaluate(r, sets)
}

// withEffect gives all statements of a document one effect.
func withEffect(t *testing.T, document json.RawMessage, effect string) json.RawMessage {
	t.Helper()
	return changed(t, document, func(list []map[string]any) []map[string]any {
		for _, s := range list {
			s["Effect"] = effect
		}
		return list
	})
}

func changed(t *testing.T, document json.RawMessage, change func([]map[string]any) []map[string]any) json.RawMessage {
	t.Helper()
	var d struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	d.Statement = change(d.Statement)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// width orders results: what is allowed is wider than what is not.
func width(d Decision) int {
	return map[Result]int{ExplicitDeny: 0, ImplicitDeny: 1, Allowed: 2}[d.Result]
}

// TestProperties holds Evaluate to what has to be true whatever the policies are.
func TestProperties(t *testing.T) {
	for name, check := range map[string]func(t *testing.T, r *rapid.T, p pair) bool{
		"a denial never widens": func(t *testing.T, r *rapid.T, p pair) bool {
			before := width(evaluate(t, p))
			p.Identity = append(slices.Clone(p.Identity), withEffect(t, drawDocument(r), "Deny"))
			return width(evaluate(t, p)) <= before
		},
		"a permission of the identity never narrows": func(t *testing.T, r *rapid.T, p pair) bool {
			before := width(evaluate(t, p))
			p.Identity = append(slices.Clone(p.Identity), withEffect(t, drawDocument(r), "Allow"))
			return width(evaluate(t, p)) >= before
		},
		"a permission in the boundary never narrows": func(t *testing.T, r *rapid.T, p pair) bool {
			if p.Boundary == nil {
				return true
			}
			before, more := width(evaluate(t, p)), withEffect(t, drawDocument(r), "Allow")
			p.Boundary = joined(t, p.Boundary, more)
			return width(evaluate(t, p)) >= before
		},
		"a boundary never widens": func(t *testing.T, r *rapid.T, p pair) bool {
			p.Boundary = nil
			before := width(evaluate(t, p))
			p.Boundary = drawDocument(r)
			return width(evaluate(t, p)) <= before
		},
		"a session policy never widens": func(t *testing.T, r *rapid.T, p pair) bool {
			p.Session = nil
			before := width(evaluate(t, p))
			p.Session = drawDocument(r)
			return width(evaluate(t, p)) <= before
		},
		"the order of statements and policies does not matter": func(t *testing.T, _ *rapid.T, p pair) bool {
			before := evaluate(t, p).Result
			reversed := func(list []map[string]any) []map[string]any { slices.Reverse(list); return list }
			q := p
			q.Identity = nil
			for _, document := range slices.Backward(p.Identity) {
				q.Identity = append(q.Identity, changed(t, document, reversed))
			}
			if p.Resource != nil {
				q.Resource = changed(t, p.Resource, reversed)
			}
			return evaluate(t, q).Result == before
		},
		"a policy in two is the same policy": func(t *testing.T, _ *rapid.T, p pair) bool {
			before, q := evaluate(t, p).Result, p
			q.Identity = []json.RawMessage{joined(t, p.Identity...)}
			return evaluate(t, q).Result == before
		},
		"Explain decides as Evaluate": func(t *testing.T, _ *rapid.T, p pair) bool {
			r, sets := p.request(t)
			short, full := Evaluate(r, sets), Explain(r, sets)
			return short.Result == full.Result && short.Layer == full.Layer && (len(full.Matched) > 0) == (short.Result != ImplicitDeny)
		},
		"nothing is allowed without a statement that allows": func(t *testing.T, _ *rapid.T, p pair) bool {
			for i := range p.Identity {
				p.Identity[i] = withEffect(t, p.Identity[i], "Deny")
			}
			p.Resource = nil
			d := evaluate(t, p)
			return !d.Allowed()
		},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				if p := drawPair(r); !check(t, r, p) {
					text, _ := json.Marshal(p)
					r.Fatalf("not so for %s", text)
				}
			})
		})
	}
}

// joined puts the statements of documents into one.
func joined(t *testing.T, documents ...json.RawMessage) json.RawMessage {
	t.Helper()
	all := documents[0]
	for _, document := range documents[1:] {
		changed(t, document, func(more []map[string]any) []map[string]any {
			all = changed(t, all, func(list []map[string]any) []map[string]any { return append(list, more...) })
			return more
		})
	}
	return all
}
