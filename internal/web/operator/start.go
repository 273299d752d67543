package operator

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"text/template"
)

// PoolView is a user pool as the start page shows it.
type PoolView struct {
	ID, Name, Region        string
	Issuer, Discovery, Keys string
	Clients                 []ClientView
}

// ClientView is an app client of a pool.
type ClientView struct {
	ID, Name string
	Secret   bool
	Flows    []string
	// Login is where its users sign in, "" when it may not use managed login.
	Login string
}

// Pools lists what the start page shows: the first pools and clients, and whether there are more.
type Pools func(ctx context.Context) (list []PoolView, more bool, err error)

// Page reports whether a request to the root asks for the start page: a browser that shows it to a person, and no
// caller of the AWS APIs.
func Page(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html") &&
		r.Header.Get("Authorization") == "" && r.Header.Get("X-Amz-Target") == ""
}

// Start is the page at the root: in dev what there is and what to paste, else only that the server is there.
func Start(d Deps) http.Handler {
	if d.Pools == nil {
		return http.HandlerFunc(d.health)
	}
	return d.guard(http.HandlerFunc(d.start))
}

func (d Deps) health(w http.ResponseWriter, r *http.Request) {
	p, status := page{Title: "Ready", Data: "This server answers."}, http.StatusOK
	if err := d.Ready(r.Context()); err != nil {
		p, status = page{Title: "Not ready", Data: "This server cannot answer yet."}, http.StatusServiceUnavailable
	}
	d.show(w, status, "health.html", p)
}

// chosen is the pool and the client that the snippets are for.
type chosen struct {
	PoolID, PoolName, Region, ClientID, ClientName, Endpoint string
	Secret                                                   bool
}

// snippet is a text to paste.
type snippet struct{ ID, Title, Text string }

func (d Deps) start(w http.ResponseWriter, r *http.Request) {
	pools, more, err := d.Pools(r.Context())
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	c := choose(pools, r.URL.Query().Get("client"))
	c.Endpoint = d.PublicURL
	var snippets []snippet
	if c.ClientID != "" {
		snippets = paste(c)
	}
	d.show(w, http.StatusOK, "start.html", page{Title: "Start", Here: "/", Data: map[string]any{
		"Docs": d.Docs != nil, "Endpoint": d.PublicURL, "Pools": pools, "More": more, "Chosen": c, "Snippets": snippets,
	}})
}

// choose finds the client that was asked for, else the first without a secret, else the first.
func choose(pools []PoolView, id string) (best chosen) {
	for _, p := range pools {
		for _, c := range p.Clients {
			this := chosen{PoolID: p.ID, PoolName: p.Name, Region: p.Region, ClientID: c.ID, ClientName: c.Name, Secret: c.Secret}
			if c.ID == id {
				return this
			}
			if best.ClientID == "" || best.Secret && !c.Secret {
				best = this
			}
		}
	}
	return best
}

var snippetTexts = []struct {
	id, title string
	text      *template.Template
}{
	{"snippet-cli", "AWS CLI", template.Must(template.New("").Parse(`export AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER={{.Endpoint}} AWS_DEFAULT_REGION={{.Region}}
export AWS_ACCESS_KEY_ID=dev AWS_SECRET_ACCESS_KEY=dev
aws cognito-idp admin-create-user --user-pool-id {{.PoolID}} --username ben@example.com --message-action SUPPRESS
aws cognito-idp admin-set-user-password --user-pool-id {{.PoolID}} --username ben@example.com --password 'Passw0rd!' --permanent
aws cognito-idp initiate-auth --client-id {{.ClientID}} --auth-flow USER_PASSWORD_AUTH \
  --auth-parameters USERNAME=ben@example.com,PASSWORD='Passw0rd!'`))},
	{"snippet-boto3", "Python (boto3)", template.Must(template.New("").Parse(`import boto3

idp = boto3.client("cognito-idp", endpoint_url="{{.Endpoint}}", region_name="{{.Region}}",
                   aws_access_key_id="dev", aws_secret_access_key="dev")
print(idp.list_users(UserPoolId="{{.PoolID}}")["Users"])`))},
	{"snippet-amplify", "JavaScript (Amplify)", template.Must(template.New("").Parse(`import { Amplify } from "aws-amplify";
import { signIn } from "aws-amplify/auth";

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: "{{.PoolID}}",
      userPoolClientId: "{{.ClientID}}",
      userPoolEndpoint: "{{.Endpoint}}",
    },
  },
});
await signIn({ username: "ben@example.com", password: "Passw0rd!" });`))},
}

// paste fills the snippets in. A client with a secret is for servers: Amplify cannot keep one.
func paste(c chosen) []snippet {
	var out []snippet
	for _, s := range snippetTexts {
		if c.Secret && s.id != "snippet-boto3" {
			continue
		}
		var b bytes.Buffer
		if err := s.text.Execute(&b, c); err != nil {
			panic(err) // the templates are constants, and c has all that they name
		}
		out = append(out, snippet{s.id, s.title, b.String()})
	}
	return out
}
