package rt

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// sample has one member of every kind, written like generated code.
type sample struct {
	Name  string
	Opt   *string
	Count *int64
	Big   *int64
	Flag  *bool
	Ratio *float64
	At    *Time
	Raw   []byte
	Doc   Document
	Names []string
	Pairs map[string]string
	Kids  []sample
	ByKey map[string]sample
	Kid   *sample
	seen  uint64
}

var (
	nameRule  = StringRule{Min: 2, Max: 4, Pattern: &Pattern{Source: `[a-z]+`, Expr: `[a-z]+`}}
	countRule = IntRule{HasMin: true, Min: 1, HasMax: true, Max: 60}
)

func (v *sample) DecodeFrom(d *Decoder) {
	var set bool
	for k, ok := d.Object(); ok; k, ok = d.Next() {
		switch string(k) {
		case "Name":
			v.Name, set = String[string](d)
			v.seen = Mark(v.seen, 1, set)
		case "Opt":
			v.Opt = Ptr(String[string](d))
		case "Count":
			v.Count = Ptr(Int(d, &countRule))
		case "Big":
			v.Big = Ptr(Long(d))
		case "Flag":
			v.Flag = Ptr(Bool(d))
		case "Ratio":
			v.Ratio = Ptr(Double(d))
		case "At":
			v.At = Ptr(Timestamp(d))
		case "Raw":
			v.Raw, _ = Blob(d)
		case "Doc":
			v.Doc, _ = Doc(d)
		case "Names":
			v.Names = List(d, "names", PlainItem, String[string])
		case "Pairs":
			v.Pairs = Map(d, "pairs", &PlainMap, String[string])
		case "Kids":
			v.Kids = List(d, "kids", PlainItem, Struct[sample])
		case "ByKey":
			v.ByKey = Map(d, "byKey", &PlainMap, Struct[sample])
		case "Kid":
			v.Kid = StructPtr[sample](d, "kid")
		default:
			d.Skip()
		}
	}
	if d.Strict() {
		v.check(d)
	}
}

func (v *sample) check(d *Decoder) {
	if v.seen&1 != 0 {
		d.CheckString("name", v.Name, &nameRule)
	} else {
		d.Missing("name", false)
	}
	if v.Count != nil {
		d.CheckInt("count", *v.Count, &countRule)
	}
	if v.Names != nil {
		CheckStrings(d, "names", v.Names, &nameRule)
	}
}

func decode(body string) (*sample, error) {
	v := new(sample)
	return v, NewDecoder([]byte(body)).Run(v)
}

