package branding

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"cognate/internal/api/rt"
)

// node is a JSON object whose numbers are kept as they were written.
type node = map[string]any

//go:embed defaults.json
var defaultText string

// defaults are AWS's: the values of a style that sets none.
var defaults = sync.OnceValue(func() node {
	tree, err := parse(rt.Document(defaultText))
	if err != nil { // a constant
		panic(err)
	}
	return tree
})

// DefaultSettings are those of a style that sets none, and of clients without a style.
var DefaultSettings = sync.OnceValue(func() *Settings {
	s, err := read(defaults())
	if err != nil { // a constant
		panic(err)
	}
	return s
})

// parse reads a document; the error says in words what it is not.
func parse(text rt.Document) (node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("branding: settings: %w", err)
	}
	if object, ok := tree.(node); ok {
		return object, nil
	}
	return nil, mistake{"Settings", "an object"}
}

// write is the text of a tree.
func write(tree node) (rt.Document, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(tree)
	return rt.Document(bytes.TrimSpace(b.Bytes())), err
}

// merge lays a tree over another one: objects are merged, everything else is replaced. A null takes away what is below. No
// tree that it is given changes.
func merge(below, over node) node {
	out := maps.Clone(below)
	if out == nil {
		out = node{}
	}
	for name, value := range over {
		under, _ := out[name].(node)
		switch value := value.(type) {
		case nil:
			delete(out, name)
		case node:
			out[name] = merge(under, value)
		default:
			out[name] = value
		}
	}
	return out
}

// shown lays a tree over another one like merge, but a null changes nothing: it stands for what is not set.
func shown(below, over node) node {
	out := maps.Clone(below)
	for name, value := range over {
		under, both := out[name].(node)
		switch value := value.(type) {
		case nil:
		case node:
			if both {
				out[name] = shown(under, value)
			} else {
				out[name] = value
			}
		default:
			out[name] = value
		}
	}
	return out
}

// mistake is a value that a settings document cannot have.
type mistake struct{ at, want string }

// Error implements error, as an AWS exception says it.
func (m mistake) Error() string { return m.at + " must be " + m.want + "." }

// checked is what the values of the tree know about themselves: what they should be, "" when they are.
type checked interface{ wrong() string }

// read makes the settings of a tree. Members that the tree does not know are passed over. The error is a mistake.
func read(tree node) (*Settings, error) {
	s := new(Settings)
	return s, fill(reflect.ValueOf(s).Elem(), tree, "Settings")
}

// fill reads one value of the tree; a null is none.
func fill(into reflect.Value, value any, at string) error {
	if value == nil {
		return nil
	}
	switch into.Kind() {
	case reflect.Struct, reflect.Map:
		object, ok := value.(node)
		if !ok {
			return mistake{at, "an object"}
		}
		return fillObject(into, object, at)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return mistake{at, "a list"}
		}
		into.Set(reflect.MakeSlice(into.Type(), len(list), len(list)))
		for i, element := range list {
			if err := fill(into.Index(i), element, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	return fillScalar(into, value, at)
}

// fillObject reads the known members of an object, in the order of their names.
func fillObject(into reflect.Value, object node, at string) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		below := at + "." + name
		if into.Kind() == reflect.Map {
			if into.IsNil() {
				into.Set(reflect.MakeMap(into.Type()))
			}
			element := reflect.New(into.Type().Elem()).Elem()
			if err := fill(element, object[name], below); err != nil {
				return err
			}
			into.SetMapIndex(reflect.ValueOf(name), element)
			continue
		}
		if member := member(into, name); member.IsValid() {
			if err := fill(member, object[name], below); err != nil {
				return err
			}
		}
	}
	return nil
}

// member is the field of a struct, or of one that it embeds, with this JSON name.
func member(of reflect.Value, name string) reflect.Value {
	for i := range of.NumField() {
		field := of.Type().Field(i)
		if field.Anonymous {
			if found := member(of.Field(i), name); found.IsValid() {
				return found
			}
		} else if field.Tag.Get("json") == name {
			return of.Field(i)
		}
	}
	return reflect.Value{}
}

func fillScalar(into reflect.Value, value any, at string) error {
	want := map[reflect.Kind]string{reflect.Bool: "true or false", reflect.String: "text", reflect.Float64: "a number"}[into.Kind()]
	if c, ok := into.Interface().(checked); ok && c.wrong() != "" {
		want = c.wrong()
	}
	switch v := value.(type) {
	case bool:
		if into.Kind() != reflect.Bool {
			return mistake{at, want}
		}
		into.SetBool(v)
	case string:
		if into.Kind() != reflect.String {
			return mistake{at, want}
		}
		into.SetString(strings.Clone(v))
	case json.Number:
		f, err := v.Float64()
		if into.Kind() != reflect.Float64 || err != nil {
			return mistake{at, want}
		}
		into.SetFloat(f)
	default:
		return mistake{at, want}
	}
	if c, ok := into.Interface().(checked); ok {
		if want := c.wrong(); want != "" {
			return mistake{at, want}
		}
	}
	return nil
}
