package login

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"

	"cognate/internal/core/authorization"
	"cognate/internal/web/site"
)

// sendScript sends the only form of the page.
const sendScript = `document.forms[0].submit()`

// postBackPage is the page of the response mode form_post (OAuth 2.0 Form Post Response Mode section 2). Without script it
// takes a press of its button.
var postBackPage = template.Must(template.New("form_post").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="robots" content="noindex"><title>Continue</title></head>
<body><form method="post" action="{{.To}}">{{range .Members}}<input type="hidden" name="{{index . 0}}" value="{{index . 1}}">{{end}}
<noscript><button>Continue</button></noscript></form><script>` + sendScript + `</script></body></html>
`))

var postBackPolicy = func() string {
	sum := sha256.Sum256([]byte(sendScript))
	return "default-src 'none'; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'"
}()

// postBack answers by a form that the browser posts to the client.
func postBack(a *authorization.Answer) site.Reply {
	var b bytes.Buffer
	if err := postBackPage.Execute(&b, struct {
		To      template.URL // it is one of the client's callback URLs, whose schemes were checked when they were set
		Members [][2]string
	}{template.URL(a.To), a.Members}); err != nil { // the template is a constant, and its data are strings
		panic(err)
	}
	return site.HTML(http.StatusOK, b.Bytes(), postBackPolicy)
}