func TestSerializationTexts(t *testing.T) {
	for _, tt := range []struct{ body, text string }{
		{`[]`, "Start of list found where not expected"},
		{`null`, ""},
		{`"x"`, ""},
		{`1`, ""},
		{``, ""},
		{`  `, ""},
		{`{`, ""},
		{`{"Name":"ab",}`, ""},
		{`{,}`, ""},
		{`{"Name" "ab"}`, ""},
		{`{"Name":"ab"} {}`, ""},
		{`{"Name":"ab"}x`, ""},
		{"{\"Name\":\"ab\"}\x00", ""},
		{`{"Name":ab}`, ""},
		{`{"Name":01}`, ""},
		{`{"Count":01}`, ""},
		{`{"Count":1.}`, ""},
		{`{"Count":-}`, ""},
		{`{"Flag":tru}`, ""},
		{`{"Name":"\x"}`, ""},
		{`{"Name":"\u12"}`, ""},
		{"{\"Name\":\"a\nb\"}", ""},
		{"{\"Name\":\"a\xff\"}", ""},
		{`{"Unknown":{"a":[1,}}}`, ""},
		{`{"Name":1}`, "NUMBER_VALUE can not be converted to a String"},
		{`{"Name":1.5}`, "NUMBER_VALUE can not be converted to a String"},
		{`{"Name":true}`, "TRUE_VALUE can not be converted to a String"},
		{`{"Name":false}`, "FALSE_VALUE can not be converted to a String"},
		{`{"Name":["x"]}`, "Start of list found where not expected"},
		{`{"Name":{"a":1}}`, "Start of structure or map found where not expected."},
		{`{"Count":"1"}`, "STRING_VALUE can not be converted to an Integer"},
		{`{"Count":true}`, "TRUE_VALUE can not be converted to an Integer"},
		{`{"Big":"1"}`, "STRING_VALUE can not be converted to a Long"},
		{`{"Big":9223372036854775808}`, "NUMBER_VALUE can not be converted to a Long"},
		{`{"Big":1e400}`, "NUMBER_VALUE can not be converted to a Long"},
		{`{"Flag":1}`, "NUMBER_VALUE can not be converted to a Boolean"},
		{`{"Flag":"true"}`, "STRING_VALUE can not be converted to a Boolean"},
		{`{"Ratio":"1"}`, "STRING_VALUE can not be converted to a Double"},
		{`{"Ratio":1e999}`, "NUMBER_VALUE can not be converted to a Double"},
		{`{"At":"2026-01-01"}`, "STRING_VALUE can not be converted to milliseconds since epoch"},
		{`{"At":1e300}`, "NUMBER_VALUE can not be converted to milliseconds since epoch"},
		{`{"Raw":1}`, "NUMBER_VALUE can not be converted to a Blob"},
		{`{"Raw":"23456"}`, "'23456' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 5"},
		{`{"Raw":"=+/="}`, "'=+/=' can not be converted to a Blob: Invalid Base64 character"},
		{`{"Names":"x"}`, "Expected list or null"},
		{`{"Names":1}`, "Expected list or null"},
		{`{"Names":{}}`, "Start of structure or map found where not expected."},
		{`{"Names":[1]}`, "NUMBER_VALUE can not be converted to a String"},
		{`{"Names":[["a"]]}`, "Start of list found where not expected"},
		{`{"Pairs":"x"}`, "Expected map or null"},
		{`{"Pairs":[]}`, "Start of list found where not expected"},
		{`{"Pairs":{"a":1}}`, "NUMBER_VALUE can not be converted to a String"},
		{`{"Kid":"x"}`, "Expected null"},
		{`{"Kid":1}`, "Expected null"},
		{`{"Kid":[]}`, "Start of list found where not expected"},
		{`{"Kids":[1]}`, "Expected null"},
	} {
		_, err := decode(tt.body)
		var s *SerializationError
		if !errors.As(err, &s) {
			t.Errorf("%s: %v, want a SerializationError", tt.body, err)
			continue
		}
		if s.Message != tt.text {
			t.Errorf("%s: text %q, want %q", tt.body, s.Message, tt.text)
		}
		if s.Message == "" && s.Detail == "" {
			t.Errorf("%s: nothing for the log", tt.body)
		}
	}
}

func TestValues(t *testing.T) {
	v, err := decode(`{"Name":"ab","Opt":"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800x","Count":7,"Big":-9007199254740993,"Flag":true,
		"Ratio":1.5,"At":1548108509.537,"Raw":"AQID","Doc": {"a": [1, null]} ,"Names":["ab",null,"cd"],"Pairs":{"a":"1","b":null},
		"ByKey":{"k":{"Name":"xy"}},"Kids":[{"Name":"aa"},null,{"Name":"bb"}],"Unknown":[{"deep":null}],"name":1,"Kid":null}`)
	if err != nil {
		t.Fatal(err)
	}
	want := "a\"\\/\b\f\n\r\té😀\uFFFDx"
	if *v.Opt != want {
		t.Errorf("Opt %q, want %q", *v.Opt, want)
	}
	if *v.Count != 7 || *v.Big != -9007199254740993 || !*v.Flag || *v.Ratio != 1.5 || v.At.UnixMilli() != 1548108509537 {
		t.Errorf("scalars: %+v", v)
	}
	if !bytes.Equal(v.Raw, []byte{1, 2, 3}) || string(v.Doc) != `{"a": [1, null]}` || v.Kid != nil {
		t.Errorf("Raw %v, Doc %s, Kid %v", v.Raw, v.Doc, v.Kid)
	}
	if len(v.Names) != 2 || len(v.Pairs) != 1 || len(v.Kids) != 2 || v.Kids[1].Name != "bb" || v.ByKey["k"].Name != "xy" {
		t.Errorf("compounds: %+v", v)
	}
}

