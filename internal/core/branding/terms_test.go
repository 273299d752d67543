package branding_test

import (
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

// terms is a request for a document of the client with one link for all languages.
func (w *world) terms(name, link string) *cognitoidp.CreateTermsRequest {
	return &cognitoidp.CreateTermsRequest{
		UserPoolId: w.p.ID, ClientId: w.c.ID, TermsName: name, TermsSource: "LINK", Enforcement: "NONE", Links: map[string]string{"cognito:default": link},
	}
}

// both makes the two documents.
func (w *world) both() (use, privacy *cognitoidp.TermsType) {
	w.T.Helper()
	return Call(w.World, w.API.CreateTerms, w.terms("terms-of-use", "https://shop.example/terms")).Terms,
		Call(w.World, w.API.CreateTerms, w.terms("privacy-policy", "https://shop.example/privacy")).Terms
}

func TestTerms(t *testing.T) {
	each(t, func(w *world) {
		use := Call(w.World, w.API.CreateTerms, w.terms("terms-of-use", "https://shop.example/terms")).Terms
		if _, _, ok := w.look(w.c).Terms("en"); ok {
			w.T.Error("one document is shown alone")
		}
		privacy := Call(w.World, w.API.CreateTerms, w.terms("privacy-policy", "https://shop.example/privacy")).Terms
		changed := Call(w.World, w.API.UpdateTerms, &cognitoidp.UpdateTermsRequest{UserPoolId: w.p.ID, TermsId: use.TermsId,
			Links: map[string]string{"cognito:default": "https://shop.example/all", "cognito:portuguese-brazil": "https://shop.example/br"}}).Terms
		if changed.TermsId != use.TermsId || changed.TermsName != "terms-of-use" || len(changed.Links) != 2 {
			w.T.Errorf("%+v", changed)
		}
		for language, want := range map[string]string{"pt-BR": "https://shop.example/br", "de": "https://shop.example/all", "ar": "https://shop.example/all", "": "https://shop.example/all"} {
			if a, b, ok := w.look(w.c).Terms(language); !ok || a != want || b != "https://shop.example/privacy" {
				w.T.Errorf("%s: %s %s %v", language, a, b, ok)
			}
		}
		for _, find := range []func() *cognitoidp.TermsType{
			func() *cognitoidp.TermsType {
				return Call(w.World, w.API.DescribeTerms, &cognitoidp.DescribeTermsRequest{UserPoolId: w.p.ID, TermsId: use.TermsId}).Terms
			},
			func() *cognitoidp.TermsType {
				return Call(w.World, w.API.DescribeTermsByClient, &cognitoidp.DescribeTermsByClientRequest{UserPoolId: w.p.ID, ClientId: w.c.ID, TermsName: "terms-of-use"}).Terms
			},
		} {
			if got, want := string(find().AppendJSON(nil)), string(changed.AppendJSON(nil)); got != want {
				w.T.Errorf("%s\nis not %s", got, want)
			}
		}
		Refused(w.World, "TermsExistsException: Terms named privacy-policy already exist for client "+w.c.ID, w.API.UpdateTerms,
			&cognitoidp.UpdateTermsRequest{UserPoolId: w.p.ID, TermsId: use.TermsId, TermsName: new("privacy-policy")})
		if err := w.API.DeleteTerms(w.Ctx, &cognitoidp.DeleteTermsRequest{UserPoolId: w.p.ID, TermsId: privacy.TermsId}); err != nil {
			w.T.Fatal(err)
		}
		renamed := Call(w.World, w.API.UpdateTerms, &cognitoidp.UpdateTermsRequest{UserPoolId: w.p.ID, TermsId: use.TermsId, TermsName: new("privacy-policy")}).Terms
		if renamed.TermsName != "privacy-policy" || len(renamed.Links) != 2 {
			w.T.Errorf("%+v", renamed)
		}
		if _, _, ok := w.look(w.c).Terms("en"); ok {
			w.T.Error("one document is shown alone")
		}
	})
}

func TestTermsRefusals(t *testing.T) {
	w := newWorld(Quick(t))
	use, _ := w.both()
	edit := func(change func(*cognitoidp.CreateTermsRequest)) *cognitoidp.CreateTermsRequest {
		in := w.terms("terms-of-use", "https://a.example")
		change(in)
		return in
	}
	for _, link := range []string{"javascript:alert(1)", "/terms", "https://", "ftp://a.example", "https://user@a.example", "//a.example"} {
		Refused(w.World, "InvalidParameterException: Links: the link of cognito:default must be an absolute http or https URL.", w.API.CreateTerms, w.terms("terms-of-use", link))
	}
	Refused(w.World, "TermsExistsException: Terms named terms-of-use already exist for client "+w.c.ID, w.API.CreateTerms, w.terms("terms-of-use", "https://a.example"))
	Refused(w.World, "ResourceNotFoundException: User pool client nobody does not exist.", w.API.CreateTerms, edit(func(in *cognitoidp.CreateTermsRequest) { in.ClientId = "nobody" }))
	other := w.Pool(nil)
	Refused(w.World, "ResourceNotFoundException: User pool client "+w.c.ID+" does not exist.", w.API.CreateTerms, edit(func(in *cognitoidp.CreateTermsRequest) { in.UserPoolId = other.ID }))
	none := "ResourceNotFoundException: Terms " + use.TermsId + " do not exist."
	Refused(w.World, none, w.API.DescribeTerms, &cognitoidp.DescribeTermsRequest{UserPoolId: other.ID, TermsId: use.TermsId})
	Refused(w.World, none, w.API.UpdateTerms, &cognitoidp.UpdateTermsRequest{UserPoolId: other.ID, TermsId: use.TermsId})
	Refused(w.World, "ResourceNotFoundException: Terms named terms-of-use do not exist for client "+w.Client(w.p, nil).ID+".", w.API.DescribeTermsByClient,
		&cognitoidp.DescribeTermsByClientRequest{UserPoolId: w.p.ID, ClientId: w.newest(), TermsName: "terms-of-use"})
	Refused(w.World, "InvalidParameterException: Invalid NextToken.", w.API.ListTerms, &cognitoidp.ListTermsRequest{UserPoolId: w.p.ID, NextToken: new("x")})
}

// newest is the id of the client that has no terms.
func (w *world) newest() string {
	w.T.Helper()
	for _, c := range Call(w.World, w.API.ListUserPoolClients, &cognitoidp.ListUserPoolClientsRequest{UserPoolId: w.p.ID}).UserPoolClients {
		if *c.ClientId != w.c.ID {
			return *c.ClientId
		}
	}
	return ""
}

func TestListTerms(t *testing.T) {
	each(t, func(w *world) {
		want := map[string]bool{}
		for range 3 {
			w.c = w.Client(w.p, nil)
			use, privacy := w.both()
			want[use.TermsId], want[privacy.TermsId] = true, true
		}
		in := &cognitoidp.ListTermsRequest{UserPoolId: w.p.ID, MaxResults: new(int64(4))}
		var sizes []int
		last := ""
		for {
			page := Call(w.World, w.API.ListTerms, in)
			sizes = append(sizes, len(page.Terms))
			for _, t := range page.Terms {
				if !want[t.TermsId] || strings.Compare(last, t.TermsId) >= 0 {
					w.T.Errorf("%s behind %s", t.TermsId, last)
				}
				last = t.TermsId
				delete(want, t.TermsId)
			}
			if in.NextToken = page.NextToken; in.NextToken == nil {
				break
			}
		}
		if len(want) > 0 || len(sizes) != 2 || sizes[0] != 4 {
			w.T.Errorf("pages of %v, not listed: %v", sizes, want)
		}
	})
}
