package branding

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/api/rt"
)

// template has every class with what its owner can change of it.
const template = `.logo-customizable {
	max-width: 60%; max-height: 30%;
}
/* the
 head */
.banner-customizable { padding: 25px 0px 25px 0px; background-color: lightgray; }
.label-customizable { font-weight: 400; }
.textDescription-customizable, .idpDescription-customizable { padding-top: 10px; padding-bottom: 10px; display: block; font-size: 16px }
.idpDescription-customizable{}
.legalText-customizable { color: #747474; font-size: 11px; }
.submitButton-customizable { font-size: 14px; font-weight: bold; margin: 20px 0px 10px 0px; height: 40px; width: 100%; color: #fff; background-color: #337ab7; }
.submitButton-customizable:hover { color: #fff; background-color: RGBA(40, 96, 144, .9) !important; }
.errorMessage-customizable { padding: 5px; font-size: 14px; width: 100%; background: #F5F5F5; border: 2px solid #D64958; color: #D64958; box-sizing: border-box }
.inputField-customizable { width: calc(100% - 2px); height: 34px; color: #555; background-color: #fff; border: 1px solid #ccc; font-family: "Helvetica Neue", Arial }
.inputField-customizable:focus { border-color: #66afe9; outline: 0; }
.idpButton-customizable { height: 40px; text-align: center; margin-bottom: 15px; color: #fff; background-color: #5bc0de; border-color: #46b8da; }
.idpButton-customizable:hover { COLOR: #fff; }
.socialButton-customizable { height: 40px; text-align: left; width: 100%; margin-bottom: 15px; }
.passwordCheck-notValid-customizable { color: #DF3312; } .passwordCheck-valid-customizable { color: #19BF00; }
.background-customizable { background-color: #fff; }
`

func TestCSS(t *testing.T) {
	out, err := readCSS(template)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		".logo-customizable{max-width:60%;max-height:30%;}\n", ".textDescription-customizable,.idpDescription-customizable{padding-top:10px;",
		"background-color:RGBA(40, 96, 144, .9) !important;", ".idpButton-customizable:hover{color:#fff;}",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if again, err := readCSS(out); err != nil || again != out {
		t.Errorf("what is written reads as %s (%v)", again, err)
	}
}

func TestHostileCSS(t *testing.T) {
	class := func(declaration string) string { return ".label-customizable{" + declaration + "}" }
	for sheet, want := range map[string]string{
		"@import url(https://evil.example/a.css);":       "The CSS must not have at-rules: @import",
		"@media screen{.label-customizable{color:red}}":  "The CSS must not have at-rules: @media",
		"@supports (a:b){}":                              "The CSS must not have at-rules: @supports",
		"@page{}":                                        "The CSS must not have at-rules: @page",
		"@/**/import 'x'":                                "The CSS must not have at-rules: @",
		"body{color:red}":                                "The CSS class body is not in the list of allowed classes.",
		".other{color:red}":                              "The CSS class .other is not in the list of allowed classes.",
		"*{color:red}":                                   "The CSS class * is not in the list of allowed classes.",
		".label-customizable *{color:red}":               "The CSS class .label-customizable * is not in the list of allowed classes.",
		".label-customizable,{color:red}":                "The CSS class  is not in the list of allowed classes.",
		".label-customizable[value^=a]{color:red}":       "The CSS class .label-customizable[value^=a] is not in the list of allowed classes.",
		".inputField-customizable:valid{color:red}":      "The CSS class .inputField-customizable:valid is not in the list of allowed classes.",
		class("background:url(https://evil.example/?a)"): "The CSS property background can not have the value url(https://evil.example/?a)",
		class("background:URL(a)"):                       "The CSS property background can not have the value URL(a)",
		class("background:u/**/rl(a)"):                   "The CSS property background can not have the value u rl(a)",
		class("background:image-set('a' 1x)"):            "The CSS property background can not have the value image-set('a' 1x)",
		class("width:expression(alert(1))"):              "The CSS property width can not have the value expression(alert(1))",
		class("color:var(--a)"):                          "The CSS property color can not have the value var(--a)",
		class("color:attr(value)"):                       "The CSS property color can not have the value attr(value)",
		class("color:javascript"):                        "The CSS property color can not have the value javascript",
		class("color:'red"):                              "The CSS property color can not have the value 'red",
		class("color:red !ie"):                           "The CSS property color can not have the value red !ie",
		class("color:"):                                  "The CSS property color can not have the value ",
		class("behavior:x"):                              "The CSS property behavior is not in the list of allowed properties.",
		class("position:fixed"):                          "The CSS property position is not in the list of allowed properties.",
		class("-moz-binding:x"):                          "The CSS property -moz-binding is not in the list of allowed properties.",
		class("content:'a'"):                             "The CSS property content is not in the list of allowed properties.",
		class("--a:b"):                                   "The CSS property --a is not in the list of allowed properties.",
		class("color"):                                   "The CSS can not be read at: color",
		class(`color:\72 ed`):                            "The CSS must have neither backslashes nor angle brackets.",
		"/*</style><script>alert(1)</script>*/":          "The CSS must have neither backslashes nor angle brackets.",
		".label-customizable{color:red":                  "The CSS can not be read at: color:red",
		"/* open":                                        "The CSS can not be read at: /* open",
		".label-customizable{color:red}}":                "The CSS can not be read at: }",
		".label-customizable{.a{color:red}}":             "The CSS property .a{color is not in the list of allowed properties.",
		"x":                                              "The CSS can not be read at: x",
		"}.label-customizable{color:red}":                "The CSS class }.label-customizable is not in the list of allowed classes.",
	} {
		_, err := readCSS(sheet)
		var e rt.Exception
		if !errors.As(err, &e) || e.ErrorMessage() != want {
			t.Errorf("%s: %v, want %s", sheet, err, want)
		}
	}
}

// written is the form of everything that readCSS writes.
var written = regexp.MustCompile(`^(?:\.[a-zA-Z:,.-]+\{(?:[a-z-]+:[^;{}<>\\@]+;)*\}\n)*$`)

func FuzzCSS(f *testing.F) {
	f.Add(template)
	f.Add(".label-customizable{color:/*a*/red;;}")
	f.Add(".label-customizable{background:u/**/rl(a)}")
	f.Fuzz(func(t *testing.T, sheet string) {
		out, err := readCSS(sheet)
		if err != nil {
			return
		}
		if !written.MatchString(out) || strings.Contains(strings.ToLower(out), "url(") {
			t.Fatalf("%q becomes %q", sheet, out)
		}
		if again, err := readCSS(out); err != nil || again != out {
			t.Fatalf("%q becomes %q, and that %q (%v)", sheet, out, again, err)
		}
	})
}