func TestAbsentEmptyAndDuplicate(t *testing.T) {
	v, err := decode(`{"Name":"xx","Names":[],"Pairs":{},"Opt":"a","Opt":null,"Count":1,"Count":2,"Name":"ab"}`)
	if err != nil {
		t.Fatal(err)
	}
	if v.Names == nil || v.Pairs == nil || v.Kids != nil || v.ByKey != nil {
		t.Error("present-and-empty and absent must differ")
	}
	if v.Opt != nil || *v.Count != 2 || v.Name != "ab" {
		t.Error("of duplicates the last one counts")
	}
	if _, err := decode(`{"Name":"ab","Name":null}`); err == nil {
		t.Error("a required member that ends up null is missing")
	}
}

func TestIntegers(t *testing.T) {
	for body, want := range map[string]int64{
		`{"Big":1.0}`: 1, `{"Big":1e2}`: 100, `{"Big":1E+2}`: 100, `{"Big":-0}`: 0, `{"Big":1.9}`: 1, `{"Big":-1.9}`: -1,
		`{"Big":123e-1}`: 12, `{"Big":9223372036854775807}`: 1<<63 - 1,
	} {
		v := new(sample)
		if err := Unmarshal([]byte(body), v); err != nil || *v.Big != want {
			t.Errorf("%s: %v, want %d", body, err, want)
		}
	}
	// Beyond 32 bits, a bound that the value breaks anyway is what AWS names.
	_, err := decode(`{"Name":"ab","Count":99999999999}`)
	want := "1 validation error detected: Value '99999999999' at 'count' failed to satisfy constraint: " +
		"Member must have value less than or equal to 60"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := Unmarshal([]byte(`{"Count":99999999999}`), new(sample)); err == nil {
		t.Error("33 bits accepted for an Integer")
	}
}

