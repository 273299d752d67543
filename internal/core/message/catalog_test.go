package message

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/locale"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
)

// TestOwnTexts: every language that the pages speak has every text, and each is a translation.
func TestOwnTexts(t *testing.T) {
	all := builtin().all
	languages := []string{"ar", "de", "en", "es", "fr", "id", "it", "ja", "ko", "nl", "pt-BR", "zh-CN", "zh-TW"}
	codes := all.languages.Codes()
	if slices.Sort(codes); !slices.Equal(codes, languages) {
		t.Errorf("languages %v", codes)
	}
	seen := map[string]string{}
	for _, language := range languages {
		s := all.sheets[language]
		if err := s.check(); err != nil {
			t.Errorf("%s: %v", language, err)
		}
		for name, body := range map[string]string{
			"code": s.Code.Subject + s.Code.Email + s.Code.SMS, "invitation": s.Invitation.Subject + s.Invitation.Email + s.Invitation.SMS,
			"authentication": s.Authentication.Subject + s.Authentication.Email + s.Authentication.SMS, "link": s.Link.Subject + s.Link.Email,
		} {
			if other := seen[body]; other != "" {
				t.Errorf("%s in %s is that in %s", name, language, other)
			}
			seen[body] = language
		}
		for _, each := range []text{s.Code, s.Invitation, s.Authentication} {
			if each.Subject == "" || each.Email == "" || each.SMS == "" {
				t.Errorf("%s lacks a text: %+v", language, each)
			}
		}
		for _, medium := range []Medium{Email, SMS} {
			r, ok := Render(Outgoing{Kind: AdminCreateUser, Medium: medium, Username: "ann", Code: "pw<1", Language: language}, pool.Addresses{})
			if !ok || !strings.Contains(r.Text, "ann") || !strings.Contains(r.Text, "pw<1") || strings.ContainsAny(r.Text, "{}") {
				t.Errorf("%s: %+v", language, r)
			}
		}
		r, _ := Render(Outgoing{Kind: SignUp, Medium: Email, Link: "secret", Code: "1", Language: language}, pool.NewAddresses("https://id.example.com"))
		if !strings.Contains(r.HTML, `<a href="https://id.example.com/`) || strings.Contains(r.HTML, "##") {
			t.Errorf("%s: %+v", language, r)
		}
	}
}

