package screen

import (
	"slices"
	"strings"
)

// formView is a form in one language.
type formView struct {
	ID, Action string
	Hidden     [][2]string
	Fields     []*fieldView
	Person     string    // for password managers, where the form asks for a password alone
	After      *linkView // below the fields: the forgotten password
	Buttons    []buttonView
	Terms      []termsPart
	Rows       bool
	ASF        bool // the classic page has a field for the fingerprint of the device
	HasASF     bool
	Ceremony   *ceremonyView
}

type ceremonyView struct {
	Verb, Options, Field                   string
	Autofill                               bool
	Failed, Cancelled, Unsupported, Exists string
}

type buttonView struct {
	Class, Name, Value, Icon, Text, Hint, Waiting string
	Wait                                          int
	Row                                           bool
}

type termsPart struct{ Text, URL string }

type fieldView struct {
	Type, InputType, ID, Name, Value     string
	Label, Hint, Error, Optional         string
	Autocomplete, InputMode, Describe    string
	Required, Focus, Plain, LTR, Checked bool
	CheckValue                           string
	MaxLength                            int
	Options                              []optionView
	Rules                                *rulesView
	vague                                bool // the error does not name the field
	Show, ShowLabel, Hide, HideLabel     string
	// Suffix tells the copies of a field apart in the ids of what explains it.
	Suffix string
}

type optionView struct {
	Value, Text, Hint string
	Chosen            bool
}

type rulesView struct {
	Title string
	Items []ruleView
}

type ruleView struct{ Rule, Text string }

// lists are the pages whose buttons are rows to choose from.
var lists = []Kind{Choose, ChooseMFA, SetUpMFA, Accounts}

func (v *view) forms(s *Screen) {
	list := slices.Contains(lists, s.Kind)
	for i := range s.Forms {
		f := &s.Forms[i]
		out := formView{ID: f.ID, Action: f.Action, Hidden: f.Hidden, Rows: list && len(f.Fields) == 0 && !f.Quiet}
		for j := range f.Fields {
			out.Fields = append(out.Fields, v.field(s, &f.Fields[j]))
		}
		if slices.ContainsFunc(f.Fields, func(f Field) bool { return f.Type == "password" }) {
			out.Person = s.Identifier
		}
		v.buttons(&out, f, i == 0)
		if p := s.Passkey; p != nil && p.Form == f.ID {
			out.Ceremony = v.ceremony(p)
			v.NoScript = v.text("passkey.noscript")
		}
		v.Forms = append(v.Forms, out)
	}
	v.focus()
	v.rules(s)
	v.terms(s)
}

// focus leaves the focus with one field: the first that is empty among those that want it, else the first of those, else
// the first that is empty.
func (v *view) focus() {
	var first *fieldView
	rank := 0
	for _, f := range v.Forms {
		for _, field := range f.Fields {
			empty := field.Value == "" && field.InputType != ""
			mine := map[[2]bool]int{{true, true}: 3, {true, false}: 2, {false, true}: 1}[[2]bool{field.Focus, empty}]
			if mine > rank {
				first, rank = field, mine
			}
			field.Focus = false
		}
	}
	if first != nil {
		first.Focus = true
	}
}

// unfocus leaves the focus to the alert.
func (v *view) unfocus() {
	for _, f := range v.Forms {
		for _, field := range f.Fields {
			field.Focus = false
		}
	}
}

func (v *view) buttons(out *formView, f *Form, first bool) {
	class := "btn second"
	switch {
	case out.Rows:
		class = "row"
	case f.Quiet:
		class = "btn quiet"
	case first:
		class = "btn first"
	}
	out.Buttons = append(out.Buttons, v.button(&f.Submit, class))
	if class == "btn first" {
		class = "btn second"
	}
	for i := range f.Other {
		out.Buttons = append(out.Buttons, v.button(&f.Other[i], class))
	}
}

