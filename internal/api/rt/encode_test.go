package rt

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAppendString(t *testing.T) {
	for in, want := range map[string]string{
		"":            `""`,
		"a\"\\\n\r\t": `"a\"\\\n\r\t"`,
		"\x00\x1f":    `"\u0000\u001f"`,
		"é😀<&>":       `"é😀<&>"`,
		"a\xffb\xc3":  "\"a\uFFFDb\uFFFD\"",
	} {
		if got := string(AppendString(nil, in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestAppendStringAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back string
		if err := json.Unmarshal(AppendString(nil, s), &back); err != nil || back != s {
			t.Fatalf("%q came back as %q: %v", s, back, err)
		}
	})
}

func TestTime(t *testing.T) {
	for ms, want := range map[int64]string{
		1548108509537: "1548108509.537", 1548108509500: "1548108509.5", 1548108509000: "1548108509",
		1548108509007: "1548108509.007", 1548108509070: "1548108509.07", 0: "0", -1500: "-1.5", 1: "0.001",
	} {
		got := string(TimeFromMillis(ms).AppendJSON(nil))
		if got != want {
			t.Errorf("%d: %s, want %s", ms, got, want)
		}
		var back Time
		if err := json.Unmarshal([]byte(got), &back); err != nil || back.UnixMilli() != ms {
			t.Errorf("%s came back as %d: %v", got, back.UnixMilli(), err)
		}
	}
	now := time.Now()
	if d := now.Sub(NewTime(now).Time); d < 0 || d >= time.Millisecond {
		t.Errorf("NewTime moved the time by %v", d)
	}
	var v Time
	for _, s := range []string{`"2026"`, `{}`, `1e99`, `-1e99`} {
		if err := json.Unmarshal([]byte(s), &v); err == nil {
			t.Errorf("%s accepted", s)
		}
	}
	if err := json.Unmarshal([]byte("1.54810850953E9"), &v); err != nil || v.UnixMilli() != 1548108509530 {
		t.Errorf("exponent form: %v %v", v, err)
	}
}

func TestDocument(t *testing.T) {
	var v struct{ D Document }
	if err := json.Unmarshal([]byte(`{"D":{"a":[1]}}`), &v); err != nil || string(v.D) != `{"a":[1]}` {
		t.Fatal(v.D, err)
	}
	if b, err := json.Marshal(v); err != nil || string(b) != `{"D":{"a":[1]}}` {
		t.Fatal(string(b), err)
	}
	if b := Document(nil).AppendJSON(nil); string(b) != "null" {
		t.Fatal(string(b))
	}
}