func TestValidationTexts(t *testing.T) {
	for _, tt := range []struct{ body, text string }{
		{`{}`, "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{`{"Name":null}`, "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		{`{"Name":""}`, "2 validation errors detected: Value '' at 'name' failed to satisfy constraint: Member must satisfy regular " +
			"expression pattern: [a-z]+; Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2"},
		{`{"Name":"abcde"}`, "1 validation error detected: Value 'abcde' at 'name' failed to satisfy constraint: " +
			"Member must have length less than or equal to 4"},
		{`{"Name":"ab","Count":0}`, "1 validation error detected: Value '0' at 'count' failed to satisfy constraint: " +
			"Member must have value greater than or equal to 1"},
		{`{"Name":"ab","Names":["ab","X"]}`, "1 validation error detected: Value '[ab, X]' at 'names' failed to satisfy constraint: " +
			"Member must satisfy constraint: [Member must have length less than or equal to 4, Member must have length greater than " +
			"or equal to 2, Member must satisfy regular expression pattern: [a-z]+]"},
		{`{"Name":"ab","Kids":[{"Name":"ab"},{}]}`, "1 validation error detected: Value null at 'kids.2.member.name' failed to " +
			"satisfy constraint: Member must not be null"},
		{`{"Name":"ab","ByKey":{"KEY":{"Kid":{"Name":"ab","Count":61}, "Name":"ab"}}}`, "1 validation error detected: Value '61' at " +
			"'byKey.KEY.member.kid.count' failed to satisfy constraint: Member must have value less than or equal to 60"},
	} {
		_, err := decode(tt.body)
		if err == nil || err.Error() != tt.text {
			t.Errorf("%s:\n got %v\nwant %s", tt.body, err, tt.text)
		}
	}
}

func TestViolationsAreBounded(t *testing.T) {
	body := `{"Name":"ab","Kids":[` + strings.Repeat(`{},`, 9999) + `{"Name":"` + strings.Repeat("x", 100_000) + `"}]}`
	_, err := decode(body)
	if err == nil || len(err.Error()) > 20_000 || !strings.HasPrefix(err.Error(), "10000 validation errors detected: ") {
		t.Errorf("answer of %d bytes: %.80s", len(err.Error()), err)
	}
	_, err = decode(`{"Name":"` + strings.Repeat("é", 100_000) + `"}`)
	if err == nil || len(err.Error()) > 3_000 || !utf8.ValidString(err.Error()) {
		t.Errorf("echo of %d bytes", len(err.Error()))
	}
}

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		open, close string
		n           int
		ok          bool
	}{
		{"[", "]", MaxDepth - 1, true},
		{"[", "]", MaxDepth, false},
		{`{"a":`, "}", MaxDepth - 1, true},
		{`{"a":`, "}", 500_000, false},
		{"[", "]", 500_000, false},
		{"[", "", 500_000, false},
	} {
		_, err := decode(`{"Name":"ab","X":` + strings.Repeat(tt.open, tt.n) + `1` + strings.Repeat(tt.close, tt.n) + `}`)
		if (err == nil) != tt.ok {
			t.Errorf("%d × %q: %v", tt.n, tt.open, err)
		}
	}
	if _, err := decode(strings.Repeat(`{"Name":"ab","Kid":`, 70) + `null` + strings.Repeat(`}`, 70)); err == nil {
		t.Error("deep structures accepted")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"Name":"ab","Opt":"\ud83d\ude00","Count":1e2,"Names":["a",null],"Kids":[{"Name":"x"}],"Pairs":{"a":"b"}}`,
		`{"Doc":{"a":[1,2,{}]},"At":1.5,"Raw":"AQID","X":[[[]]]}`, `{"a":-0.0e-0}`, `[]`, `{`, "{\"a\":\"\xff\"}", `{"a":1}{}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		// The syntax we accept is that of encoding/json, within valid UTF-8 and the depth limit.
		d := NewDecoder(body)
		d.Skip()
		accepted := d.err == nil && d.peek() == 0 && d.err == nil
		if want := json.Valid(body); accepted != want && utf8.Valid(body) && bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) <= MaxDepth {
			t.Fatalf("accepted %t, encoding/json %t", accepted, want)
		}
		v := new(sample)
		err := NewDecoder(body).Run(v)
		var s *SerializationError
		var c *ValidationError
		if err != nil && !errors.As(err, &s) && !errors.As(err, &c) {
			t.Fatalf("unexpected error %v", err)
		}
		if !errors.As(err, &s) && !json.Valid(body) {
			t.Fatal("accepted what encoding/json refuses")
		}
		if err == nil && v.Opt != nil && len(body) < 4096 {
			out := AppendString(nil, *v.Opt)
			var back string
			if json.Unmarshal(out, &back) != nil || back != *v.Opt {
				t.Fatalf("%q does not survive %s", *v.Opt, out)
			}
		}
	})
}

// FuzzString compares string reading with encoding/json.
func FuzzString(f *testing.F) {
	f.Add(`"a\u00e9\ud83d\ude00\ud800\udc"`)
	f.Add(`"\\\/\"\b"`)
	f.Fuzz(func(t *testing.T, s string) {
		var want string
		err := json.Unmarshal([]byte(s), &want)
		if !utf8.ValidString(s) || !strings.HasPrefix(s, `"`) {
			return
		}
		d := NewDecoder([]byte(s))
		got, ok := String[string](d)
		ok = ok && d.peek() == 0 && d.err == nil
		if ok != (err == nil) || (ok && got != want) {
			t.Fatalf("%q %t, encoding/json %q %v", got, ok, want, err)
		}
	})
}
