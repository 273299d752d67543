package operator

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
)

// unlockCookie lets a browser see functions whose user cannot be told by the connection. It shows, and changes nothing.
const unlockCookie = "cognate-functions"

// pass is what the cookie holds: it is made from the token, and tells nothing of it.
func (d Deps) pass() string {
	mac := hmac.New(sha256.New, []byte(d.Token))
	mac.Write([]byte(unlockCookie))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (d Deps) unlocked(r *http.Request) bool {
	c, err := r.Cookie(unlockCookie)
	return err == nil && d.Token != "" && subtle.ConstantTimeCompare([]byte(c.Value), []byte(d.pass())) == 1
}

// unlock takes the token from the form of the page that asks for it.
func (d Deps) unlock(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		writeError(w, http.StatusBadRequest, "not a form")
		return
	}
	to := "/_cognate/functions"
	if r.PostForm.Get("to") == "/_cognate/invocations" {
		to = "/_cognate/invocations"
	}
	token := strings.TrimSpace(r.PostForm.Get("token"))
	if d.Token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(d.Token)) != 1 {
		d.locked(w, to, true)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: unlockCookie, Value: d.pass(), Path: d.BasePath + "/_cognate/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: strings.HasPrefix(d.PublicURL, "https://"), MaxAge: 30 * 24 * 3600,
	})
	http.Redirect(w, r, d.BasePath+to, http.StatusSeeOther)
}

// locked asks for the token.
func (d Deps) locked(w http.ResponseWriter, to string, wrong bool) {
	d.show(w, http.StatusUnauthorized, "locked.html", page{Title: "Functions", Here: to, Data: map[string]any{"To": to, "Wrong": wrong}})
}