// TestLanguageOfMessages: who decides.
func TestLanguageOfMessages(t *testing.T) {
	admin := obs.Principal{Account: "000000000000", ARN: "arn:aws:iam::000000000000:root"}
	for _, c := range []struct {
		name, tag, locale string
		asked             obs.Request
		want              string
	}{
		{"the API of AWS", "", "de", obs.Request{Languages: "fr"}, "en"},
		{"nobody asks", "", "", obs.Request{}, "en"},
		{"a page", "", "", obs.Request{Language: "fr", Languages: "ja"}, "fr"},
		{"a page, a user", "", "de_AT", obs.Request{Language: "fr"}, "de"},
		{"a page, a locale without texts", "", "sv", obs.Request{Language: "fr"}, "fr"},
		{"a page in a language without texts", "", "", obs.Request{Language: "sv"}, "en"},
		{"the API of a pool that follows", "auto", "de", obs.Request{Languages: "fr"}, "de"},
		{"what the browser says", "auto", "", obs.Request{Languages: "sv,fr-CH;q=0.8,en;q=0.5"}, "fr"},
		{"what the browser of an administrator says", "auto", "", obs.Request{Languages: "fr", Principal: admin}, "en"},
		{"the locale, for an administrator", "auto", "pt", obs.Request{Principal: admin}, "pt-BR"},
		{"what is not known", "nl", "", obs.Request{Principal: admin}, "nl"},
		{"a locale that no language is", "nl", "Vienna, Austria", obs.Request{}, "nl"},
		{"a default without texts", "sv", "", obs.Request{}, "en"},
		{"a default on a page", "nl", "", obs.Request{Language: "ja"}, "ja"},
		{"never", "off", "de", obs.Request{Language: "fr", Languages: "ja"}, "en"},
	} {
		m := New(Deps{})
		o := Outgoing{Config: &cognitoidp.UserPoolType{}, Attributes: map[string]string{"locale": c.locale}}
		if c.tag != "" {
			o.Config.UserPoolTags = map[string]string{pool.TagMessageLanguage: c.tag}
		}
		if got := m.language(obs.With(context.Background(), &c.asked), o); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := New(Deps{}).language(context.Background(), Outgoing{}); got != locale.English {
		t.Errorf("without settings: %s", got)
	}
}

// folder writes files, whose paths alternate with their texts.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOperatorsTexts: a pool's file comes before that of all pools, which comes before ours; templates of the pool come
// before all of them.
func TestOperatorsTexts(t *testing.T) {
	c, err := LoadCatalog(folder(t,
		"de.yaml", "code: {subject: Hallo, sms: 'Dein Code: {####}'}",
		"en.yaml", "code: {sms: 'Code {####} of the shop'}",
		"sv.yaml", "code: {email: '<p>Din kod: {####}</p>'}",
		testPool+"/de.yaml", "code: {subject: Servus}",
		testPool+"/no.yaml", "",
		testPool+"/notes.txt", "not ours", ".hidden.yaml", "{{",
	))
	if err != nil {
		t.Fatal(err)
	}
	const other = "us-east-1_bbbbbbbbb"
	for _, test := range []struct {
		name, pool, locale string
		medium             Medium
		config             *cognitoidp.UserPoolType
		subject, text      string
	}{
		{"all pools", other, "de", SMS, nil, "", "Dein Code: 1"},
		{"its subject", other, "de", Email, nil, "Hallo", "Ihr Bestätigungscode lautet 1."},
		{"one pool", testPool, "de", Email, nil, "Servus", "Ihr Bestätigungscode lautet 1."},
		{"one pool, of all", testPool, "de", SMS, nil, "", "Dein Code: 1"},
		{"a language of the operator", other, "sv-SE", Email, nil, "Your verification code", "Din kod: 1"},
		{"what it lacks", other, "sv-SE", SMS, nil, "", "Code 1 of the shop"},
		{"an empty file", testPool, "no", SMS, nil, "", "Code 1 of the shop"},
		{"ours", other, "fr", SMS, nil, "", "Votre code de vérification est 1. "},
		{"English", other, "", SMS, nil, "", "Code 1 of the shop"},
		{"the pool's own template", other, "de", SMS, &cognitoidp.UserPoolType{SmsVerificationMessage: new("mine {####}")}, "", "mine 1"},
	} {
		m := New(Deps{Catalog: c})
		o := Outgoing{PoolID: test.pool, Kind: SignUp, Medium: test.medium, Code: "1", Config: test.config, Attributes: map[string]string{"locale": test.locale}}
		o.Language = m.language(obs.With(context.Background(), &obs.Request{Language: "en"}), o)
		msg, err := m.rendered(context.Background(), o)
		if err != nil || msg.Subject != test.subject || msg.Body != test.text {
			t.Errorf("%s: %+v, %v", test.name, msg, err)
		}
	}
}

func TestTextsRefused(t *testing.T) {
	for want, files := range map[string][]string{
		"de.yaml: code.email must contain {####}":             {"de.yaml", "code: {email: 'Hallo {username}'}"},
		"code.sms must contain {####}":                        {"de.yaml", "code: {sms: hallo}"},
		"invitation.sms must contain {username}":              {"de.yaml", "invitation: {sms: 'Code {####}'}"},
		"authentication.subject has more than 140 characters": {"de.yaml", "authentication: {subject: '" + strings.Repeat("ä", 141) + "'}"},
		"code.sms has more than 140 characters":               {"de.yaml", "code: {sms: '{####}" + strings.Repeat("ä", 140) + "'}"},
		"code.email has more than 20000 characters":           {"de.yaml", "code: {email: '{####}" + strings.Repeat("ä", 20000) + "'}"},
		"link.email must contain the text of the link":        {"de.yaml", "link: {email: 'Klick {####}'}"},
		"link.sms: links are sent by e-mail only":             {"de.yaml", "link: {sms: '{##hier##}'}"},
		"field greeting not found":                            {"de.yaml", "greeting: hallo"},
		"language: tag is not well-formed":                    {"German!.yaml", "code: {}"},
		"shop is no user pool id":                             {"shop/de.yaml", "code: {}"},
		testPool + "/x: a folder in the folder of a pool":     {testPool + "/x/de.yaml", "code: {}"},
		testPool + "/de.yaml: code.sms must contain {####}":   {testPool + "/de.yaml", "code: {sms: hallo}"},
		"yaml: ": {"de.yaml", "code: ["},
	} {
		if _, err := LoadCatalog(folder(t, files...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := LoadCatalog(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there was read")
	}
}
