package rt

import (
	"encoding/base64"
	"slices"
	"strconv"
)

// Encoder is the sink of generated structures: they name their members, it
// writes them as JSON or as XML, and puts members that belong there into the
// head of a REST answer. One type and not an interface, because the JSON form
// is the hot path.
type Encoder struct {
	buf  []byte
	xml  bool
	head *Head
}

// StructEncoder is implemented by the pointer of every generated structure.
type StructEncoder interface {
	// EncodeTo writes the members. The pointer must not be nil.
	EncodeTo(e *Encoder)
	// AppendJSON appends the value as JSON, null for a nil pointer.
	AppendJSON(b []byte) []byte
}

// Head is what a REST answer carries besides its body.
type Head struct {
	Status int // 0: the operation's own
	Fields []HeadField
}

// HeadField is one header line.
type HeadField struct{ Name, Text string }

// AppendJSON appends a structure as JSON.
func AppendJSON(b []byte, v StructEncoder) []byte {
	e := Encoder{buf: b}
	v.EncodeTo(&e)
	return e.buf
}

// AppendRESTBody appends a structure as JSON without the members that belong
// into the head, which are put there.
func AppendRESTBody(b []byte, v StructEncoder, head *Head) []byte {
	e := Encoder{buf: b, head: head}
	v.EncodeTo(&e)
	return e.buf
}

// AppendXML appends the members of a structure as XML elements.
func AppendXML(b []byte, v StructEncoder) []byte {
	e := Encoder{buf: b, xml: true}
	v.EncodeTo(&e)
	return e.buf
}

// AppendMembersJSON appends what an exception carries besides its message,
// each as `,"name":value`.
func AppendMembersJSON(b []byte, v MemberEncoder) []byte {
	e := Encoder{buf: b}
	v.EncodeMembers(&e)
	return e.buf
}

// AppendMembersXML is AppendMembersJSON in XML.
func AppendMembersXML(b []byte, v MemberEncoder) []byte {
	e := Encoder{buf: b, xml: true}
	v.EncodeMembers(&e)
	return e.buf
}

// Object begins a structure; Close is given what it returns.
func (e *Encoder) Object() int { return len(e.buf) }

// Close ends the structure that began at start.
func (e *Encoder) Close(start int) {
	switch {
	case e.xml:
	case len(e.buf) == start:
		e.buf = append(e.buf, "{}"...)
	default: // the comma before the first member becomes the brace
		e.buf[start] = '{'
		e.buf = append(e.buf, '}')
	}
}

func (e *Encoder) open(name string) {
	if e.xml {
		e.buf = append(append(append(e.buf, '<'), name...), '>')
		return
	}
	e.buf = append(append(append(e.buf, ',', '"'), name...), '"', ':')
}

func (e *Encoder) shut(name string) {
	if e.xml {
		e.buf = append(append(append(e.buf, '<', '/'), name...), '>')
	}
}

// Header puts a member into the head, or answers false when there is none and
// the member belongs into the body.
func (e *Encoder) Header(name, text string) bool {
	if e.head == nil {
		return false
	}
	e.head.Fields = append(e.head.Fields, HeadField{name, text})
	return true
}

// Status is Header for the member that is the status of the answer.
func (e *Encoder) Status(status int64) bool {
	if e.head == nil {
		return false
	}
	e.head.Status = int(status)
	return true
}

// Payload writes a structure that is the whole body; it answers false when
// there is no head and the member is one among others.
func (e *Encoder) Payload(v StructEncoder) bool {
	if e.head == nil {
		return false
	}
	v.EncodeTo(e)
	return true
}

// String writes a string or enum member.
func (e *Encoder) String(name, s string) {
	e.open(name)
	e.text(s)
	e.shut(name)
}

func (e *Encoder) text(s string) {
	if e.xml {
		e.buf = AppendXMLText(e.buf, s)
	} else {
		e.buf = AppendString(e.buf, s)
	}
}

// Int writes an integer member.
func (e *Encoder) Int(name string, v int64) {
	e.open(name)
	e.buf = strconv.AppendInt(e.buf, v, 10)
	e.shut(name)
}

// Bool writes a boolean member.
func (e *Encoder) Bool(name string, v bool) {
	e.open(name)
	e.buf = strconv.AppendBool(e.buf, v)
	e.shut(name)
}

// Double writes a floating point member.
func (e *Encoder) Double(name string, v float64) {
	e.open(name)
	e.buf = strconv.AppendFloat(e.buf, v, 'g', -1, 64)
	e.shut(name)
}

// Time writes a timestamp in the usual form of the format: epoch seconds in
// JSON, ISO 8601 in XML.
func (e *Encoder) Time(name string, t Time) {
	e.open(name)
	EncodeTime(&t, e)
	e.shut(name)
}

