package rt

import "strings"

// segment is one step of the path that AWS prints: a member name, and inside a
// list the position, inside a map the key.
type segment struct {
	name  string
	index int
	key   string
	inMap bool
}

// structPointer lets the generic readers build a T and decode through *T.
type structPointer[T any] interface {
	*T
	StructDecoder
}

// StructPtr reads an optional structure member; name is its path name.
func StructPtr[T any, P structPointer[T]](d *Decoder, name string) *T {
	if d.null() || d.err != nil {
		return nil
	}
	d.path = append(d.path, segment{name: name})
	v := new(T)
	P(v).DecodeFrom(d)
	d.path = d.path[:len(d.path)-1]
	return v
}

// Struct reads a structure that is a list element or map value.
func Struct[T any, P structPointer[T]](d *Decoder) (v T, ok bool) {
	if d.null() || d.err != nil {
		return v, false
	}
	P(&v).DecodeFrom(d)
	return v, d.err == nil
}

// List reads a list; null elements count as absent. name is the path name of
// the member, empty for a list inside a list or map; item is the name of an
// element outside JSON, "" for a flattened list.
func List[T any](d *Decoder, name, item string, elem func(*Decoder) (T, bool)) []T {
	if d.null() || d.err != nil {
		return nil
	}
	if d.node != nil {
		return nodeList(d, name, item, elem)
	}
	if d.peek() != '[' {
		d.mismatch("Expected list or null")
		return nil
	}
	out := []T{}
	top := len(d.path)
	d.path = append(d.path, segment{name: name})
	d.list(func(i int) {
		d.path[top].index = i
		if v, ok := elem(d); ok {
			out = append(out, v)
		}
	})
	d.path = d.path[:top]
	return out
}

// Whole reads a list like List, but a null element is a violation.
func Whole[T any](d *Decoder, name, item string, elem func(*Decoder) (T, bool)) []T {
	nulls := 0
	out := List(d, name, item, func(d *Decoder) (T, bool) {
		v, ok := elem(d)
		if !ok {
			nulls++
		}
		return v, ok
	})
	if nulls > 0 && d.Strict() {
		all := "[" + strings.Repeat("null, ", nulls-1) + "null]"
		d.violate(name, all, len(out) > 0, "Member must satisfy constraint: [Member must not be null]")
	}
	return out
}

// Map reads a map; null values count as absent.
func Map[T any](d *Decoder, name string, form *MapForm, value func(*Decoder) (T, bool)) map[string]T {
	if d.null() || d.err != nil {
		return nil
	}
	if d.node != nil {
		return nodeMap(d, name, form, value)
	}
	if d.peek() != '{' {
		d.mismatch("Expected map or null")
		return nil
	}
	out := map[string]T{}
	top := len(d.path)
	d.path = append(d.path, segment{name: name, inMap: true})
	for k, ok := d.Object(); ok; k, ok = d.Next() {
		key := string(k)
		d.path[top].key = key
		if v, ok := value(d); ok {
			out[key] = v
		} else {
			delete(out, key)
		}
	}
	d.path = d.path[:top]
	return out
}
