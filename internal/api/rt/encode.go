package rt

import (
	"encoding/base64"
	"slices"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = appendEscape(append(b, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(append(b, s[start:i]...), "\uFFFD"...)
			i++
			start = i
			continue
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// AppendText appends a string or enum element.
func AppendText[T ~string](v *T, b []byte) []byte { return AppendString(b, string(*v)) }

// AppendInt appends an integer element.
func AppendInt(v *int64, b []byte) []byte { return strconv.AppendInt(b, *v, 10) }

// AppendBool appends a boolean element.
func AppendBool(v *bool, b []byte) []byte { return strconv.AppendBool(b, *v) }

// AppendDouble appends a floating point element.
func AppendDouble(v *float64, b []byte) []byte { return strconv.AppendFloat(b, *v, 'g', -1, 64) }

// AppendTime appends a timestamp element.
func AppendTime(v *Time, b []byte) []byte { return v.AppendJSON(b) }

// AppendDocument appends a document element.
func AppendDocument(v *Document, b []byte) []byte { return v.AppendJSON(b) }

// AppendBlob appends bytes as base64 text.
func AppendBlob(v *[]byte, b []byte) []byte {
	b = append(b, '"')
	b = base64.StdEncoding.AppendEncode(b, *v)
	return append(b, '"')
}

// AppendList appends a list; nil is written as an empty one.
func AppendList[T any](b []byte, list []T, elem func(*T, []byte) []byte) []byte {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = elem(&list[i], b)
	}
	return append(b, ']')
}

// AppendMap appends a map in the order of its keys; nil is written as an empty one.
func AppendMap[T any](b []byte, m map[string]T, value func(*T, []byte) []byte) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	b = append(b, '{')
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		v := m[k]
		b = value(&v, append(AppendString(b, k), ':'))
	}
	return append(b, '}')
}

// CloseObject ends an object whose members were appended from start on, each
// with a leading comma: the first comma becomes the opening brace.
func CloseObject(b []byte, start int) []byte {
	if len(b) == start {
		return append(b, "{}"...)
	}
	b[start] = '{'
	return append(b, '}')
}
