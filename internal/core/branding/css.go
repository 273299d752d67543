package branding

import (
	"regexp"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
)

// cssClasses are what a style sheet of the classic pages may select.
var cssClasses = map[string]bool{
	".background-customizable": true, ".banner-customizable": true, ".errorMessage-customizable": true,
	".idpButton-customizable": true, ".idpButton-customizable:hover": true, ".idpDescription-customizable": true,
	".inputField-customizable": true, ".inputField-customizable:focus": true, ".label-customizable": true,
	".legalText-customizable": true, ".logo-customizable": true, ".passwordCheck-notValid-customizable": true,
	".passwordCheck-valid-customizable": true, ".redirect-customizable": true, ".socialButton-customizable": true,
	".submitButton-customizable": true, ".submitButton-customizable:hover": true, ".textDescription-customizable": true,
}

// cssProperties are what it may set: those that AWS names for any class, and their kin. None of them moves, hides or fetches
// anything.
var cssProperties = []string{
	"background", "background-color",
	"border", "border-bottom", "border-color", "border-left", "border-radius", "border-right", "border-style", "border-top", "border-width",
	"box-shadow", "box-sizing", "color", "display",
	"font", "font-family", "font-size", "font-style", "font-weight",
	"height", "letter-spacing", "line-height",
	"margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
	"max-height", "max-width", "min-height", "min-width",
	"outline", "outline-color", "outline-offset", "outline-style", "outline-width",
	"padding", "padding-bottom", "padding-left", "padding-right", "padding-top",
	"text-align", "text-decoration", "text-transform", "width",
}

// cssFunctions are what a value may call.
var cssFunctions = []string{"calc", "hsl", "hsla", "rgb", "rgba"}

var (
	cssValue = regexp.MustCompile(`^[\w #%.,()+!'"/-]+$`)
	cssCall  = regexp.MustCompile(`([\w-]*)\(`)
	cssSpace = regexp.MustCompile(`\s+`)
)

// readCSS checks a style sheet of the classic pages and returns it as it may stand in a page: the rules alone, written anew.
// An escape could hide what is looked for, and a tag could end the element in a page, so neither may stand anywhere.
func readCSS(sheet string) (string, error) {
	if strings.ContainsAny(sheet, `\<`) {
		return "", cognitoidp.NewInvalidParameter("The CSS must have neither backslashes nor angle brackets.")
	}
	rest, err := withoutComments(sheet)
	if err != nil {
		return "", err
	}
	if _, rule, found := strings.Cut(rest, "@"); found {
		return "", cognitoidp.NewInvalidParameter("The CSS must not have at-rules: @%s", firstWord(rule))
	}
	var out strings.Builder
	for {
		selectors, behind, found := strings.Cut(rest, "{")
		if !found {
			if strings.TrimSpace(rest) != "" {
				return "", brokenCSS(rest)
			}
			return out.String(), nil
		}
		block, after, closed := strings.Cut(behind, "}")
		if !closed {
			return "", brokenCSS(behind)
		}
		if err := writeRule(&out, selectors, block); err != nil {
			return "", err
		}
		rest = after
	}
}

func withoutComments(sheet string) (string, error) {
	var out strings.Builder
	for {
		before, behind, found := strings.Cut(sheet, "/*")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		_, after, closed := strings.Cut(behind, "*/")
		if !closed {
			return "", brokenCSS("/*" + behind)
		}
		out.WriteByte(' ')
		sheet = after
	}
}

// writeRule checks one rule and writes it.
func writeRule(out *strings.Builder, selectors, block string) error {
	for i, selector := range strings.Split(selectors, ",") {
		selector = strings.TrimSpace(selector)
		if !cssClasses[selector] {
			return cognitoidp.NewInvalidParameter("The CSS class %s is not in the list of allowed classes.", shorten(selector))
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(selector)
	}
	out.WriteByte('{')
	for declaration := range strings.SplitSeq(block, ";") {
		if strings.TrimSpace(declaration) == "" {
			continue
		}
		name, value, found := strings.Cut(declaration, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(cssSpace.ReplaceAllString(value, " "))
		if !found {
			return brokenCSS(declaration)
		}
		if !slices.Contains(cssProperties, name) {
			return cognitoidp.NewInvalidParameter("The CSS property %s is not in the list of allowed properties.", shorten(name))
		}
		if !goodValue(value) {
			return cognitoidp.NewInvalidParameter("The CSS property %s can not have the value %s", name, shorten(value))
		}
		out.WriteString(name + ":" + value + ";")
	}
	out.WriteString("}\n")
	return nil
}

// goodValue reports whether a value is made of plain words, numbers, colors and texts.
func goodValue(value string) bool {
	if !cssValue.MatchString(value) || strings.Contains(strings.ToLower(value), "javascript") {
		return false
	}
	if strings.Count(value, `'`)%2 != 0 || strings.Count(value, `"`)%2 != 0 || strings.Count(value, "(") != strings.Count(value, ")") {
		return false
	}
	for _, call := range cssCall.FindAllStringSubmatch(value, -1) {
		if !slices.Contains(cssFunctions, strings.ToLower(call[1])) {
			return false
		}
	}
	return strings.Count(value, "!") == 0 || strings.Count(value, "!") == 1 && strings.HasSuffix(strings.ToLower(value), "!important")
}

func brokenCSS(at string) error {
	return cognitoidp.NewInvalidParameter("The CSS can not be read at: %s", shorten(at))
}

// shorten is what a refusal repeats of a style sheet.
func shorten(text string) string {
	text = strings.TrimSpace(cssSpace.ReplaceAllString(text, " "))
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "..."
	}
	return text
}

func firstWord(text string) string {
	if i := strings.IndexFunc(text, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' }); i >= 0 {
		text = text[:i]
	}
	return shorten(text)
}
