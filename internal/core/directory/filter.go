package directory

import (
	"errors"
	"strings"
)

// The refusals of a ListUsers filter; the second is wrapped with the attribute's name.
var (
	errFilterSyntax    = errors.New("directory: filter syntax")
	errFilterAttribute = errors.New("directory: attribute cannot be searched")
)

// filter is one parsed condition of ListUsers. The zero value matches every user.
type filter struct {
	Attribute string
	Prefix    bool   // ^= instead of =
	Value     string // as typed, escapes resolved
}

// parseFilter reads `<attribute> <op> "<value>"`, where op is = or ^=, the attribute may stand in quotation marks too, and
// a quotation mark inside the value is escaped with a backslash. A backslash before anything but a quotation mark or
// another backslash stands for itself, so that names such as corp\jane can be searched without doubling it. An empty or
// blank filter matches every user.
func parseFilter(s string) (filter, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return filter{}, nil
	}
	var f filter
	var rest string
	if quoted, after, ok := quotedName(s); ok {
		f.Attribute, rest = quoted, after
	} else {
		op := strings.IndexAny(s, "=^\"")
		if op <= 0 || s[op] == '"' {
			return filter{}, errFilterSyntax
		}
		f.Attribute, rest = strings.TrimSpace(s[:op]), s[op:]
	}
	if rest, f.Prefix = strings.CutPrefix(rest, "^"); !strings.HasPrefix(rest, "=") {
		return filter{}, errFilterSyntax
	}
	value, err := unquote(strings.TrimSpace(rest[1:]))
	if err != nil {
		return filter{}, err
	}
	f.Value = value
	if f.Attribute == "" || strings.ContainsAny(f.Attribute, " \t\r\n\\") {
		return filter{}, errFilterSyntax
	}
	if _, ok := searchable[f.Attribute]; !ok {
		return filter{}, &filterAttributeError{f.Attribute}
	}
	return f, nil
}

// quotedName splits a filter that begins with an attribute in quotation marks.
func quotedName(s string) (name, rest string, ok bool) {
	if s, ok = strings.CutPrefix(s, `"`); !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(s, `"`)
	return name, strings.TrimLeft(rest, " \t\r\n"), ok
}

// unquote reads a quoted value that fills the whole of s.
func unquote(s string) (string, error) {
	if len(s) < 2 || s[0] != '"' {
		return "", errFilterSyntax
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			if i != len(s)-1 {
				return "", errFilterSyntax
			}
			return b.String(), nil
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", errFilterSyntax
}

// filterAttributeError names an attribute that ListUsers cannot search.
type filterAttributeError struct{ name string }

func (e *filterAttributeError) Error() string { return errFilterAttribute.Error() + ": " + e.name }

func (e *filterAttributeError) Is(target error) bool { return target == errFilterAttribute }
