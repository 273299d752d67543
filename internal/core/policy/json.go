package policy

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxDepth is more than any document of the grammar nests.
const maxDepth = 16

// nodeKind is the JSON type of a node.
type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	listNode
	objectNode
)

// node is a JSON value with its place in the text: start lies behind the bracket of a list or an object and
// before every other value, end behind its last character.
type node struct {
	kind       nodeKind
	text       string // of strings, numbers and booleans
	items      []node // of lists and objects
	names      []string
	start, end int
}

// field returns the member of an object with that name, nil when there is none.
func (n *node) field(name string) *node {
	for i, have := range n.names {
		if have == name {
			return &n.items[i]
		}
	}
	return nil
}

// readJSON reads one JSON value that fills text. ok is false for anything that is not JSON, an object that has a key twice,
// and nesting that no policy has; at is the byte offset where reading ended.
func readJSON(text string) (n *node, at int, ok bool) {
	if !utf8.ValidString(text) {
		return nil, 0, false
	}
	r := jsonReader{text: text}
	root, ok := r.value(0)
	if r.space(); ok && r.at == len(text) {
		return &root, r.at, true
	}
	return nil, r.at, false
}

// jsonReader reads a document once, from the front. It is ours because a policy is judged by what encoding/json does not
// tell: keys that come twice, and where a value stands.
type jsonReader struct {
	text string
	at   int
}

// space skips white space and returns the byte behind it, 0 at the end.
func (r *jsonReader) space() byte {
	for r.at < len(r.text) {
		switch b := r.text[r.at]; b {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return b
		}
	}
	return 0
}

// take skips white space and the byte b, if that is what follows.
func (r *jsonReader) take(b byte) bool {
	if r.space() != b {
		return false
	}
	r.at++
	return true
}

func (r *jsonReader) value(depth int) (node, bool) {
	if depth > maxDepth {
		return node{}, false
	}
	switch b := r.space(); b {
	case '{':
		return r.object(depth)
	case '[':
		return r.list(depth)
	case '"':
		n := node{kind: stringNode, start: r.at}
		var ok bool
		n.text, ok = r.quoted()
		n.end = r.at
		return n, ok
	case 't':
		return r.word(boolNode, "true")
	case 'f':
		return r.word(boolNode, "false")
	case 'n':
		return r.word(nullNode, "null")
	}
	return r.number()
}

func (r *jsonReader) word(kind nodeKind, word string) (node, bool) {
	n := node{kind: kind, text: word, start: r.at}
	ok := strings.HasPrefix(r.text[r.at:], word)
	if ok {
		r.at += len(word)
	}
	n.end = r.at
	return n, ok
}

func (r *jsonReader) number() (node, bool) {
	n := node{kind: numberNode, start: r.at}
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789eE", r.text[r.at]) >= 0 {
		r.at++
	}
	n.text, n.end = r.text[n.start:r.at], r.at
	return n, n.text != "" && json.Valid([]byte(n.text))
}

// quoted reads a string with its quotes.
func (r *jsonReader) quoted() (string, bool) {
	start, plain := r.at, true
	for r.at++; r.at < len(r.text); r.at++ {
		switch b := r.text[r.at]; {
		case b == '\\':
			plain = false
			r.at++
		case b < ' ':
			return "", false
		case b == '"':
			r.at++
			if plain {
				return r.text[start+1 : r.at-1], true
			}
			var s string
			err := json.Unmarshal([]byte(r.text[start:r.at]), &s)
			return s, err == nil
		}
	}
	r.at = len(r.text)
	return "", false
}

func (r *jsonReader) list(depth int) (node, bool) {
	r.at++
	n := node{kind: listNode, start: r.at}
	for !r.take(']') {
		if len(n.items) > 0 && !r.take(',') {
			return n, false
		}
		item, ok := r.value(depth + 1)
		if !ok {
			return n, false
		}
		n.items = append(n.items, item)
	}
	n.end = r.at
	return n, true
}

func (r *jsonReader) object(depth int) (node, bool) {
	r.at++
	n := node{kind: objectNode, start: r.at}
	for !r.take('}') {
		if len(n.items) > 0 && !r.take(',') || r.space() != '"' {
			return n, false
		}
		key, ok := r.quoted()
		if !ok || n.field(key) != nil || !r.take(':') {
			return n, false
		}
		item, ok := r.value(depth + 1)
		if !ok {
			return n, false
		}
		n.names = append(n.names, key)
		n.items = append(n.items, item)
	}
	n.end = r.at
	return n, true
}

// Size counts the characters of a document as IAM's quotas do: white space between the elements is not counted.
func Size(text string) int {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return utf8.RuneCountInString(text)
	}
	return utf8.RuneCount(b.Bytes())
}

// Position is a place in a document, counted from 1 in characters.
type Position struct{ Line, Column int }

func position(text string, offset int) Position {
	p := places{text: text}
	return p.at(offset)
}

// places finds positions in one text; offsets that ascend are found in one pass.
type places struct {
	text   string
	offset int
	place  Position
}

func (p *places) at(offset int) Position {
	if offset = min(offset, len(p.text)); offset < p.offset || p.place.Line == 0 {
		p.offset, p.place = 0, Position{1, 1}
	}
	between := p.text[p.offset:offset]
	if lines := strings.Count(between, "\n"); lines > 0 {
		p.place = Position{p.place.Line + lines, 1}
		between = between[strings.LastIndexByte(between, '\n')+1:]
	}
	p.place.Column += utf8.RuneCountInString(between)
	p.offset = offset
	return p.place
}
