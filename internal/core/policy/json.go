package policy

import (
	"bytes"
	"encoding/json"
	"io"
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

// node is a JSON value with its place in the text: start lies behind its first character, end behind its last, which is
// how IAM counts positions of statements.
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
// and nesting that no policy has; at is the byte offset near which reading ended.
func readJSON(text string) (n *node, at int, ok bool) {
	if !utf8.ValidString(text) {
		return nil, 0, false
	}
	r := jsonReader{dec: json.NewDecoder(strings.NewReader(text)), text: text}
	r.dec.UseNumber()
	root, ok := r.value(0)
	if !ok {
		return nil, int(r.dec.InputOffset()), false
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, int(r.dec.InputOffset()), false
	}
	if !json.Valid([]byte(text)) {
		return nil, 0, false
	}
	return &root, 0, true
}

type jsonReader struct {
	dec  *json.Decoder
	text string
}

func (r *jsonReader) value(depth int) (node, bool) {
	token, err := r.dec.Token()
	if err != nil || depth > maxDepth {
		return node{}, false
	}
	n := node{start: int(r.dec.InputOffset())}
	n.end = n.start
	switch t := token.(type) {
	case nil:
	case bool:
		n.kind, n.text = boolNode, "false"
		if t {
			n.text = "true"
		}
	case json.Number:
		n.kind, n.text = numberNode, t.String()
	case string:
		n.kind, n.text = stringNode, t
		n.start -= literalLength(r.text[:n.end])
	case json.Delim:
		if t == '[' {
			return r.list(n, depth)
		}
		return r.object(n, depth)
	}
	return n, true
}

func (r *jsonReader) list(n node, depth int) (node, bool) {
	n.kind = listNode
	for r.dec.More() {
		item, ok := r.value(depth + 1)
		if !ok {
			return n, false
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.Token()
	n.end = int(r.dec.InputOffset())
	return n, err == nil
}

func (r *jsonReader) object(n node, depth int) (node, bool) {
	n.kind = objectNode
	for r.dec.More() {
		name, err := r.dec.Token()
		key, isKey := name.(string)
		if err != nil || !isKey || n.field(key) != nil {
			return n, false
		}
		item, ok := r.value(depth + 1)
		if !ok {
			return n, false
		}
		n.names = append(n.names, key)
		n.items = append(n.items, item)
	}
	_, err := r.dec.Token()
	n.end = int(r.dec.InputOffset())
	return n, err == nil
}

// literalLength is the length of the string literal, quotes included, with which text ends.
func literalLength(text string) int {
	for i := len(text) - 2; i >= 0; i-- {
		if text[i] != '"' {
			continue
		}
		escapes := 0
		for i-escapes-1 >= 0 && text[i-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return len(text) - i
		}
	}
	return len(text)
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
	before := text[:min(offset, len(text))]
	line := strings.LastIndexByte(before, '\n') + 1
	return Position{strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[line:]) + 1}
}
