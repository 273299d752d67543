package rt

import (
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxViolations bounds the text of an answer to a body full of mistakes.
	maxViolations = 50
	// maxEcho is how many bytes of a refused value are repeated to the caller.
	maxEcho = 1024
)

// SerializationError says that a body is not JSON, or not of the model's
// types. On the wire it is SerializationException with HTTP status 400.
type SerializationError struct {
	Message string // the text for the client, empty when AWS sends none
	Detail  string // for the log
	Offset  int    // byte position in the body
}

func (e *SerializationError) Error() string {
	s := "SerializationException at byte " + strconv.Itoa(e.Offset)
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// ValidationError lists violated constraints in AWS's wording. The service
// decides which exception carries it.
type ValidationError struct {
	Violations []string // at most 50
	Total      int
}

// Error is the whole message, for example `1 validation error detected: ...`.
func (e *ValidationError) Error() string {
	noun := " validation error detected: "
	if e.Total > 1 {
		noun = " validation errors detected: "
	}
	return strconv.Itoa(e.Total) + noun + strings.Join(e.Violations, "; ")
}

func (d *Decoder) violate(name, value string, sensitive bool, constraint string) {
	d.add(name, "Value '"+clip(value)+"' at", sensitive, constraint)
}

func (d *Decoder) add(name, lead string, sensitive bool, constraint string) {
	d.found.Total++
	if len(d.found.Violations) >= maxViolations {
		return
	}
	if sensitive {
		lead = "Value at"
	}
	d.found.Violations = append(d.found.Violations,
		lead+" '"+d.where(name)+"' failed to satisfy constraint: "+constraint)
}

// where renders the path of a member as AWS does: schema.1.member.name for
// lists, clientMetadata.KEY.member for maps.
func (d *Decoder) where(name string) string {
	var parts []string
	for _, s := range d.path {
		if s.name != "" {
			parts = append(parts, s.name)
		}
		switch {
		case s.inMap:
			parts = append(parts, clip(s.key), "member")
		case s.index > 0:
			parts = append(parts, strconv.Itoa(s.index), "member")
		}
	}
	return strings.Join(append(parts, name), ".")
}

func itoa(v int64) string { return strconv.FormatInt(v, 10) }

func mustMatch(p *Pattern) string {
	return "Member must satisfy regular expression pattern: " + p.Source
}

func mustBeLonger(n int) string {
	return "Member must have length greater than or equal to " + strconv.Itoa(n)
}

func mustBeShorter(n int) string {
	return "Member must have length less than or equal to " + strconv.Itoa(n)
}

func mustBeOneOf(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}

// all renders the constraints of an element in the order AWS prints them.
func (r *StringRule) all() string {
	var parts []string
	if r.Max > 0 {
		parts = append(parts, mustBeShorter(r.Max))
	}
	if r.Min > 0 || r.Max > 0 {
		parts = append(parts, mustBeLonger(r.Min))
	}
	if r.Pattern != nil {
		parts = append(parts, mustMatch(r.Pattern))
	}
	if r.Enum != nil {
		parts = append(parts, mustBeOneOf(r.Enum))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// clip cuts a refused value so that an answer cannot be blown up by its question.
func clip(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	n := maxEcho
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

func listText[T ~string](list []T, r *StringRule) string {
	if r.Sensitive {
		return ""
	}
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
		if b.Len() > maxEcho {
			break
		}
	}
	return b.String() + "]"
}

func mapText[T ~string](m map[string]T, hide bool) string {
	if hide {
		return ""
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	var b strings.Builder
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(k + "=" + string(m[k]))
		if b.Len() > maxEcho {
			break
		}
	}
	return b.String() + "}"
}
