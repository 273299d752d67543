package operator

import (
	"net/http"
	"strings"
)

// CallbackPath is where the demo client of dev has its callback: a page that shows what an app would get.
const CallbackPath = "/_cognate/callback"

// callback shows the answer to an authorization request, and how an app goes on with it.
func (d Deps) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	issuer := q.Get("iss")
	pool := issuer[strings.LastIndexByte(issuer, '/')+1:]
	client := ""
	if pools, _, err := d.Pools(r.Context()); err == nil {
		for _, p := range pools {
			for _, c := range p.Clients {
				if p.Issuer == issuer && c.Login != "" && client == "" {
					client = c.ID
				}
			}
		}
	}
	var rows [][2]string
	for _, name := range []string{"code", "state", "iss", "error", "error_description"} {
		if q.Has(name) {
			rows = append(rows, [2]string{name, q.Get(name)})
		}
	}
	d.show(w, http.StatusOK, "callback.html", page{Title: "Callback", Here: CallbackPath, Data: map[string]any{
		"Rows": rows, "Code": plainWord(q.Get("code")), "Pool": plainWord(pool), "Client": plainWord(client), "Endpoint": d.PublicURL, "Path": CallbackPath,
	}})
}

// plainWord is a value that may stand in a command to paste, "" for any other.
func plainWord(s string) string {
	if len(s) > 100 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return ""
	}
	return s
}
