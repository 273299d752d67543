package rt

import (
	"reflect"
	"strings"
	"testing"
)

// parts has a member of every kind, as the generator would write it for a Query
// and for a REST service.
type parts struct {
	Name  string
	N     *int64
	Big   *int64
	On    *bool
	F     *float64
	At    *Time
	Raw   []byte
	Flat  []string
	List  []int64
	Map   map[string]string
	Plain map[string]bool
	In    *parts
}

func (v *parts) DecodeFrom(d *Decoder) {
	for k, ok := d.Object(); ok; k, ok = d.Next() {
		switch string(k) {
		case "Name":
			v.Name, _ = String[string](d)
		case "N":
			v.N = Ptr(Int(d, nil))
		case "Big":
			v.Big = Ptr(Long(d))
		case "On":
			v.On = Ptr(Bool(d))
		case "F":
			v.F = Ptr(Double(d))
		case "At":
			v.At = Ptr(Timestamp(d))
		case "Raw":
			v.Raw, _ = Blob(d)
		case "Flat":
			v.Flat = List(d, "flat", "", String[string])
		case "List":
			v.List = List(d, "list", "Item", Long)
		case "Map":
			v.Map = Map(d, "map", &MapForm{Entry: "", Key: "K", Value: "V"}, String[string])
		case "Plain":
			v.Plain = Map(d, "plain", &PlainMap, Bool)
		case "In":
			v.In = StructPtr[parts](d, "in")
		default:
			d.Skip()
		}
	}
}

func (v *parts) EncodeTo(e *Encoder) {
	start := e.Object()
	if !e.Header("x-name", v.Name) {
		e.String("Name", v.Name)
	}
	if v.N != nil && !e.Status(*v.N) {
		e.Int("N", *v.N)
	}
	if v.On != nil {
		e.Bool("On", *v.On)
	}
	if v.F != nil {
		e.Double("F", *v.F)
	}
	if v.At != nil {
		e.Time("At", *v.At)
		e.TimeISO("ISO", *v.At)
	}
	if v.Raw != nil {
		e.Blob("Raw", v.Raw)
	}
	if v.Flat != nil {
		EncodeList(e, "Flat", "", v.Flat, EncodeText[string])
	}
	if v.List != nil {
		EncodeList(e, "List", "Item", v.List, EncodeInt)
	}
	if v.Map != nil {
		EncodeMap(e, "Map", &MapForm{Entry: "", Key: "K", Value: "V"}, v.Map, EncodeText[string])
	}
	if v.Plain != nil {
		EncodeMap(e, "Plain", &PlainMap, v.Plain, EncodeBool)
	}
	if v.In != nil {
		e.Struct("In", v.In)
	}
	e.Close(start)
}

func (v *parts) AppendJSON(b []byte) []byte { return AppendJSON(b, v) }

// branch builds a node with kids.
func branch(name string, kids ...*Node) *Node { return &Node{Name: name, Kids: kids} }

func leaf(name, text string) *Node { return &Node{Name: name, Text: text} }