// TimeISO writes a timestamp whose shape is ISO 8601 in every format.
func (e *Encoder) TimeISO(name string, t Time) {
	e.open(name)
	EncodeTimeISO(&t, e)
	e.shut(name)
}

// Blob writes bytes as base64 text.
func (e *Encoder) Blob(name string, b []byte) {
	e.open(name)
	EncodeBlob(&b, e)
	e.shut(name)
}

// Doc writes a document member.
func (e *Encoder) Doc(name string, d Document) {
	e.open(name)
	EncodeDoc(&d, e)
	e.shut(name)
}

// Struct writes a structure member.
func (e *Encoder) Struct(name string, v StructEncoder) {
	e.open(name)
	v.EncodeTo(e)
	e.shut(name)
}

// EncodeText writes a string or enum that is an element of a list or map.
func EncodeText[T ~string](v *T, e *Encoder) { e.text(string(*v)) }

// EncodeInt writes an integer element.
func EncodeInt(v *int64, e *Encoder) { e.buf = strconv.AppendInt(e.buf, *v, 10) }

// EncodeBool writes a boolean element.
func EncodeBool(v *bool, e *Encoder) { e.buf = strconv.AppendBool(e.buf, *v) }

// EncodeDouble writes a floating point element.
func EncodeDouble(v *float64, e *Encoder) { e.buf = strconv.AppendFloat(e.buf, *v, 'g', -1, 64) }

// EncodeTime writes a timestamp element.
func EncodeTime(v *Time, e *Encoder) {
	if e.xml {
		e.buf = v.appendISO(e.buf)
	} else {
		e.buf = v.AppendJSON(e.buf)
	}
}

// EncodeTimeISO writes a timestamp element whose shape is ISO 8601.
func EncodeTimeISO(v *Time, e *Encoder) {
	if e.xml {
		e.buf = v.appendISO(e.buf)
	} else {
		e.buf = append(v.appendISO(append(e.buf, '"')), '"')
	}
}

// EncodeBlob writes bytes as base64 text.
func EncodeBlob(v *[]byte, e *Encoder) {
	if e.xml {
		e.buf = base64.StdEncoding.AppendEncode(e.buf, *v)
		return
	}
	e.buf = append(base64.StdEncoding.AppendEncode(append(e.buf, '"'), *v), '"')
}

// EncodeDoc writes a document: as it is in JSON, as text elsewhere.
func EncodeDoc(v *Document, e *Encoder) {
	if e.xml {
		e.buf = AppendXMLText(e.buf, string(*v))
	} else {
		e.buf = v.AppendJSON(e.buf)
	}
}

// EncodeList writes a list member; nil is written as an empty one. item is the
// XML name of an element, "" for a flattened list whose elements carry the name
// of the member.
func EncodeList[T any](e *Encoder, name, item string, list []T, elem func(*T, *Encoder)) {
	if e.xml && item == "" {
		EncodeItems(e, name, list, elem)
		return
	}
	e.open(name)
	EncodeItems(e, item, list, elem)
	e.shut(name)
}

// EncodeItems writes the elements of a list.
func EncodeItems[T any](e *Encoder, item string, list []T, elem func(*T, *Encoder)) {
	if e.xml {
		for i := range list {
			e.open(item)
			elem(&list[i], e)
			e.shut(item)
		}
		return
	}
	e.buf = append(e.buf, '[')
	for i := range list {
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		elem(&list[i], e)
	}
	e.buf = append(e.buf, ']')
}

// EncodeMap writes a map member in the order of its keys; nil is written as an
// empty one.
func EncodeMap[T any](e *Encoder, name string, form *MapForm, m map[string]T, value func(*T, *Encoder)) {
	if e.xml && form.Entry == "" {
		encodeEntries(e, name, form, m, value)
		return
	}
	e.open(name)
	EncodeEntries(e, form, m, value)
	e.shut(name)
}

// EncodeEntries writes the entries of a map.
func EncodeEntries[T any](e *Encoder, form *MapForm, m map[string]T, value func(*T, *Encoder)) {
	if e.xml {
		encodeEntries(e, form.Entry, form, m, value)
		return
	}
	start := e.Object()
	for _, k := range sortedKeys(m) {
		e.buf = append(AppendString(append(e.buf, ','), k), ':')
		v := m[k]
		value(&v, e)
	}
	e.Close(start)
}

func encodeEntries[T any](e *Encoder, entry string, form *MapForm, m map[string]T, value func(*T, *Encoder)) {
	for _, k := range sortedKeys(m) {
		v := m[k]
		e.open(entry)
		e.String(form.Key, k)
		e.open(form.Value)
		value(&v, e)
		e.shut(form.Value)
		e.shut(entry)
	}
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
