package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
)

// pairs is how many pairs the other evaluator has answered.
const pairs = 10_000

// differences is the table of everything in which the other evaluator, iam-simulate 0.1.173 of Cloud Copilot, decides
// otherwise. Each entry rewrites a pair into one that means for us what the pair means there; TestDifferential holds us to
// its verdicts on the rewritten pairs, so that no difference is left without a reason.
var differences = []struct {
	name    string
	ours    string
	rewrite func(p *pair, s map[string]any)
}{
	{
		"ForAnyValue with IfExists and no key", "IfExists makes every condition hold whose key is absent; there it does not",
		conditionRewrite(func(_ *pair, operator string, _ map[string]any) string {
			if strings.HasPrefix(operator, "ForAnyValue:") {
				return strings.TrimSuffix(operator, "IfExists")
			}
			return operator
		}),
	},
	{
		"NotIpAddress with an IPv6 address and a single one of IPv4", "they differ, so NotIpAddress holds; there it does not",
		conditionRewrite(func(p *pair, operator string, keys map[string]any) string {
			if strings.HasPrefix(operator, "NotIpAddress") && otherFamily(p, keys) {
				return never
			}
			return operator
		}),
	},
	{
		"a negated operator beside a variable without value", "nothing equals a variable without value, so the negation holds, as IAM documents; there it does not, where what stands before the variable matches",
		conditionRewrite(func(p *pair, operator string, keys map[string]any) string {
			if strings.Contains(operator, "Not") && unresolvedValue(p, keys) {
				return never
			}
			return operator
		}),
	},
	{
		"an escape in a text without wildcards", "${?} is a question mark in StringEquals, too; there it equals nothing",
		conditionRewrite(func(_ *pair, operator string, keys map[string]any) string {
			if strings.Contains(operator, "Equals") {
				for key, values := range keys {
					keys[key] = replaced(values, "a${?}c", "\x01")
				}
			}
			return operator
		}),
	},
	{
		"everybody is allowed by a resource", "boundary and session policies limit who is allowed as everybody; there they do not",
		func(p *pair, s map[string]any) {
			if element, ok := s["Principal"].(map[string]any); ok && s["Effect"] == "Allow" {
				element["AWS"] = replaced(element["AWS"], "*", p.Principal)
			}
		},
	},
	{
		"a resource allows a role session by its ARN", "session policies do not limit it, as IAM documents; there they do",
		func(p *pair, s map[string]any) {
			if element, ok := s["Principal"].(map[string]any); ok && s["Effect"] == "Allow" && p.stopped {
				element["AWS"] = replaced(element["AWS"], pairSession, pairSession+"x")
			}
		},
	},
	{
		"NotPrincipal names the account", "the account does not spare its users, only the root, as the example in IAM's guide needs; there it does",
		func(_ *pair, s map[string]any) {
			element, ok := s["NotPrincipal"].(map[string]any)
			if ok && slices.ContainsFunc(texts(element["AWS"]), func(v string) bool { return v == own || strings.HasSuffix(v, own+":root") }) {
				element["AWS"] = []any{"*"}
			}
		},
	},
}

// never is an operator under which conditionRewrite puts a condition that does not hold.
const never = "never"

// conditionRewrite changes the operators of a statement.
func conditionRewrite(change func(p *pair, operator string, keys map[string]any) string) func(*pair, map[string]any) {
	return func(p *pair, s map[string]any) {
		block, _ := s["Condition"].(map[string]any)
		changed := map[string]any{}
		for operator, keys := range block {
			keys := keys.(map[string]any)
			if operator = change(p, operator, keys); operator == never {
				operator, keys = "BinaryEquals", map[string]any{"k:never": "AA=="}
			}
			changed[operator] = keys
		}
		s["Condition"] = changed
	}
}

// texts are the strings of a value that is one or a list.
func texts(v any) (list []string) {
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	for _, item := range items {
		list = append(list, item.(string))
	}
	return list
}

func replaced(v any, from, to string) []any {
	list := []any{}
	for _, text := range texts(v) {
		if text == from {
			text = to
		}
		list = append(list, text)
	}
	return list
}

// otherFamily reports whether the request has an address of IPv6 and the policy a single one of IPv4.
func otherFamily(p *pair, keys map[string]any) bool {
	for key, values := range keys {
		for _, have := range p.Context[key] {
			for _, text := range texts(values) {
				block, _ := parsePrefix(text)
				if block.Addr().Is4() && block.IsSingleIP() && netip.MustParseAddr(have).Is6() {
					return true
				}
			}
		}
	}
	return false
}

// unresolvedValue reports whether the request has the key and a value has a variable that the request lacks, behind a
// beginning that the key has.
func unresolvedValue(p *pair, keys map[string]any) bool {
	ctx := NewContext(p.Context)
	for key, values := range keys {
		for _, text := range texts(values) {
			before, _, found := strings.Cut(text, "${aws:username}")
			if found && p.Context["aws:username"] == nil && slices.ContainsFunc(ctx.Get(key), func(have string) bool { return strings.HasPrefix(have, before) }) {
				return true
			}
		}
	}
	return false
}

