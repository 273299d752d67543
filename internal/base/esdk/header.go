package esdk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// WrappedKey is a data key as a key management service wrapped it.
type WrappedKey struct {
	Provider string // aws-kms
	Info     string // the ARN of the wrapping key
	Blob     []byte
}

// header is everything before the frames, without its authentication tag.
type header struct {
	suite      Suite
	messageID  []byte
	context    map[string]string
	keys       []WrappedKey
	frame      uint32 // length of a full frame in bytes
	commitment []byte // of committing suites
}

const framed = 2 // content type

// appendTo writes the header body, which is also what its tag authenticates.
func (h *header) appendTo(b []byte) ([]byte, error) {
	context, err := appendContext(nil, h.context)
	if err != nil {
		return nil, err
	}
	if h.suite.commits() {
		b = append(b, 2)
	} else {
		b = append(b, 1, 0x80)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(h.suite))
	b = append(b, h.messageID...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(context)))
	b = append(b, context...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(h.keys)))
	for _, k := range h.keys {
		for _, field := range [][]byte{[]byte(k.Provider), []byte(k.Info), k.Blob} {
			if b, err = appendField(b, field); err != nil {
				return nil, err
			}
		}
	}
	b = append(b, framed)
	if !h.suite.commits() {
		b = append(b, 0, 0, 0, 0, nonceSize)
	}
	b = binary.BigEndian.AppendUint32(b, h.frame)
	return append(b, h.commitment...), nil
}

// appendContext writes an encryption context, keys in byte order; an empty one
// is no bytes at all.
func appendContext(b []byte, context map[string]string) ([]byte, error) {
	if len(context) == 0 {
		return b, nil
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(context)))
	var err error
	for _, k := range slices.Sorted(maps.Keys(context)) {
		if b, err = appendField(b, []byte(k)); err == nil {
			b, err = appendField(b, []byte(context[k]))
		}
		if err != nil {
			return nil, err
		}
	}
	if len(b) > 1<<16-1 {
		return nil, errors.New("esdk: encryption context is too large")
	}
	return b, nil
}

func appendField(b, field []byte) ([]byte, error) {
	if len(field) > 1<<16-1 {
		return nil, errors.New("esdk: field is too long")
	}
	return append(binary.BigEndian.AppendUint16(b, uint16(len(field))), field...), nil
}

// reader takes a message apart; after a failure everything it answers is empty.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.rest) {
		r.bad = true
		return nil
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) number(bytes int) (n uint32) {
	for _, c := range r.take(bytes) {
		n = n<<8 | uint32(c)
	}
	return n
}

func (r *reader) field() []byte { return r.take(int(r.number(2))) }

// parseHeader reads the header body and leaves r behind it.
func parseHeader(r *reader) (*header, error) {
	h := &header{}
	version := r.number(1)
	if version == 1 && r.number(1) != 0x80 || version != 1 && version != 2 {
		return nil, fmt.Errorf("%w: version or type", ErrMalformed)
	}
	h.suite = Suite(r.number(2))
	if !r.bad && (!h.suite.known() || h.suite.commits() != (version == 2)) {
		return nil, fmt.Errorf("%w: 0x%04x in version %d", ErrSuite, uint16(h.suite), version)
	}
	h.messageID = r.take(h.suite.idSize())
	var err error
	if h.context, err = parseContext(r.field()); err != nil {
		return nil, err
	}
	for range r.number(2) {
		h.keys = append(h.keys, WrappedKey{Provider: string(r.field()), Info: string(r.field()), Blob: r.field()})
		if r.bad {
			break
		}
	}
	content := r.number(1)
	if version == 1 && (r.number(4) != 0 || r.number(1) != nonceSize) || content != framed {
		return nil, fmt.Errorf("%w: content type", ErrMalformed)
	}
	h.frame = r.number(4)
	if version == 2 {
		h.commitment = r.take(commitSize)
	}
	if r.bad || len(h.keys) == 0 || h.frame == 0 {
		return nil, fmt.Errorf("%w: header", ErrMalformed)
	}
	return h, nil
}

func parseContext(raw []byte) (map[string]string, error) {
	context := map[string]string{}
	if len(raw) == 0 {
		return context, nil
	}
	r := &reader{rest: raw}
	count := int(r.number(2))
	for range count {
		k, v := string(r.field()), string(r.field())
		if r.bad {
			break
		}
		context[k] = v
	}
	if r.bad || len(r.rest) != 0 || len(context) != count || count == 0 {
		return nil, fmt.Errorf("%w: encryption context", ErrMalformed)
	}
	return context, nil
}
