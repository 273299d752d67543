package message

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"sync"

	"cognate/internal/base/locale"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// sheet are the texts of pools that set none, in one language.
type sheet struct {
	Code           text // verification of sign-ups and attributes, forgotten passwords
	Link           text // verification by link
	Invitation     text
	Authentication text // codes to sign in with
}

// text is a message by e-mail, whose body is HTML, and by SMS.
type text struct{ Subject, Email, SMS string }

// of are the texts of a kind.
func (s *sheet) of(kind Kind, link bool) text {
	switch {
	case kind == AdminCreateUser:
		return s.Invitation
	case kind == Authentication:
		return s.Authentication
	case link:
		return s.Link
	}
	return s.Code
}

// under fills what s leaves out from another sheet.
func (s sheet) under(other *sheet) *sheet {
	if other == nil {
		return &s
	}
	for _, pair := range [][2]*text{
		{&s.Code, &other.Code}, {&s.Link, &other.Link}, {&s.Invitation, &other.Invitation}, {&s.Authentication, &other.Authentication},
	} {
		pair[0].Subject = choose(pair[1].Subject, &pair[0].Subject)
		pair[0].Email = choose(pair[1].Email, &pair[0].Email)
		pair[0].SMS = choose(pair[1].SMS, &pair[0].SMS)
	}
	return &s
}

// shelf are the sheets of a pool by their languages.
type shelf struct {
	sheets    map[string]*sheet
	languages *locale.Languages
}

// newShelf puts sheets over those of another shelf; what a language still lacks is said in English.
func newShelf(own map[string]*sheet, other *shelf) (*shelf, error) {
	s := &shelf{sheets: map[string]*sheet{}}
	if other != nil {
		for language, texts := range other.sheets {
			s.sheets[language] = texts
		}
	}
	var codes []string
	for language, texts := range own {
		s.sheets[language] = texts.under(s.sheets[language])
	}
	for language, texts := range s.sheets {
		s.sheets[language] = texts.under(s.sheets[locale.English])
		codes = append(codes, language)
	}
	var err error
	s.languages, err = locale.New(codes...)
	return s, err
}

// Catalog are the texts of pools that set none: AWS's in English, ours in other languages, and what the operator puts
// over them.
type Catalog struct {
	all   *shelf
	pools map[string]*shelf
}

//go:embed texts/*.yaml
var ownTexts embed.FS

// builtin is the catalog that a server comes with.
var builtin = sync.OnceValue(func() *Catalog {
	sheets, _, err := readSheets(ownTexts, "texts")
	if err != nil {
		panic(err) // they are part of the program
	}
	all, err := newShelf(sheets, nil)
	if err != nil {
		panic(err)
	}
	return &Catalog{all: all}
})

func (c *Catalog) shelf(poolID string) *shelf {
	if c == nil {
		c = builtin()
	}
	if s := c.pools[poolID]; s != nil {
		return s
	}
	return c.all
}

// texts are the sheet for a message.
func (c *Catalog) texts(o Outgoing) *sheet {
	s := c.shelf(o.PoolID)
	if texts := s.sheets[o.Language]; texts != nil {
		return texts
	}
	return s.sheets[locale.English]
}

// language chooses the language of a message: the user's locale, then what the person reads who asks for it. What the
// API causes is in English, as on AWS, unless the pool says otherwise; pages have a language, in which people wait for
// the message.
func (m *Messages) language(ctx context.Context, o Outgoing) string {
	asked, how := obs.From(ctx), pool.MessageLanguage(o.Config)
	if how == pool.LanguageEnglish || how == "" && asked.Language == "" {
		return locale.English
	}
	wishes := []string{o.Attributes["locale"], asked.Language}
	if how != "" && asked.Principal.IsZero() { // an administrator's languages are not the user's
		wishes = append(wishes, asked.Languages)
	}
	if how != pool.LanguageAuto {
		wishes = append(wishes, how)
	}
	code, _ := m.deps.Catalog.shelf(o.PoolID).languages.Match(wishes...)
	return code
}

// check holds a sheet to what messages must have.
func (s *sheet) check() error {
	for _, c := range []struct {
		name   string
		text   text
		places []string
	}{
		{"code", s.Code, []string{codePlace}}, {"authentication", s.Authentication, []string{codePlace}},
		{"invitation", s.Invitation, []string{codePlace, usernamePlace}}, {"link", s.Link, nil},
	} {
		switch {
		case len([]rune(c.text.Subject)) > maxMailTopic:
			return fmt.Errorf("%s.subject has more than %d characters", c.name, maxMailTopic)
		case len([]rune(c.text.Email)) > maxMailText:
			return fmt.Errorf("%s.email has more than %d characters", c.name, maxMailText)
		case len([]rune(c.text.SMS)) > maxSMSText:
			return fmt.Errorf("%s.sms has more than %d characters", c.name, maxSMSText)
		case c.places == nil && c.text.SMS != "":
			return fmt.Errorf("%s.sms: links are sent by e-mail only", c.name)
		case c.places == nil && c.text.Email != "" && !namedLink.MatchString(c.text.Email):
			return fmt.Errorf("%s.email must contain the text of the link, {##...##}", c.name)
		}
		for _, place := range c.places {
			for member, body := range map[string]string{"email": c.text.Email, "sms": c.text.SMS} {
				if body != "" && !strings.Contains(body, place) {
					return fmt.Errorf("%s.%s must contain %s", c.name, member, place)
				}
			}
		}
	}
	return nil
}
