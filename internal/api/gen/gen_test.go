package main

import (
	"bytes"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommitted fails when generated files differ from what the models give.
func TestCommitted(t *testing.T) {
	if err := run("..", true); err != nil {
		t.Fatal(err)
	}
}

func TestDeterministic(t *testing.T) {
	raw, err := os.ReadFile("../models/cognito-idp.json")
	if err != nil {
		t.Fatal(err)
	}
	first, err := Generate("cognito-idp", raw)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Generate("cognito-idp", raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range first {
		if !bytes.Equal(text, second[name]) {
			t.Errorf("%s differs from run to run", name)
		}
	}
}

func TestCheckFindsDrift(t *testing.T) {
	dir := t.TempDir()
	model := `{"metadata":{},"operations":{"A":{"name":"A","input":"AIn","errors":["E"]}},"shapes":{
		"AIn":{"type":"structure","required":["N"],"members":{"N":{"shape":"S"},"D":{"shape":"Doc"},"L":{"shape":"LL"}}},
		"S":{"type":"string","min":1},"Doc":{"type":"structure","members":{},"document":true},
		"LL":{"type":"list","member":{"shape":"LS"}},"LS":{"type":"list","member":{"shape":"Free"}},"Free":{"type":"string"},
		"E":{"type":"structure","members":{"message":{"shape":"S"}},"exception":true}}}`
	if err := os.MkdirAll(filepath.Join(dir, "models"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "models", "x-y.json"), []byte(model), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil {
		t.Error("missing files were not noticed")
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err != nil {
		t.Fatal(err)
	}
	shapes, err := os.ReadFile(filepath.Join(dir, "xy", "shapes_ab_gen.go"))
	if err != nil || !strings.Contains(string(shapes), "L [][]string") {
		t.Errorf("%s %v", shapes, err)
	}
	stale := filepath.Join(dir, "xy", "old_gen.go")
	if err := os.WriteFile(stale, []byte("package xy\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, true); err == nil || !strings.Contains(err.Error(), "old_gen.go") {
		t.Errorf("stale file: %v", err)
	}
	if err := run(dir, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("stale file was kept")
	}
}

func TestNameClashesAreRefused(t *testing.T) {
	for _, shapes := range []string{
		`"A":{"type":"string","enum":["X_Y","x-y"]}`,
		`"Service":{"type":"structure","members":{}}`,
		`"A":{"type":"string","enum":["B"]},"AB":{"type":"structure","members":{}}`,
		`"A":{"type":"list","member":{"shape":"Unknown"}}`,
	} {
		if _, err := Generate("x", []byte(`{"operations":{},"shapes":{`+shapes+`}}`)); err == nil {
			t.Errorf("accepted %s", shapes)
		}
	}
}

func TestEnumConst(t *testing.T) {
	for value, want := range map[string]string{
		"USER_SRP_AUTH": "TUserSrpAuth", "phone_number": "TPhoneNumber", "SignIn": "TSignIn", "code": "TCode", "V1_0": "TV10", "EMAIL": "TEmail",
	} {
		if got := enumConst("T", value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}

// TestTranslate checks values on which the dialects of Java and Go differ.
func TestTranslate(t *testing.T) {
	for _, tt := range []struct {
		java, value string
		want        bool
	}{
		{`[\w\s]+`, "a\vb", true},
		{`\s`, "\v", true},
		{`[\S]+`, "\v", false},
		{`\S`, "\u00a0", true},
		{`\w+`, "é", false},
		{`.+`, "a\u2028", false},
		{`.+`, "a\r", false},
		{`.+`, "a\u0085", false},
		{`(?s).+`, "a\n\u2028", true},
		{`[.]`, "x", false},
		{`[A-Za-z0-9-_=.]+`, "a-_=.", true},
		{`^[a-z]+$`, "a\n", false},
		{`\{####\}`, "{####}", true},
		{`[\u0020-\u007E\u00A0]+`, "a~\u00a0", true},
		{`[\u0020-\u007E]+`, "\u00a0", false},
	} {
		expr, err := translate(tt.java)
		if err != nil {
			t.Fatal(err)
		}
		if got := regexp.MustCompile(`\A(?:` + expr + `)\z`).MatchString(tt.value); got != tt.want {
			t.Errorf("%s on %q: %t", tt.java, tt.value, got)
		}
	}
	for _, java := range []string{`[a\S]`, `[a&&b]`, `[a[b]]`} {
		if expr, err := translate(java); err == nil {
			t.Errorf("%s became %s", java, expr)
		}
	}
}

func TestOverlays(t *testing.T) {
	for pattern, values := range map[string]map[string]bool{
		`^[0-9A-Za-z\.\-_]*(?<!\.)$`: {"bucket": true, "bucket.": false, "a.b": true, "": true, "a/b": false, ".": false},
		`^[\S]+.*[\S]+$`:             {"x": true, "a b": true, "a": true, " a": false, "a ": false, "": false, "a\nb": false, "ä ö": true},
	} {
		expr, err := translate(overlays["cognito-idp"][pattern].expr)
		if err != nil {
			t.Fatal(err)
		}
		re := regexp.MustCompile(`\A(?:` + expr + `)\z`)
		for value, want := range values {
			if re.MatchString(value) != want {
				t.Errorf("%s on %q: %t", pattern, value, !want)
			}
		}
	}
}

// TestModelsCompile type-checks what is made of models whose packages are not
// all committed: of every protocol, with operations without input, exceptions
// with codes and shapes in lower case.
func TestModelsCompile(t *testing.T) {
	if build.Default.GOROOT == "" { // a test built with -trimpath does not know it
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		build.Default.GOROOT = strings.TrimSpace(string(root))
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "source", nil)
	for _, path := range []string{"testdata/iam.json", "../models/cognito-sync.json", "../models/verifiedpermissions.json"} {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files, err := Generate(strings.TrimSuffix(filepath.Base(path), ".json"), raw)
		if err != nil {
			t.Fatal(path, err)
		}
		var parsed []*ast.File
		for name, text := range files {
			file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
		}
		check := types.Config{Importer: imports, Error: func(err error) { t.Errorf("%s: %v", path, err) }}
		// The errors were told one by one.
		_, _ = check.Check(packageName(path), fset, parsed, nil)
	}
}

// TestForms checks what the protocols besides JSON need of a model.
func TestForms(t *testing.T) {
	const query = `{"metadata":{"protocol":"query","xmlNamespace":"urn:x"},"operations":{
		"Do":{"name":"Do","input":"In","output":"Out","resultWrapper":"DoResult","errors":["Bad"]},"Idle":{"name":"Idle","errors":[]}},"shapes":{
		"In":{"type":"structure","members":{"Flat":{"shape":"Flats"},"Named":{"shape":"S","locationName":"other"},"Pairs":{"shape":"Pairs"}}},
		"Flats":{"type":"list","flattened":true,"member":{"shape":"S","locationName":"One"}},
		"Pairs":{"type":"map","flattened":true,"key":{"shape":"S","locationName":"K"},"value":{"shape":"S"}},
		"Out":{"type":"structure","members":{"Items":{"shape":"Items"}}},"Items":{"type":"list","member":{"shape":"S","locationName":"Item"}},
		"S":{"type":"string"},"Bad":{"type":"structure","members":{},"exception":true,"error":{"code":"VeryBad","httpStatusCode":409}}}}`
	const restJSON = `{"metadata":{"protocol":"rest-json"},"operations":{
		"Put":{"name":"Put","http":{"method":"PUT","requestUri":"/a/{Id}/{Path+}","responseCode":201},"input":"In","output":"Out","errors":[]}},"shapes":{
		"In":{"type":"structure","payload":"Data","members":{"Id":{"shape":"S","location":"uri","locationName":"Id"},
			"Tags":{"shape":"L","location":"querystring","locationName":"tag"},"Meta":{"shape":"M","location":"headers","locationName":"x-meta-"},"Data":{"shape":"B"}}},
		"Out":{"type":"structure","payload":"Body","required":["When"],"members":{"When":{"shape":"T","location":"header","locationName":"x-when"},
			"Code":{"shape":"I","location":"statusCode"},"Body":{"shape":"In2"}}},"In2":{"type":"structure","members":{}},
		"S":{"type":"string"},"L":{"type":"list","member":{"shape":"S"}},"M":{"type":"map","key":{"shape":"S"},"value":{"shape":"S"}},
		"B":{"type":"blob"},"T":{"type":"timestamp"},"I":{"type":"integer"}}}`
	for model, wants := range map[string][]string{
		query: {`XMLNamespace: "urn:x"`, `ResultWrapper: "DoResult"`, `Errors: []string{ "VeryBad", }`, `case "One": v.Flat = rt.List(d, "flat", "", rt.String[string])`,
			`case "other": v.Named`, `rt.Map(d, "pairs", &rt.MapForm{Entry: "", Key: "K", Value: "value"}, rt.String[string])`,
			`rt.EncodeList(e, "Items", "Item", v.Items, rt.EncodeText[string])`, `func (*Bad) HTTPStatus() int { return 409 }`,
			`type IdleRequest struct { }`},
		restJSON: {`Method: "PUT", Path: "/a/{Id}/{Path+}", Status: 201, Payload: "Data", Bytes: true,`, `{Key: "Id", Name: "Id", In: rt.InPath},`,
			`{Key: "Tags", Name: "tag", In: rt.InQuery, Many: true},`, `{Key: "Meta", Name: "x-meta-", In: rt.InHeaders},`,
			`if !e.Header("x-when", v.When.HTTPDate())`, `if !e.Status(*v.Code)`, `if v.Body != nil && e.Payload(v.Body)`},
	} {
		files, err := Generate("x", []byte(model))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for _, text := range files {
			all = append(all, text...)
		}
		text := strings.Join(strings.Fields(string(all)), " ")
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %s", want)
			}
		}
	}
}
