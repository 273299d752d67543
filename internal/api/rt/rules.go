package rt

import "unicode/utf8"

// StringRule holds the constraints of a string shape. Max 0 means no limit.
// Lengths count Unicode code points.
type StringRule struct {
	Min, Max  int
	Pattern   *Pattern
	Enum      []string
	Sensitive bool // the value is left out of messages
}

// IntRule holds the bounds of a number shape.
type IntRule struct {
	Min, Max       int64
	HasMin, HasMax bool
}

// refuses reports whether v lies outside the bounds.
func (r *IntRule) refuses(v int64) bool {
	return r != nil && ((r.HasMax && v > r.Max) || (r.HasMin && v < r.Min))
}

// LenRule holds the size limits of a list or map (elements) or blob (bytes).
// Max 0 means no limit.
type LenRule struct {
	Min, Max  int
	Sensitive bool
}

func (r *StringRule) tooShort(s string) bool {
	// Counting is needed only when bytes alone do not decide: a code point has at most four.
	return r.Min > 0 && len(s) < 4*r.Min && utf8.RuneCountInString(s) < r.Min
}

func (r *StringRule) tooLong(s string) bool {
	return r.Max > 0 && len(s) > r.Max && utf8.RuneCountInString(s) > r.Max
}

func (r *StringRule) notInEnum(s string) bool {
	if r.Enum == nil {
		return false
	}
	for _, v := range r.Enum {
		if v == s {
			return false
		}
	}
	return true
}

func (r *StringRule) satisfied(s string) bool {
	return !r.tooShort(s) && !r.tooLong(s) && !r.notInEnum(s) && (r.Pattern == nil || r.Pattern.Match(s))
}

// CheckString adds a violation for every constraint that s breaks.
func (d *Decoder) CheckString(name, s string, r *StringRule) {
	if r.Pattern != nil && !r.Pattern.Match(s) {
		d.violate(name, s, r.Sensitive, mustMatch(r.Pattern))
	}
	if r.tooShort(s) {
		d.violate(name, s, r.Sensitive, mustBeLonger(r.Min))
	}
	if r.tooLong(s) {
		d.violate(name, s, r.Sensitive, mustBeShorter(r.Max))
	}
	if r.notInEnum(s) {
		d.violate(name, s, r.Sensitive, mustBeOneOf(r.Enum))
	}
}

// CheckInt adds a violation when v is out of bounds.
func (d *Decoder) CheckInt(name string, v int64, r *IntRule) {
	if r.HasMin && v < r.Min {
		d.violate(name, itoa(v), false, "Member must have value greater than or equal to "+itoa(r.Min))
	}
	if r.HasMax && v > r.Max {
		d.violate(name, itoa(v), false, "Member must have value less than or equal to "+itoa(r.Max))
	}
}

// CheckLen adds a violation when a list, map or blob of n elements has the
// wrong size. Only an empty one is printed: elements may be secret or huge.
func (d *Decoder) CheckLen(name string, n int, empty string, r *LenRule) {
	if n < r.Min {
		d.violate(name, empty, r.Sensitive || n > 0, mustBeLonger(r.Min))
	}
	if r.Max > 0 && n > r.Max {
		d.violate(name, "", true, mustBeShorter(r.Max))
	}
}

// CheckStrings adds one violation when any element of a list breaks the
// element's constraints; AWS then names all of them.
func CheckStrings[T ~string](d *Decoder, name string, list []T, r *StringRule) {
	for _, s := range list {
		if !r.satisfied(string(s)) {
			d.violate(name, listText(list, r), r.Sensitive, "Member must satisfy constraint: "+r.all())
			return
		}
	}
}

// CheckMap adds one violation when any key breaks keys, one when any value
// breaks values; nil rules are not checked.
func CheckMap[T ~string](d *Decoder, name string, m map[string]T, sensitive bool, keys, values *StringRule) {
	badKey, badValue := false, false
	for k, v := range m {
		badKey = badKey || (keys != nil && !keys.satisfied(k))
		badValue = badValue || (values != nil && !values.satisfied(string(v)))
	}
	hide := sensitive || (keys != nil && keys.Sensitive) || (values != nil && values.Sensitive)
	if badKey {
		d.violate(name, mapText(m, hide), hide, "Map keys must satisfy constraint: "+keys.all())
	}
	if badValue {
		d.violate(name, mapText(m, hide), hide, "Map value must satisfy constraint: "+values.all())
	}
}

// CheckKeys is CheckMap for maps whose values are structures.
func CheckKeys[T any](d *Decoder, name string, m map[string]T, keys *StringRule) {
	for k := range m {
		if !keys.satisfied(k) {
			d.violate(name, "", true, "Map keys must satisfy constraint: "+keys.all())
			return
		}
	}
}

// Missing adds the violation of a required member that is absent or null.
func (d *Decoder) Missing(name string, sensitive bool) {
	d.add(name, "Value null at", sensitive, "Member must not be null")
}
