package screen

import (
	"html/template"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// rules puts the rules of a new password below its field.
func (v *view) rules(s *Screen) {
	r := s.Rules
	if r == nil {
		return
	}
	for _, form := range v.Forms {
		for _, f := range form.Fields {
			if f.Type != "password" || f.Autocomplete != "new-password" {
				continue
			}
			n := strconv.Itoa(r.Length)
			out := &rulesView{Title: v.text("rules.title")}
			add := func(wanted bool, rule string, t Text) {
				if wanted {
					out.Items = append(out.Items, ruleView{rule, v.say(t)})
				}
			}
			add(r.Length > 0, "length "+n, Say("rules.length", count, n))
			add(r.Lower, "lower", Say("rules.lower"))
			add(r.Upper, "upper", Say("rules.upper"))
			add(r.Number, "number", Say("rules.number"))
			add(r.Symbol, "symbol", Say("rules.symbol"))
			if len(out.Items) > 0 {
				f.Rules = out
				f.describe()
			}
			return
		}
	}
}

// terms puts the line about the app's documents below the first button.
func (v *view) terms(s *Screen) {
	if s.Terms == nil || len(v.Forms) == 0 {
		return
	}
	for _, p := range v.pieces(Say("terms.line")) {
		part := termsPart{Text: p.text}
		switch {
		case p.arg && p.text == "use":
			part = termsPart{v.text("terms.use"), s.Terms.Use}
		case p.arg && p.text == "privacy":
			part = termsPart{v.text("terms.privacy"), s.Terms.Privacy}
		}
		v.Forms[0].Terms = append(v.Forms[0].Terms, part)
	}
}

// forgot is the ID of the link that stands with the password.
const forgot = "forgot-password"

// place moves the link to a forgotten password below the field that it is about.
func (v *view) place(s *Screen) {
	if len(v.Forms) == 0 {
		return
	}
	form := &v.Forms[0]
	for _, f := range form.Fields {
		if f.Type != "password" {
			continue
		}
		for i, l := range v.Links {
			if l.ID == forgot {
				form.After = &l
				v.Links = append(v.Links[:i:i], v.Links[i+1:]...)
				return
			}
		}
	}
}

type totpView struct {
	QR             template.HTML
	URI            template.URL
	Key, Say, Open string
	Plain          string // the key without spaces, to be copied
	Copy, Copied   string
}

// otpauth begins the addresses that authenticator apps open.
const otpauth = "otpauth://totp/"

func (v *view) totp(s *Screen) {
	if s.TOTP == nil {
		return
	}
	out := &totpView{Say: v.text("totp.key"), Open: v.text("totp.open"), Key: groups(s.TOTP.Key), Plain: s.TOTP.Key, Copy: v.text("page.copy"), Copied: v.text("page.copied")}
	if strings.HasPrefix(s.TOTP.URI, otpauth) {
		out.URI = template.URL(s.TOTP.URI)
		out.QR = drawQR(s.TOTP.URI, v.text("totp.qr"))
	}
	v.TOTP = out
}

// groups puts spaces after every four characters, as people read them.
func groups(key string) string {
	var b strings.Builder
	for i, r := range key {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// quiet is the margin of a QR code, in modules (ISO/IEC 18004).
const quiet = 4

// drawQR draws a text as a QR code; nothing when it is too long for one.
func drawQR(text, label string) template.HTML {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return ""
	}
	side := strconv.Itoa(code.Size + 2*quiet)
	b := []byte(`<svg viewBox="0 0 ` + side + " " + side + `" role="img" aria-label="` + template.HTMLEscapeString(label) + `"><path d="`)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run == 0 {
				continue
			}
			b = strconv.AppendInt(append(b, 'M'), int64(x+quiet), 10)
			b = strconv.AppendInt(append(b, ' '), int64(y+quiet), 10)
			b = strconv.AppendInt(append(b, 'h'), int64(run), 10)
			b = strconv.AppendInt(append(b, "v1h-"...), int64(run), 10)
			b = append(b, 'z')
			x += run
		}
	}
	return template.HTML(append(b, `"/></svg>`...))
}
