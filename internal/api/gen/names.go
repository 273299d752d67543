package main

import (
	"fmt"
	"strings"
	"unicode"
)

// packageName turns a model file name into its Go package: cognito-idp → cognitoidp.
func packageName(service string) string { return strings.ReplaceAll(service, "-", "") }

// fieldName is the Go name of a member: its AWS name with a capital letter.
func fieldName(member string) string {
	return strings.ToUpper(member[:1]) + member[1:]
}

// pathName is how AWS prints a member in a validation message: first letter lower.
func pathName(member string) string {
	return strings.ToLower(member[:1]) + member[1:]
}

// enumConst names the constant of one enum value: AuthFlowType + USER_SRP_AUTH
// → AuthFlowTypeUserSrpAuth. Words that are not all capitals keep their inner case.
func enumConst(typ, value string) string {
	var b strings.Builder
	b.WriteString(typ)
	words := strings.FieldsFunc(value, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	for _, w := range words {
		if w == strings.ToUpper(w) {
			w = strings.ToLower(w)
		}
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// goType is the Go type of a shape as a list element or required member.
func (m *model) goType(name string) string {
	s := m.Shapes[name]
	switch s.Type {
	case "string":
		if isEnum(s) {
			return name
		}
		return "string"
	case "integer", "long":
		return "int64"
	case "float", "double":
		return "float64"
	case "boolean":
		return "bool"
	case "timestamp":
		return "rt.Time"
	case "blob":
		return "[]byte"
	case "list":
		return "[]" + m.goType(s.Member.Shape)
	case "map":
		return "map[string]" + m.goType(s.Value.Shape)
	case "structure":
		if s.Document {
			return "rt.Document"
		}
		return name
	}
	panic(fmt.Sprintf("shape %s has unknown type %q", name, s.Type))
}

// memberType is the Go type of a structure's field.
func (m *model) memberType(mem member, required bool) string {
	s := m.Shapes[mem.Shape]
	t := m.goType(mem.Shape)
	if isStruct(s) || (s.scalar() && !required) {
		return "*" + t
	}
	return t
}
