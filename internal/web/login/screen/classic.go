package screen

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed style/classic.css
var classicSource string

// classicView is a page of the classic hosted UI. Its log-in stands there twice, for narrow and for wide windows, of which
// one is shown: scripts that drive these pages look for two.
type classicView struct {
	*view
	Narrow, Wide *view
}

// classicIDs are the ids that the fields of the log-in have in both copies.
var classicIDs = map[string]string{"username": "signInFormUsername", "password": "signInFormPassword"}

// classic turns the view of a managed page into that of a classic one.
func classic(v *view) *classicView {
	v.LanguageList = ""
	for i := range v.Forms {
		f := &v.Forms[i]
		f.ASF = v.Kind == SignIn || v.Kind == Confirm
		f.HasASF = slices.ContainsFunc(f.Hidden, func(h [2]string) bool { return h[0] == "cognitoAsfData" })
		for _, field := range f.Fields {
			if id, known := classicIDs[field.Name]; known && v.Kind == SignIn {
				field.ID = id
			}
			if i == 0 && v.Kind == SignIn {
				field.Suffix = "-narrow"
			}
			field.describe()
		}
		if len(f.Buttons) > 0 && f.Buttons[0].Class == "row" && i == 0 { // there are no lists here
			f.Buttons[0].Class = "btn first"
		}
	}
	if v.Kind == SignIn && v.Lead == "" && len(v.Forms) > 0 {
		v.Lead = v.text("classic.local")
		if fields := v.Screen.Forms[0].Fields; len(fields) > 0 && fields[0].Label.Key == "label.email" {
			v.Lead = v.text("classic.local_email")
		}
	}
	out := &classicView{view: v, Narrow: v, Wide: v}
	if v.Kind == SignIn && len(v.Forms) > 0 {
		wide := *v
		wide.Forms = slices.Clone(v.Forms)
		for i := range wide.Forms {
			wide.Forms[i].ID += strings.Repeat("-wide", min(1, len(wide.Forms[i].ID)))
			wide.Forms[i].Fields = nil
			for _, field := range v.Forms[i].Fields {
				again := *field
				again.Suffix = "-wide"
				again.describe()
				wide.Forms[i].Fields = append(wide.Forms[i].Fields, &again)
			}
		}
		out.Wide = &wide
	}
	return out
}

// Social reports whether a provider is one of those that the classic pages draw as social.
func (p providerView) Social() bool { return providerNames[p.Icon] != "" }

// Social reports whether there is a social provider.
func (v *view) Social() bool { return slices.ContainsFunc(v.Providers, providerView.Social) }

// SocialSay and Legal stand above and below the social providers.
func (v *view) SocialSay() string { return v.text("classic.social") }

// Legal says that nothing is posted with the account of a social provider.
func (v *view) Legal() string { return v.text("classic.legal") }

// classicCSS makes a stored style safe to stand in an element: it was checked when it was stored, and what could end the
// element is written as CSS escapes it.
func classicCSS(css string) string { return strings.ReplaceAll(css, "<", `\3c `) }
