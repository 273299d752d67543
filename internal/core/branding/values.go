package branding

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Color is RRGGBBAA in hexadecimal digits of any case; "" where the tree has none.
type Color string

var colorForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}$`)

func (c Color) wrong() string {
	if colorForm.MatchString(string(c)) {
		return ""
	}
	return "a color of 8 hexadecimal digits (RRGGBBAA)"
}

// CSS is the color as a style sheet has it, "#rrggbbaa"; "" for none.
func (c Color) CSS() string {
	if c == "" {
		return ""
	}
	return "#" + strings.ToLower(string(c))
}

// Radius is the radius of corners in pixels.
type Radius float64

// maxRadius bounds it; beyond, corners do not change any more.
const maxRadius = 1000

func (r Radius) wrong() string {
	if r >= 0 && r <= maxRadius {
		return ""
	}
	return "a number from 0 to " + strconv.Itoa(maxRadius)
}

// CSS is the radius as a style sheet has it.
func (r Radius) CSS() string { return strconv.FormatFloat(float64(r), 'f', -1, 64) + "px" }

// Word is one of a set of which AWS publishes some members only.
type Word string

var wordForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

func (w Word) wrong() string {
	if wordForm.MatchString(string(w)) {
		return ""
	}
	return "a word of capital letters, digits and underscores"
}

// The sets of which all members are known.
type (
	// AuthDisplay is how a way of signing in is offered.
	AuthDisplay string
	// AuthMethod is a way of signing in.
	AuthMethod string
	// ColorScheme is which of the two sets of colors a page has.
	ColorScheme string
	// Edge is where something stands along an axis.
	Edge string
	// FaviconType is a kind of icon for the browser's tab.
	FaviconType string
	// Inclusion is whether the logo stands inside the form.
	Inclusion string
	// Position is whether the logo stands above or below.
	Position string
)

// The members of those sets.
const (
	DisplayButton AuthDisplay = "BUTTON"
	DisplayInput  AuthDisplay = "INPUT"

	MethodFederated AuthMethod = "FEDERATED"
	MethodPassword  AuthMethod = "USERNAME_PASSWORD"

	SchemeLight   ColorScheme = "LIGHT"
	SchemeDark    ColorScheme = "DARK"
	SchemeDynamic ColorScheme = "DYNAMIC" // as the browser asks

	Start  Edge = "START"
	Center Edge = "CENTER"
	End    Edge = "END"

	FaviconICO FaviconType = "ICO"
	FaviconSVG FaviconType = "SVG"

	InForm  Inclusion = "IN"
	OutForm Inclusion = "OUT"

	Top    Position = "TOP"
	Bottom Position = "BOTTOM"
)

func (v AuthDisplay) wrong() string { return outside(v, DisplayButton, DisplayInput) }
func (v AuthMethod) wrong() string  { return outside(v, MethodFederated, MethodPassword) }
func (v ColorScheme) wrong() string { return outside(v, SchemeLight, SchemeDark, SchemeDynamic) }
func (v Edge) wrong() string        { return outside(v, Start, Center, End) }
func (v FaviconType) wrong() string { return outside(v, FaviconICO, FaviconSVG) }
func (v Inclusion) wrong() string   { return outside(v, InForm, OutForm) }
func (v Position) wrong() string    { return outside(v, Top, Bottom) }

// outside says what a value should be when it is none of a set.
func outside[T ~string](v T, set ...T) string {
	if slices.Contains(set, v) {
		return ""
	}
	names := make([]string, len(set))
	for i, one := range set {
		names[i] = string(one)
	}
	return "one of " + strings.Join(names, ", ")
}