// rewrite applies the table, all but one row, to every statement of a document.
func rewrite(t *testing.T, p *pair, document json.RawMessage, but int) json.RawMessage {
	t.Helper()
	if document == nil {
		return nil
	}
	var d struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	for _, s := range d.Statement {
		for i := range differences {
			if i != but {
				differences[i].rewrite(p, s)
			}
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// eachPair calls visit with the pairs in their order, always the same ones.
func eachPair(visit func(i int, p *pair)) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for i := range pairs {
		p := g.next()
		visit(i, &p)
	}
}

// pairLines are the pairs in JSON, one a line.
func pairLines(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	eachPair(func(_ int, p *pair) {
		if err := e.Encode(p); err != nil {
			t.Fatal(err)
		}
	})
	return b.String()
}

// request makes of a pair what Evaluate takes.
func (p *pair) request(t *testing.T) (*Request, *Sets) {
	t.Helper()
	ctx := NewContext(p.Context)
	r := &Request{Principal: user(), Action: p.Action, Resource: p.ARN, Account: p.Account, Context: &ctx}
	if p.Principal == pairSession {
		r.Principal = session()
		r.Principal.Parent = "arn:aws:iam::" + own + ":role/R"
	}
	sets := &Sets{}
	for _, document := range p.Identity {
		sets.Identity = append(sets.Identity, sources(t, Inline, string(document))...)
	}
	if p.Boundary != nil {
		sets.Boundary = sources(t, Managed, string(p.Boundary))
	}
	if p.Session != nil {
		sets.Session = [][]Source{sources(t, Session, string(p.Session))}
	}
	if p.Resource != nil {
		sets.Resource = sources(t, Resource, string(p.Resource))
	}
	return r, sets
}

// sessionStops reports whether the pair has a session policy that does not allow the request.
func (p *pair) sessionStops(t *testing.T) bool {
	if p.Session == nil {
		return false
	}
	alone := *p
	alone.Identity, alone.Boundary, alone.Session, alone.Resource = []json.RawMessage{p.Session}, nil, nil, nil
	alone.Account = own
	r, sets := alone.request(t)
	d := Evaluate(r, sets)
	return !d.Allowed()
}

// rewritten is the pair as the table reads it, without one row.
func (p *pair) rewritten(t *testing.T, but int) *pair {
	t.Helper()
	q := *p
	q.stopped = p.sessionStops(t)
	q.Identity = nil
	for _, document := range p.Identity {
		q.Identity = append(q.Identity, rewrite(t, &q, document, but))
	}
	q.Boundary, q.Session, q.Resource = rewrite(t, &q, p.Boundary, but), rewrite(t, &q, p.Session, but), rewrite(t, &q, p.Resource, but)
	return &q
}

// TestDifferential holds Evaluate to the verdicts of another evaluator on generated pairs. testdata/verdicts.txt has them,
// a letter a pair, behind the checksum of the pairs; POLICY_PAIRS=file writes the pairs to ask again.
func TestDifferential(t *testing.T) {
	lines := pairLines(t)
	if path := os.Getenv("POLICY_PAIRS"); path != "" {
		if err := os.WriteFile(path, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile("testdata/verdicts.txt")
	if err != nil {
		t.Fatal(err)
	}
	checksum, verdicts, _ := strings.Cut(strings.ReplaceAll(string(data), "\n", ""), " ")
	if sum := sha256.Sum256([]byte(lines)); hex.EncodeToString(sum[:]) != checksum || len(verdicts) != pairs {
		t.Fatalf("testdata/verdicts.txt has %d verdicts for other pairs than those of %x", len(verdicts), sum)
	}
	letters := map[Result]byte{Allowed: 'A', ExplicitDeny: 'E', ImplicitDeny: 'I'}
	decide := func(p *pair) byte {
		r, sets := p.request(t)
		return letters[Evaluate(r, sets).Result]
	}
	differ, rows := 0, make([]int, len(differences))
	eachPair(func(i int, p *pair) {
		if got := decide(p.rewritten(t, -1)); got != verdicts[i] {
			text, _ := json.Marshal(p)
			t.Errorf("pair %d: %c, elsewhere %c: %s", i, got, verdicts[i], text)
		}
		if decide(p) == verdicts[i] {
			return
		}
		differ++
		for row := range rows {
			if decide(p.rewritten(t, row)) != verdicts[i] {
				rows[row]++
			}
		}
	})
	for row, n := range rows {
		t.Logf("%d pairs: %s; %s", n, differences[row].name, differences[row].ours)
		if n == 0 {
			t.Errorf("no pair needs %q", differences[row].name)
		}
	}
	t.Logf("%d of %d pairs differ, all for reasons of the table", differ, pairs)
	if differ == 0 || differ > pairs/20 {
		t.Errorf("%d pairs differ", differ)
	}
}
