package rt

import (
	"unicode/utf8"
)

// MaxDepth is how many objects and lists may be open at once. No AWS shape
// comes near it; deeper input is refused before it can cost anything.
const MaxDepth = 64

// Decoder reads generated structures from a source, without reflection: from one
// JSON document, from a tree of nodes (node.go), or from the head and the body of
// a REST request. Structures ask it for their members by name and never know. Errors stick: after the first one every read answers "absent",
// so that generated code needs no error checks between members.
//
// A strict decoder also collects every violation of the model's constraints.
type Decoder struct {
	data   []byte
	node   *Node  // the value at hand outside JSON
	walks  []walk // the nodes around it
	rest   *HTTP  // not nil: data goes on where the outermost node ends
	pos    int
	depth  int
	strict bool
	err    *SerializationError
	path   []segment
	found  ValidationError
}

// NewDecoder returns a strict decoder for a request body.
func NewDecoder(body []byte) *Decoder { return &Decoder{data: body, strict: true} }

// StructDecoder is implemented by the pointer of every generated structure.
type StructDecoder interface {
	// DecodeFrom reads one structure, in JSON its opening brace included.
	DecodeFrom(d *Decoder)
}

// Run reads the whole body into v. The error is a *SerializationError when the
// body is not JSON of the right types, or a *ValidationError that lists every
// violated constraint, in which case v holds what was read.
func (d *Decoder) Run(v StructDecoder) error {
	d.root(v)
	if d.err != nil {
		return d.err
	}
	if d.found.Total > 0 {
		return &d.found
	}
	return nil
}

// Unmarshal reads JSON that we wrote ourselves into v: same reader, no constraints.
func Unmarshal(b []byte, v StructDecoder) error {
	d := Decoder{data: b}
	if d.null() {
		return nil
	}
	d.root(v)
	if d.err != nil {
		return d.err
	}
	return nil
}

// root differs from a nested structure in what AWS says when the type is
// wrong: only a list has a text.
func (d *Decoder) root(v StructDecoder) {
	if !utf8.Valid(d.data) {
		d.malformed("body is not UTF-8")
		return
	}
	if d.node != nil {
		d.rootNode(v)
		return
	}
	switch c := d.peek(); c {
	case '{':
		v.DecodeFrom(d)
	case '[':
		d.fail(textList)
		return
	default:
		d.malformed("body is not a JSON object")
		return
	}
	d.end()
}

func (d *Decoder) rootNode(v StructDecoder) {
	switch c := d.peek(); {
	case c == '[':
		d.fail(textList)
	case c != 0 && c != '{':
		d.malformed("body is not a JSON object")
	}
	v.DecodeFrom(d)
	d.end()
}

func (d *Decoder) end() {
	if d.err == nil && d.peek() != 0 {
		d.malformed("data after the body's JSON object")
	}
}

// Strict reports whether constraints are to be checked.
func (d *Decoder) Strict() bool { return d.strict && d.err == nil }

// fail keeps the first error and moves to the end, where every read stops.
func (d *Decoder) fail(text string) {
	if d.err == nil {
		d.err = &SerializationError{Message: text, Offset: d.pos}
	}
	d.pos = len(d.data)
}

// malformed is for input that is not JSON: AWS sends no text then.
func (d *Decoder) malformed(detail string) {
	if d.err == nil {
		d.err = &SerializationError{Detail: detail, Offset: d.pos}
	}
	d.pos = len(d.data)
}

// peek skips white space and returns the next byte, 0 at the end.
func (d *Decoder) peek() byte {
	for d.pos < len(d.data) {
		switch c := d.data[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		case 0:
			d.malformed("NUL byte")
			return 0
		default:
			return c
		}
	}
	return 0
}

// null consumes a null if one stands here.
func (d *Decoder) null() bool {
	return d.node == nil && d.peek() == 'n' && d.literal("null")
}

func (d *Decoder) literal(word string) bool {
	if len(d.data)-d.pos >= len(word) && string(d.data[d.pos:d.pos+len(word)]) == word {
		d.pos += len(word)
		return true
	}
	d.malformed("misspelt literal")
	return false
}

func (d *Decoder) open() bool {
	d.pos++
	d.depth++
	if d.depth > MaxDepth {
		d.malformed("nesting too deep")
		return false
	}
	return true
}

func (d *Decoder) close() {
	d.pos++
	d.depth--
}

// Object opens an object and returns its first member name; ok is false when
// the object is empty or there is none.
func (d *Decoder) Object() (key []byte, ok bool) {
	if d.node != nil {
		return d.enter()
	}
	if d.peek() != '{' {
		d.mismatch("Expected null")
		return nil, false
	}
	if !d.open() {
		return nil, false
	}
	if d.peek() == '}' {
		d.close()
		return nil, false
	}
	return d.key()
}

// Next returns the following member name, or false after closing the object.
func (d *Decoder) Next() (key []byte, ok bool) {
	if len(d.walks) > 0 {
		return d.following()
	}
	switch d.peek() {
	case ',':
		d.pos++
		d.peek()
		return d.key()
	case '}':
		d.close()
		return nil, false
	}
	d.malformed("expected , or }")
	return nil, false
}

func (d *Decoder) key() ([]byte, bool) {
	if d.peek() != '"' {
		d.malformed("expected a member name")
		return nil, false
	}
	key := d.text()
	if d.peek() != ':' {
		d.malformed("expected :")
		return nil, false
	}
	d.pos++
	if d.rest != nil && d.inHead(key) {
		d.Skip()
		return d.Next()
	}
	return key, d.err == nil
}

// list calls elem for every element with its position counted from 1.
func (d *Decoder) list(elem func(i int)) {
	if !d.open() {
		return
	}
	if d.peek() == ']' {
		d.close()
		return
	}
	for i := 1; ; i++ {
		elem(i)
		switch d.peek() {
		case ',':
			d.pos++
		case ']':
			d.close()
			return
		default:
			d.malformed("expected , or ]")
			return
		}
	}
}

// Skip passes over one value of any type, checking its syntax.
func (d *Decoder) Skip() {
	if d.node != nil {
		return
	}
	switch c := d.peek(); c {
	case '{':
		for _, ok := d.Object(); ok; _, ok = d.Next() {
			d.Skip()
		}
	case '[':
		d.list(func(int) { d.Skip() })
	case '"':
		d.text()
	case 't':
		d.literal("true")
	case 'f':
		d.literal("false")
	case 'n':
		d.literal("null")
	default:
		d.number()
	}
}
