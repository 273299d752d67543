package screen

import (
	"html"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// view is a screen in one language and look: what templates read.
type view struct {
	*catalog
	*edition
	generation Generation
	sheet      *sheet

	Screen *Screen // what it was made of

	Lang, Dir, DocTitle string
	Style               template.CSS
	Script              string
	Refresh, Favicons   template.HTML
	Look                lookView

	Kind                Kind
	App, Initial, Icon  string
	Graphic             *picture
	Title, Lead         string
	Identifier          string
	ChangeURL           string
	Change, ChangeLabel string
	Alert               *alertView
	Forms               []formView
	Providers           []providerView
	ProvidersFirst      bool
	Or                  string
	OrBefore, OrAfter   bool
	Next                *linkView
	Links               []linkView
	TOTP                *totpView
	NoScript, Busy      string

	LanguageList                template.HTML // the items of the menu of languages; "" for none
	LanguageLabel, LanguageName string

	RequestID, RequestLabel string
	Detail, DetailLabel     string
}

// alertView is what is said on top of a page: the alert of the screen and the errors of its fields, with links to them.
type alertView struct {
	Class, Role, Text string
	Focus             bool
	Links             []fieldLink
}

type fieldLink struct{ ID, Text string }

type linkView struct {
	ID, Lead, Text string
	URL            template.URL
}

// goOn draws the first link as a button where there is nothing else to do.
func (v *view) goOn(s *Screen) {
	loud := slices.ContainsFunc(s.Forms, func(f Form) bool { return !f.Quiet })
	if !loud && len(v.Providers) == 0 && len(v.Links) > 0 {
		v.Next, v.Links = &v.Links[0], v.Links[1:]
	}
}

type providerView struct {
	URL        template.URL
	Text, Icon string
	Image      *picture
}

type languageView struct {
	Code, Name string
	URL        template.URL
	Here       bool
}

func newView(look *Look, e *edition, lang string, s *Screen) *view {
	c := e.catalogs[lang]
	if c == nil || look.generation == Classic { // which speaks English alone
		c = e.catalogs[English]
	}
	v := &view{
		catalog: c, edition: e, generation: look.generation, sheet: look.sheet(s.Base, e.layout(look.generation).css), Screen: s, Lang: c.lang, Dir: "ltr", Kind: s.Kind, App: s.App, Icon: s.Icon,
		Title: c.say(s.Title), Lead: c.say(s.Lead), Identifier: s.Identifier, ChangeURL: s.ChangeURL,
		RequestID: s.RequestID, Detail: s.Detail, Refresh: refresh(s.Refresh),
	}
	if c.rtl {
		v.Dir = "rtl"
	}
	if s.Kind == Failure && v.Icon == "" {
		v.Icon = "wrong"
	}
	v.Style = v.sheet.css
	v.dress(look, s)
	v.forms(s)
	v.providers(look, s)
	for _, l := range s.Links {
		v.Links = append(v.Links, linkView{l.ID, c.say(l.Lead), c.say(l.Text), address(l.URL)})
	}
	v.place(s)
	v.Busy = v.text("page.busy")
	v.goOn(s)
	v.alert(s)
	v.title(s)
	v.totp(s)
	v.languages(s)
	if s.Identifier != "" {
		v.Change, v.ChangeLabel = v.text("page.change"), c.say(Say("page.change_of", "identifier", s.Identifier))
	}
	if s.RequestID != "" {
		v.RequestLabel = v.text("error.request")
	}
	if s.Detail != "" {
		v.DetailLabel = v.text("error.detail")
	}
	return v
}

// Say is a text of the catalog with arguments, for templates: {{.Say "login.title" "app" .App}}.
func (v *view) Say(key string, pairs ...string) string { return v.say(Say(key, pairs...)) }

// text is a text without arguments.
func (v *view) text(key string) string { return v.say(Text{Key: key}) }

// title makes the title of the document: it says that there is an error, what the page is about, and of which app.
func (v *view) title(s *Screen) {
	v.DocTitle = v.Title
	if s.App != "" && !strings.Contains(v.Title, s.App) {
		v.DocTitle = v.say(Say("page.with_app", "title", v.Title, "app", s.App))
	}
	if v.Alert != nil && v.Alert.Class == string(AlertError) {
		v.DocTitle = v.say(Say("page.error", "title", v.DocTitle))
	}
	if v.rtl { // titles of windows know no isolates
		v.DocTitle = strings.NewReplacer(isolate, "", isolateLeft, "", pop, "").Replace(v.DocTitle)
	}
}

// alert gathers what is wrong. A page with an error opens with the focus on it.
func (v *view) alert(s *Screen) {
	var links []fieldLink
	for _, f := range v.Forms {
		for _, field := range f.Fields {
			if field.Error != "" {
				links = append(links, fieldLink{field.ID, field.summary()})
			}
		}
	}
	switch {
	case s.Alert == nil && links == nil:
		return
	case s.Alert == nil:
		v.Alert = &alertView{Class: string(AlertError), Text: v.text("page.problem")}
	default:
		v.Alert = &alertView{Class: string(s.Alert.Kind), Text: v.say(s.Alert.Text)}
	}
	v.Alert.Links, v.Alert.Role = links, "status"
	if v.Alert.Class == string(AlertError) || links != nil {
		v.Alert.Class, v.Alert.Role, v.Alert.Focus = string(AlertError), "alert", true
		v.unfocus()
	}
}

// languages makes the links to the page in other languages.
func (v *view) languages(s *Screen) {
	if s.LanguageURL == "" {
		return
	}
	v.LanguageLabel = v.text("page.language")
	to := html.EscapeString(string(languageURL(s.LanguageURL)))
	b := make([]byte, 0, len(languages)*(len(to)+80))
	for _, l := range languages {
		b = append(b, `<li><a href="`...)
		b = append(append(append(b, to...), l.Code...), `" lang="`...)
		b = append(append(append(b, l.Code...), `" hreflang="`...), l.Code...)
		b = append(b, '"')
		if l.Code == v.lang {
			v.LanguageName = l.Name
			b = append(b, ` aria-current="true"`...)
		}
		b = append(append(append(b, '>'), l.Name...), "</a></li>\n"...)
	}
	v.LanguageList = template.HTML(b)
}

// languageURL is the address of a page up to the code of a language.
func languageURL(to string) template.URL {
	sep := "?"
	if strings.Contains(to, "?") {
		sep = "&"
	}
	return address(to + sep + "lang=")
}

// Languages are the links to the page in other languages, for templates.
func (v *view) Languages() []languageView {
	if v.LanguageList == "" {
		return nil
	}
	var out []languageView
	for _, l := range languages {
		out = append(out, languageView{l.Code, l.Name, languageURL(v.Screen.LanguageURL) + template.URL(l.Code), l.Code == v.lang})
	}
	return out
}

// providerNames are what people call the providers that Cognito knows by type.
var providerNames = map[string]string{"Google": "Google", "Facebook": "Facebook", "LoginWithAmazon": "Amazon", "SignInWithApple": "Apple"}

func (v *view) providers(look *Look, s *Screen) {
	if len(s.Providers) == 0 {
		return
	}
	for _, p := range look.sorted(s.Providers) {
		name, known := providerNames[p.Type]
		one := providerView{URL: address(p.URL), Icon: p.Type}
		if !known {
			name, one.Icon = p.Name, "provider"
		}
		if one.Image = look.picture(s.Base, "IDP_BUTTON_ICON", p.Name); !look.providerIcons {
			one.Image, one.Icon = nil, ""
		}
		one.Text = v.say(Say("provider.button", "provider", name))
		v.Providers = append(v.Providers, one)
	}
	v.ProvidersFirst = look.providersFirst
	v.Or, v.OrAfter, v.OrBefore = v.text("page.or"), v.ProvidersFirst && len(s.Forms) > 0, !v.ProvidersFirst && len(s.Forms) > 0
}

// dress takes what the page shows of the look.
func (v *view) dress(look *Look, s *Screen) {
	v.Look = look.view(s.Base)
	v.Script = s.Base + ScriptPath
	v.Favicons = look.favicons(s.Base)
	if look.graphics {
		v.Graphic = look.graphic(s.Base, s.Icon)
	}
	if !look.graphics {
		v.Icon = ""
	}
	if look.settings.at("components") != nil { // whose owner has a logo, or wants none
		return
	}
	if r, _ := utf8.DecodeRuneInString(s.App); unicode.IsLetter(r) || unicode.IsDigit(r) {
		v.Initial = string(unicode.ToUpper(r))
	}
}

// scripts are the schemes of addresses that run in the page instead of leading elsewhere.
var scripts = []string{"javascript", "data", "vbscript", "blob", "filesystem", "about"}

// address is where a link leads: on the web, in the pool, or in an app, whose scheme may be its own. What would run in the
// page, or is no address, leads nowhere.
func address(to string) template.URL {
	u, err := url.Parse(to)
	if err != nil || slices.Contains(scripts, strings.ToLower(u.Scheme)) {
		return "#"
	}
	return template.URL(u.String())
}

// refresh is the element that leads a browser elsewhere.
func refresh(to string) template.HTML {
	if to == "" || address(to) == "#" {
		return ""
	}
	target := strings.NewReplacer("'", "%27", `"`, "%22").Replace(string(address(to)))
	return template.HTML(`<meta http-equiv="refresh" content="0;url=` + html.EscapeString(target) + `">` + "\n")
}
