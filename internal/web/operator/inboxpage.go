package operator

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognate/internal/base/httpkit"
	"cognate/internal/core/message"
)

// query is how an address says what is meant.
func (f find) query(more ...string) string {
	q := url.Values{}
	for name, value := range map[string]string{"q": f.Text, "to": f.To, "userPoolId": f.Pool} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	return q.Encode()
}

// entry is a line of the list.
type entry struct {
	message.InboxMessage
	Link, At, When string
	Open           bool
}

// opened is the message that is shown whole.
type opened struct {
	entry
	View       string // html, text or source
	Views      []view
	Frame      string // address of the HTML
	Remote     bool   // with images from elsewhere
	RemoteLink string
	Source     string
}

// view is a way to look at a message.
type view struct {
	Name, Link string
	Here       bool
}

func (d Deps) inboxPage(w http.ResponseWriter, r *http.Request, f find, list []message.InboxMessage) {
	q := r.URL.Query()
	address := func(more ...string) string {
		if query := f.query(more...); query != "" {
			return d.BasePath + "/_cognate/inbox?" + query
		}
		return d.BasePath + "/_cognate/inbox"
	}
	var entries []entry
	var open *opened
	for _, m := range list {
		e := entry{
			InboxMessage: m, Link: address("id", m.ID), At: m.CreatedAt.UTC().Format(time.RFC3339), When: m.CreatedAt.UTC().Format("2 Jan 15:04:05"),
			Open: m.ID == q.Get("id"),
		}
		if e.Open {
			open = d.open(e, q, address)
		}
		entries = append(entries, e)
	}
	title := "Inbox"
	if open != nil {
		title = open.Subject + " · Inbox"
	}
	d.show(w, http.StatusOK, "inbox.html", page{Title: title, Here: "/_cognate/inbox", Script: "inbox.js", Data: map[string]any{
		"Find": f, "Messages": entries, "Open": open, "Self": address(), "Query": f.query(), "State": counted(len(entries), f),
	}})
}

func counted(n int, f find) string {
	switch {
	case n == 0 && f != find{}:
		return "No message matches."
	case n == 0:
		return "No messages."
	case n == 1:
		return "1 message, newest first."
	}
	return fmt.Sprintf("%d messages, newest first.", n)
}

func (d Deps) open(e entry, q url.Values, address func(...string) string) *opened {
	o := &opened{entry: e, View: q.Get("view"), Remote: q.Get("remote") == "1"}
	names := []string{"html", "HTML", "text", "Text", "source", "Source"}
	if e.HTML == "" {
		names = names[2:]
	}
	known := false
	for i := 0; i < len(names); i += 2 {
		known = known || o.View == names[i]
	}
	if !known {
		o.View = names[0]
	}
	for i := 0; i < len(names); i += 2 {
		o.Views = append(o.Views, view{Name: names[i+1], Link: address("id", e.ID, "view", names[i]), Here: o.View == names[i]})
	}
	o.Frame = d.BasePath + "/_cognate/inbox/" + url.PathEscape(e.ID) + "/html"
	if o.Remote {
		o.Frame += "?remote=1"
	}
	o.RemoteLink = address("id", e.ID, "view", "html", "remote", "1")
	o.Source = source(e.InboxMessage)
	return o
}

// source is all that is known of a message, as a mail has it.
func source(m message.InboxMessage) string {
	text, kind := m.HTML, "text/html"
	if text == "" {
		text, kind = m.Body, "text/plain"
	}
	return fmt.Sprintf("Message-ID: <%s>\nDate: %s\nTo: %s\nSubject: %s\nContent-Type: %s; charset=utf-8\nX-Cognate-Medium: %s\nX-Cognate-Trigger: %s\n"+
		"X-Cognate-User-Pool: %s\nX-Cognate-Username: %s\n\n%s\n",
		m.ID, m.CreatedAt.UTC().Format(time.RFC1123Z), m.To, m.Subject, kind, m.Medium, m.Trigger, m.UserPoolID, m.Username, text)
}

// mailPolicy is for the HTML of a message, which somebody else may have written: it runs nothing, sends nothing and loads
// nothing, but images from elsewhere where a person asks for them.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:%s; form-action 'none'; base-uri 'none'; " +
	"frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"

// inboxHTML serves the HTML of one message for the frame of the page.
func (d Deps) inboxHTML(w http.ResponseWriter, r *http.Request) {
	list, err := d.Inbox.Inbox(r.Context(), "", "")
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	for _, m := range list {
		if m.ID != r.PathValue("id") || m.HTML == "" {
			continue
		}
		remote := ""
		if r.URL.Query().Get("remote") == "1" {
			remote = " https: http:"
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", fmt.Sprintf(mailPolicy, remote))
		h.Set("X-DNS-Prefetch-Control", "off") // a looked-up name tells that the mail was read
		h.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write([]byte(`<!doctype html><meta charset="utf-8"><base target="_blank">` + m.HTML))
		return
	}
	writeError(w, http.StatusNotFound, "no message of that id has HTML")
}

const (
	changesEvery = 300 * time.Millisecond // how often the inbox is looked at for those who watch it
	changesFor   = 10 * time.Minute       // then the browser asks again
)

// inboxChanges tells by server-sent events that the inbox has changed.
func (d Deps) inboxChanges(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	httpkit.ExtendStream(w, r, changesFor+time.Minute)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	ticker := time.NewTicker(changesEvery)
	defer ticker.Stop()
	end := time.NewTimer(changesFor)
	defer end.Stop()
	last := r.Header.Get("Last-Event-ID")
	for quiet := 0; ; quiet++ {
		state, err := d.Inbox.InboxState(r.Context())
		text := ""
		switch {
		case err != nil:
			return
		case state != last:
			text = "event: change\nid: " + strings.ReplaceAll(state, "\n", " ") + "\ndata: {}\n\n"
		case quiet%50 == 0:
			text = ":\n\n" // so that proxies keep the connection, and one that broke is noticed
		}
		if last = state; text != "" {
			if _, err := w.Write([]byte(text)); err != nil {
				return
			}
			if control.Flush() != nil {
				return
			}
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		case <-d.Leaving:
			return
		case <-end.C:
			return
		}
	}
}
