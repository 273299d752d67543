package rt

import (
	"encoding/json"
	"errors"
)

// Document is a free-form JSON value (AWS "document type") kept as its text.
// nil means absent.
type Document json.RawMessage

// AppendJSON appends the document's text, or null when it is absent.
func (d Document) AppendJSON(b []byte) []byte {
	if len(d) == 0 {
		return append(b, "null"...)
	}
	return append(b, d...)
}

// MarshalJSON returns the document's text.
func (d Document) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// UnmarshalJSON keeps a copy of b.
func (d *Document) UnmarshalJSON(b []byte) error {
	if d == nil {
		return errors.New("rt: UnmarshalJSON on a nil Document")
	}
	*d = append((*d)[:0], b...)
	return nil
}
