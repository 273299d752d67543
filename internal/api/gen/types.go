package main

import "strings"

func (m *model) emitEnums(e *emitter) {
	for _, name := range m.names(isEnum) {
		s := m.Shapes[name]
		e.p("// %s is one of %s.", name, strings.Join(s.Enum, ", "))
		e.p("type %s string\n", name)
		e.p("// Values of %s.\nconst (", name)
		for _, v := range s.Enum {
			e.p("%s %s = %q", enumConst(name, v), name, v)
		}
		e.p(")\n")
	}
}

func (m *model) emitShapes(e *emitter, names []string) {
	uses := m.uses()
	for _, name := range names {
		s := m.Shapes[name]
		e.p("// %s is %s.", name, uses[name])
		e.p("type %s struct {", name)
		for _, mem := range s.Members {
			note := ""
			if s.requires(mem.Name) {
				note = " // required"
			}
			e.p("%s %s%s", fieldName(mem.Name), m.memberType(mem, s.requires(mem.Name)), note)
		}
		e.p("}\n")
	}
}

// uses says for every structure where it stands, for its doc comment.
func (m *model) uses() map[string]string {
	out := map[string]string{}
	for _, op := range m.operationNames() {
		o := m.Operations[op]
		out[o.Input] = "the input of " + op
		out[o.Output] = "the output of " + op
	}
	for _, name := range m.names(isStruct) {
		for _, mem := range m.Shapes[name].Members {
			target, how := m.element(mem.Shape)
			if out[target] == "" && target != name {
				out[target] = how + " " + name + "." + fieldName(mem.Name)
			}
		}
	}
	for _, name := range m.names(isStruct) {
		if out[name] == "" {
			out[name] = "a structure that no operation uses"
		}
	}
	return out
}

// element follows lists and maps down to the shape of their elements.
func (m *model) element(name string) (target, how string) {
	how = "the type of"
	for {
		s := m.Shapes[name]
		switch s.Type {
		case "list":
			name, how = s.Member.Shape, "an element of"
		case "map":
			name, how = s.Value.Shape, "a value of"
		default:
			return name, how
		}
	}
}

// errorCode is how the wire names an exception: Query services have codes of
// their own, the others use the name of the shape.
func (m *model) errorCode(name string) string {
	if s := m.Shapes[name]; s != nil && m.Metadata.Protocol == protocolQuery && s.Error.Code != "" {
		return s.Error.Code
	}
	return name
}

func (m *model) emitExceptions(e *emitter) {
	for _, name := range m.names(func(s *shape) bool { return s.Exception }) {
		s := m.Shapes[name]
		status := s.Error.Status
		switch {
		case status != 0:
		case s.Fault:
			status = 500
		default:
			status = 400
		}
		e.p("// %s is answered with HTTP status %d.", name, status)
		e.p("type %s struct {\nMessage string", name)
		var extra members
		for _, mem := range s.Members {
			if !strings.EqualFold(mem.Name, "message") {
				extra = append(extra, mem)
				e.p("%s %s", fieldName(mem.Name), m.memberType(mem, false))
			}
		}
		e.p("}\n")
		short := "New" + strings.TrimSuffix(name, "Exception")
		e.p("// %s returns the exception with a formatted message.", short)
		e.p("func %s(format string, args ...any) error {", short)
		e.p("return &%s{Message: fmt.Sprintf(format, args...)}\n}\n", name)
		e.p("// Error returns the code and the message.")
		e.p("func (e *%s) Error() string { return %q + e.Message }\n", name, m.errorCode(name)+": ")
		e.p("// ErrorCode returns the exception as the wire names it.")
		e.p("func (*%s) ErrorCode() string { return %q }\n", name, m.errorCode(name))
		e.p("// ErrorMessage returns the text for the client.")
		e.p("func (e *%s) ErrorMessage() string { return e.Message }\n", name)
		e.p("// HTTPStatus returns %d.", status)
		e.p("func (*%s) HTTPStatus() int { return %d }\n", name, status)
		e.p("// Fault returns %t.", status >= 500)
		e.p("func (*%s) Fault() bool { return %t }\n", name, status >= 500)
		if len(extra) > 0 {
			e.p("// EncodeMembers writes the members besides the message.")
			e.p("func (v *%s) EncodeMembers(e *rt.Encoder) {", name)
			for _, mem := range extra {
				m.emitMember(e, mem, false)
			}
			e.p("}\n")
		}
	}
}

func (m *model) emitService(e *emitter) {
	e.p("// Service is the API: one method per operation. Methods answer the typed")
	e.p("// exceptions of this package.")
	e.p("type Service interface {")
	for _, op := range m.operationNames() {
		e.p("%s", m.signature(op))
	}
	e.p("}\n")
	e.p("// Unimplemented answers every operation with *rt.NotBuilt. It is embedded below")
	e.p("// the rooms, so that an operation that no room owns still has an answer.")
	e.p("type Unimplemented struct{}\n")
	e.p("var _ Service = Unimplemented{}\n")
	for _, op := range m.operationNames() {
		e.p("// %s answers *rt.NotBuilt.", op)
		out := "nil, "
		if m.Operations[op].Output == "" {
			out = ""
		}
		sig := strings.Replace(m.signature(op), "ctx context.Context, in ", "context.Context, ", 1)
		e.p("func (Unimplemented) %s {\nreturn %s&rt.NotBuilt{Operation: %q}\n}\n", sig, out, op)
	}
}

func (m *model) signature(op string) string {
	o := m.Operations[op]
	if o.Output == "" {
		return op + "(ctx context.Context, in *" + o.Input + ") error"
	}
	return op + "(ctx context.Context, in *" + o.Input + ") (*" + o.Output + ", error)"
}
