package account_test

import (
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// TestMessageLanguage: the API sends English as AWS does, until a pool says otherwise; pages send what their users read.
func TestMessageLanguage(t *testing.T) {
	Each(t, func(w *World) {
		const german, english, french = "Ihr Bestätigungscode", "Your verification code", "Votre code de vérification"
		tagged := func(value string) (*pool.Pool, *pool.Client) {
			p := w.Pool(func(in *cognitoidp.CreateUserPoolRequest) {
				in.AutoVerifiedAttributes = []cognitoidp.VerifiedAttributeType{cognitoidp.VerifiedAttributeTypeEmail}
				if value != "" {
					in.UserPoolTags = map[string]string{pool.TagMessageLanguage: value}
				}
			})
			return p, w.Client(p, func(in *cognitoidp.CreateUserPoolClientRequest) {
				in.PreventUserExistenceErrors = new(cognitoidp.PreventUserExistenceErrorTypesEnabled)
			})
		}
		subjects := func(value string, asked obs.Request, attrs ...string) (signUp, forgot string) {
			p, c := tagged(value)
			asks := w.On(w.T)
			asks.Ctx = obs.With(w.Ctx, &asked)
			attrs = append(attrs, "email", "ana@example.com")
			Call(asks, w.API.SignUp, &cognitoidp.SignUpRequest{ClientId: c.ID, Username: "ana", Password: new(Password), UserAttributes: Attributes(attrs...)})
			signUp = w.Inbox(p, "ana@example.com")[0].Subject
			Call(w, w.API.ConfirmSignUp, &cognitoidp.ConfirmSignUpRequest{ClientId: c.ID, Username: "ana", ConfirmationCode: w.Code(p, "ana@example.com")})
			Call(asks, w.API.ForgotPassword, &cognitoidp.ForgotPasswordRequest{ClientId: c.ID, Username: "ana"})
			return signUp, w.Inbox(p, "ana@example.com")[0].Subject
		}
		for _, c := range []struct {
			name, tag string
			asked     obs.Request
			attrs     []string
			want      string
		}{
			{"as on AWS", "", obs.Request{Languages: "fr"}, []string{"locale", "de"}, english},
			{"a pool that follows", "auto", obs.Request{Languages: "fr"}, []string{"locale", "de-CH"}, german},
			{"the browser", "auto", obs.Request{Languages: "fr"}, nil, french},
			{"a page", "", obs.Request{Language: "fr"}, nil, french},
			{"a page and a user", "", obs.Request{Language: "fr"}, []string{"locale", "de"}, german},
			{"never", "off", obs.Request{Language: "fr"}, []string{"locale", "de"}, english},
		} {
			if signUp, forgot := subjects(c.tag, c.asked, c.attrs...); signUp != c.want || forgot != c.want {
				t.Errorf("%s: %q and %q, want %q", c.name, signUp, forgot, c.want)
			}
		}
		p, _ := tagged("auto")
		Refused(w, "InvalidParameterException: The tag cognate:message-language must be auto, off or a language such as de or pt-BR; not German",
			w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: p.ARN, Tags: map[string]string{pool.TagMessageLanguage: "German"}})
	})
}
