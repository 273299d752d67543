package pack

import (
	"bytes"
	"math"
	"reflect"
	"testing"
)

// TestRoundTrip holds that what is written is read, and that a record which is cut or longer is not.
func TestRoundTrip(t *testing.T) {
	b := []byte{9}
	b = Text(b, "text")
	b = Text(b, []byte{0, 255})
	b = Text(b, "")
	b = Int(b, math.MinInt64)
	b = Int(b, math.MaxInt64)
	b = Count(b, 300)
	b = Fixed(b, -1)
	b = List(b, []string{"a", "", "b"})
	b = List[string](b, nil)
	read := func(b []byte) (out []any, done bool) {
		r := Read(b)
		out = []any{r.Byte(), r.Text(), r.Bytes(2), r.Bytes(0), r.Int(), r.Int(), r.Count(300), r.Fixed(), Texts[string](r, 3), Texts[string](r, 3)}
		return out, r.Done()
	}
	want := []any{byte(9), "text", []byte{0, 255}, []byte(nil), int64(math.MinInt64), int64(math.MaxInt64), 300, int64(-1), []string{"a", "", "b"}, []string(nil)}
	if got, done := read(b); !done || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, done %v", got, done)
	}
	for i := range b {
		if _, done := read(b[:i]); done {
			t.Errorf("done with %d of %d bytes", i, len(b))
		}
	}
	if _, done := read(append(bytes.Clone(b), 0)); done {
		t.Error("done with a byte left")
	}
}

// TestLimits holds that nothing larger than asked for is read, and nothing after it.
func TestLimits(t *testing.T) {
	for what, read := range map[string]func(*Reader){
		"bytes": func(r *Reader) { r.Bytes(2) }, "count": func(r *Reader) { r.Count(2) },
		"texts": func(r *Reader) { Texts[string](r, 2) }, "take": func(r *Reader) { r.Take(5) }, "negative": func(r *Reader) { r.Take(-1) },
	} {
		r := Read(Text(nil, "abc"))
		if read(r); !r.Bad() || r.Byte() != 0 || r.Int() != 0 || r.Text() != "" || r.Done() || r.Rest() != nil {
			t.Errorf("%s: %+v", what, r)
		}
	}
	huge := append(bytes.Repeat([]byte{255}, 9), 1) // a length beyond any memory
	if r := Read(huge); r.Text() != "" || !r.Bad() {
		t.Error("a huge length was read")
	}
	for _, b := range [][]byte{{0x80, 0}, {0x81, 0x80, 0}} {
		if r := Read(b); r.Int() != 0 || !r.Bad() {
			t.Errorf("%x is a second spelling", b)
		}
		if r := Read(b); r.Count(10) != 0 || !r.Bad() {
			t.Errorf("%x is a second spelling of a count", b)
		}
	}
	if r := Read(bytes.Repeat([]byte{255}, 11)); r.Int() != 0 || !r.Bad() {
		t.Error("an endless number was read")
	}
}

// FuzzReader holds that hostile bytes neither panic nor make more out of them than they are.
func FuzzReader(f *testing.F) {
	f.Add(List(Fixed(Int(Text([]byte{1}, "text"), -5), 7), []string{"a"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := Read(b)
		r.Byte()
		size := len(r.Text()) + len(r.Bytes(1000))
		r.Int()
		r.Fixed()
		for _, s := range Texts[string](r, 16) {
			size += len(s)
		}
		if size > len(b) || len(r.Rest()) > len(b) {
			t.Errorf("%d bytes out of %d", size, len(b))
		}
	})
}