func TestNodes(t *testing.T) {
	root := branch("", leaf("Name", ""), leaf("N", "-7"), leaf("Big", "9000000000"), leaf("On", "true"), leaf("F", "1.5"),
		leaf("At", "2026-01-02T03:04:05Z"), leaf("Raw", "AQI="), branch("Flat", leaf("2", "b"), leaf("1", "a")),
		branch("List", branch("Item", leaf("1", "5"))), branch("Map", branch("1", leaf("K", "k"), leaf("V", "v"))),
		branch("Plain", branch("entry", branch("1", leaf("key", "x"), leaf("value", "false")))),
		branch("Unknown", branch("y", leaf("z", ""))), branch("In", leaf("Name", "inner")))
	got := new(parts)
	if err := NewNodeDecoder(root).Run(got); err != nil {
		t.Fatal(err)
	}
	want := &parts{N: new(int64(-7)), Big: new(int64(9000000000)), On: new(true), F: new(1.5), At: new(TimeFromMillis(1767323045000)),
		Raw: []byte{1, 2}, Flat: []string{"a", "b"}, List: []int64{5}, Map: map[string]string{"k": "v"}, Plain: map[string]bool{"x": false},
		In: &parts{Name: "inner"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s", got.AppendJSON(nil))
	}
	const xml = "<Name></Name><N>-7</N><On>true</On><F>1.5</F><At>2026-01-02T03:04:05Z</At><ISO>2026-01-02T03:04:05Z</ISO><Raw>AQI=</Raw>" +
		"<Flat>a</Flat><Flat>b</Flat><List><Item>5</Item></List><Map><K>k</K><V>v</V></Map>" +
		"<Plain><entry><key>x</key><value>false</value></entry></Plain><In><Name>inner</Name></In>"
	if text := string(AppendXML(nil, got)); text != xml {
		t.Errorf("%s", text)
	}
	const text = `{"Name":"","N":-7,"On":true,"F":1.5,"At":1767323045,"ISO":"2026-01-02T03:04:05Z","Raw":"AQI=",` +
		`"Flat":["a","b"],"List":[5],"Map":{"k":"v"},"Plain":{"x":false},"In":{"Name":"inner"}}`
	if b := string(got.AppendJSON(nil)); b != text {
		t.Errorf("%s", b)
	}
}

func TestNodeRefusals(t *testing.T) {
	for want, kid := range map[string]*Node{
		"N can not be converted to an Integer":        leaf("N", "2147483648"),
		"Big can not be converted to a Long":          leaf("Big", "1.5"),
		"On can not be converted to a Boolean":        leaf("On", "TRUE"),
		"F can not be converted to a Double":          leaf("F", "NaN"),
		"At can not be converted to a timestamp":      leaf("At", "yesterday"),
		"Name can not be converted to a String":       branch("Name", leaf("x", "")),
		"In can not be converted to a structure":      leaf("In", "x"),
		"Flat can not be converted to a list":         branch("Flat", leaf("1", ""), leaf("3", "")),
		"List can not be converted to a list":         branch("List", leaf("1", "5")),
		"1 can not be converted to an entry of a map": branch("Map", branch("1", leaf("K", "k"))),
		"'AQ' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 2": leaf("Raw", "AQ"),
	} {
		err := NewNodeDecoder(branch("", kid)).Run(new(parts))
		if e, ok := err.(*SerializationError); !ok || e.Message != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := NewNodeDecoder(branch("", branch("Flat", leaf("1", ""), leaf("1", "")))).Run(new(parts)); err == nil {
		t.Error("one index was taken twice")
	}
	deep := leaf("Name", "x")
	for range 100 {
		deep = branch("In", deep)
	}
	if err := NewNodeDecoder(branch("", deep)).Run(new(parts)); err == nil || !strings.Contains(err.Error(), "nesting too deep") {
		t.Error(err)
	}
}

func TestHeads(t *testing.T) {
	at := &HTTP{Head: []HeadMember{{Key: "Name", In: InPath}, {Key: "Flat", In: InQuery, Many: true}}}
	head := func() *Node {
		return branch("", leaf("Name", "path"), &Node{Name: "Flat", Items: true, Kids: []*Node{leaf("", "a"), leaf("", "b")}},
			&Node{Name: "Plain", Items: true, Kids: []*Node{leaf("y", "true")}})
	}
	for body, want := range map[string]string{
		"":                        `{"Name":"path","Flat":["a","b"],"Plain":{"y":true}}`,
		` {"N":1,"Name":"body"}`:  `{"Name":"path","N":1,"Flat":["a","b"],"Plain":{"y":true}}`,
		`{"Name":[{}],"Flat":[]}`: `{"Name":"path","Flat":["a","b"],"Plain":{"y":true}}`,
		`{"In":{"Name":"x"}}`:     `{"Name":"path","Flat":["a","b"],"Plain":{"y":true},"In":{"Name":"x"}}`,
	} {
		v := new(parts)
		if err := NewHeadDecoder(head(), at, []byte(body)).Run(v); err != nil || string(v.AppendJSON(nil)) != want {
			t.Errorf("%s: %s %v", body, v.AppendJSON(nil), err)
		}
	}
	at.Payload = "In"
	v := new(parts)
	if err := NewHeadDecoder(head(), at, []byte(`{"Name":"whole"}`)).Run(v); err != nil || v.In == nil || v.In.Name != "whole" || v.Name != "path" {
		t.Errorf("%s %v", v.AppendJSON(nil), err)
	}
	for _, body := range []string{`{},"N":1`, `{}}`, `{`, `[]`} {
		if err := NewHeadDecoder(head(), at, []byte(body)).Run(new(parts)); err == nil {
			t.Errorf("%s was taken as the payload", body)
		}
	}
	at.Payload, at.Bytes = "Raw", true
	v = new(parts)
	if err := NewHeadDecoder(head(), at, []byte("any\x00")).Run(v); err != nil || string(v.Raw) != "any\x00" {
		t.Errorf("%q %v", v.Raw, err)
	}
	var out Head
	b := AppendRESTBody(nil, &parts{Name: "n", N: new(int64(202)), On: new(true)}, &out)
	if string(b) != `{"On":true}` || out.Status != 202 || out.Fields[0] != (HeadField{"x-name", "n"}) {
		t.Errorf("%s %+v", b, out)
	}
}

func TestAppendXMLText(t *testing.T) {
	if got := string(AppendXMLText(nil, "a<b>&\r\n\x00\x1f\xff\ufffe\"é😀")); got != "a&lt;b&gt;&amp;&#xD;\n\uFFFD\uFFFD\uFFFD\uFFFD\"é😀" {
		t.Errorf("%q", got)
	}
}