func (v *view) button(b *Button, class string) buttonView {
	out := buttonView{
		Class: class, Name: b.Name, Value: b.Value, Icon: b.Icon, Text: v.say(b.Text), Hint: v.say(b.Hint), Wait: b.Wait, Row: class == "row",
	}
	if b.Wait > 0 {
		key := "code.resend_wait"
		if b.Text.Key == "done.link_again" {
			key = "confirm.link_wait"
		}
		out.Waiting = v.say(Say(key, "seconds", "{seconds}"))
	}
	return out
}

func (v *view) ceremony(p *Ceremony) *ceremonyView {
	out := &ceremonyView{
		Verb: "get", Options: p.Options, Field: p.Field, Autofill: p.Autofill, Failed: v.text("passkey.failed"),
		Cancelled: v.text("passkey.cancelled"), Unsupported: v.text("passkey.unsupported"), Exists: v.text("passkey.failed"),
	}
	if p.Create {
		out.Verb, out.Failed, out.Cancelled, out.Exists = "create", v.text("passkey.create_failed"), v.text("passkey.create_cancelled"), v.text("passkey.exists")
	}
	return out
}

// inputTypes are the types of HTML for those of fields.
var inputTypes = map[string]string{
	"text": "text", "email": "email", "tel": "tel", "password": "password", "date": "date", "url": "url", "code": "text", "": "text",
}

func (v *view) field(s *Screen, f *Field) *fieldView {
	out := &fieldView{
		Type: f.Type, InputType: inputTypes[f.Type], ID: f.ID, Name: f.Name, Value: f.Value, Label: v.say(f.Label), Hint: v.say(f.Hint),
		Error: v.say(f.Error), Autocomplete: f.Autocomplete, Required: f.Required, Focus: f.Focus, MaxLength: f.MaxLength,
	}
	if out.ID == "" {
		out.ID = "f-" + strings.NewReplacer("[", "-", "]", "", ":", "-", " ", "-").Replace(f.Name)
	}
	switch f.Type {
	case "password":
		out.Value = "" // a page never repeats a password
		out.Show, out.ShowLabel = v.text("page.show"), v.text("page.show_password")
		out.Hide, out.HideLabel = v.text("page.hide"), v.text("page.hide_password")
	case "code":
		out.InputMode = "numeric"
		if out.Autocomplete == "" {
			out.Autocomplete = "one-time-code"
		}
	case "checkbox":
		if out.CheckValue, out.Checked = "true", f.Value != ""; f.Value != "" {
			out.CheckValue = f.Value
		}
	}
	out.vague = f.Error.Key == "missing.value" || f.Error.Key == "wrong.value"
	out.Plain = f.Type == "password" || f.Type == "email" || f.Type == "url" || strings.HasPrefix(f.Autocomplete, "username")
	out.LTR = v.rtl && (f.Type == "email" || f.Type == "tel" || f.Type == "url" || f.Type == "code")
	for _, o := range f.Options {
		out.Options = append(out.Options, optionView{o.Value, v.say(o.Text), v.say(o.Hint), o.Value == f.Value})
	}
	if !f.Required && out.InputType != "" && s.Kind != SignIn {
		out.Optional = v.text("page.optional")
	}
	out.describe()
	return out
}

// describe names what explains the field.
func (f *fieldView) describe() {
	var ids []string
	if f.Hint != "" && f.Type != "checkbox" {
		ids = append(ids, f.HintID())
	}
	if f.Error != "" {
		ids = append(ids, f.ErrorID())
	}
	if f.Rules != nil {
		ids = append(ids, f.RulesID())
	}
	f.Describe = strings.Join(ids, " ")
}

// HintID is the id of the field's hint.
func (f *fieldView) HintID() string { return f.ID + f.Suffix + "-hint" }

// summary is what the alert on top of the page says of the field: an error that names no field comes with its label.
func (f *fieldView) summary() string {
	if f.vague {
		return f.Label + ": " + f.Error
	}
	return f.Error
}

// ErrorID is the id of what is wrong with the field.
func (f *fieldView) ErrorID() string { return f.ID + f.Suffix + "-error" }

// RulesID is the id of the rules of the field.
func (f *fieldView) RulesID() string { return f.ID + f.Suffix + "-rules" }
