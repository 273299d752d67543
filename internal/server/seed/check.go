package seed

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
)

// settingsOf are the AWS requests whose members a block of settings has, by the tag of the block.
var settingsOf = map[string]reflect.Type{
	"pool":           reflect.TypeFor[cognitoidp.CreateUserPoolRequest](),
	"mfa":            reflect.TypeFor[cognitoidp.SetUserPoolMfaConfigRequest](),
	"client":         reflect.TypeFor[cognitoidp.CreateUserPoolClientRequest](),
	"domain":         reflect.TypeFor[cognitoidp.CreateUserPoolDomainRequest](),
	"sessions":       reflect.TypeFor[cognitoidp.SetUserPoolSessionConfigurationRequest](),
	"clientSessions": reflect.TypeFor[cognitoidp.SetUserPoolClientSessionConfigurationRequest](),
	"branding":       reflect.TypeFor[cognitoidp.CreateManagedLoginBrandingRequest](),
	"customization":  reflect.TypeFor[cognitoidp.SetUICustomizationRequest](),
	"resourceServer": reflect.TypeFor[cognitoidp.CreateResourceServerRequest](),
}

// checker compares a document with the types that it is to be read into. What is unknown or of another kind is
// reported with its line, everywhere, also inside AWS's settings: the API ignores members that it does not know, and a
// typing error in a file would be silent.
type checker struct {
	file string
	errs []error
}

func (c *checker) bad(n *yaml.Node, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: "+format, append([]any{c.file, n.Line}, args...)...))
}

// check is the mistakes of a document, joined.
func check(file string, doc *yaml.Node) error {
	c := &checker{file: file}
	if len(doc.Content) > 0 {
		c.value(doc.Content[0], reflect.TypeFor[File](), "the file")
	}
	return errors.Join(c.errs...)
}

var textual = reflect.TypeFor[encoding.TextUnmarshaler]()

// value checks one node; name is what messages call it.
func (c *checker) value(n *yaml.Node, t reflect.Type, name string) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Tag == "!!null" {
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(textual) {
		c.text(n, t, name)
		return
	}
	switch t {
	case reflect.TypeFor[rt.Document](): // of which the operation is the judge
		return
	case reflect.TypeFor[[]byte](): // in base64
		c.scalar(n, "!!str", "text", name)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		c.object(n, t, name)
	case reflect.Map:
		if c.kind(n, yaml.MappingNode, "members", name) {
			for i := 0; i+1 < len(n.Content); i += 2 {
				c.entry(n.Content[i+1], t.Elem(), n.Content[i].Value)
			}
		}
	case reflect.Slice:
		if c.kind(n, yaml.SequenceNode, "a list", name) {
			for _, element := range n.Content {
				c.value(element, t.Elem(), name)
			}
		}
	case reflect.String:
		c.scalar(n, "!!str", "text", name)
	case reflect.Bool:
		c.scalar(n, "!!bool", "true or false", name)
	case reflect.Int, reflect.Int64, reflect.Int32:
		c.scalar(n, "!!int", "a whole number", name)
	}
}

// text checks what is written as text and is something else.
func (c *checker) text(n *yaml.Node, t reflect.Type, name string) {
	c.scalar(n, "!!str", "text", name)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		return
	}
	if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
		c.bad(n, "%s: %v", name, err)
	}
}

// entry checks a value of a map. Attributes may be written as numbers or true, as people do; what they become is text.
func (c *checker) entry(n *yaml.Node, t reflect.Type, name string) {
	if t.Kind() == reflect.String {
		c.kind(n, yaml.ScalarNode, "a single value", name)
		return
	}
	c.value(n, t, name)
}

func (c *checker) kind(n *yaml.Node, want yaml.Kind, what, name string) bool {
	if n.Kind != want {
		c.bad(n, "%s: need %s", name, what)
	}
	return n.Kind == want
}

func (c *checker) scalar(n *yaml.Node, tag, what, name string) {
	if n.Kind != yaml.ScalarNode || n.Tag != tag {
		c.bad(n, "%s: need %s, have %s", name, what, shown(n))
	}
}

// shown is a value as a message quotes it; of secrets nothing is quoted, because nobody knows what stands in their place.
func shown(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "members"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!str":
		return "text"
	case "!!int", "!!float":
		return "a number (quote it)"
	case "!!bool":
		return "true or false (quote it)"
	case "!!timestamp":
		return "a date (quote it)"
	}
	return "something else"
}

// object checks the members of a mapping against the fields of a struct: by their yaml tags in the types of this
// package, by their names in those of AWS.
func (c *checker) object(n *yaml.Node, t reflect.Type, name string) {
	if !c.kind(n, yaml.MappingNode, "members", name) {
		return
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		member, own := f.Tag.Lookup("yaml")
		if !own {
			member = f.Name
		}
		member, _, _ = strings.Cut(member, ",")
		if member == "-" || !f.IsExported() {
			continue
		}
		fields[member] = f.Type
		if settings := f.Tag.Get("aws"); settings != "" {
			fields[member] = settingsOf[settings]
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			c.value(value, t, name)
			continue
		}
		if field, known := fields[key.Value]; known {
			c.value(value, field, key.Value)
		} else {
			c.bad(key, "%s has no member %s%s", name, key.Value, nearest(key.Value, fields))
		}
	}
}

// nearest suggests a member that differs in case or by one character.
func nearest(name string, fields map[string]reflect.Type) string {
	for field := range fields {
		if strings.EqualFold(field, name) || oneOff(field, name) || oneOff(name, field) {
			return "; is " + field + " meant?"
		}
	}
	return ""
}

// oneOff reports whether a lacks one character of b, or has another in the place of one.
func oneOff(a, b string) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return len(b) == len(a)+1 && a[i:] == b[i+1:] || len(a) == len(b) && i < len(a) && a[i+1:] == b[i+1:]
}
