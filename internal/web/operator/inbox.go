package operator

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"cognate/internal/core/message"
)

// Inbox is the messages that were sent.
type Inbox interface {
	// Inbox lists them, newest first; to and poolID select where they are not empty.
	Inbox(ctx context.Context, to, poolID string) ([]message.InboxMessage, error)
	// InboxCode is the newest code among them, "" when there is none.
	InboxCode(ctx context.Context, to, poolID string) (string, error)
	// InboxState changes whenever the inbox does.
	InboxState(ctx context.Context) (string, error)
	// EmptyInbox deletes messages by their ids.
	EmptyInbox(ctx context.Context, ids []string) error
}

// find says which messages are meant.
type find struct{ Text, To, Pool string }

func finding(values func(string) string) find {
	return find{Text: strings.TrimSpace(values("q")), To: values("to"), Pool: values("userPoolId")}
}

// messages are those that are meant.
func (d Deps) messages(ctx context.Context, f find) ([]message.InboxMessage, error) {
	list, err := d.Inbox.Inbox(ctx, f.To, f.Pool)
	if err != nil || f.Text == "" {
		return list, err
	}
	text := strings.ToLower(f.Text)
	return slices.DeleteFunc(list, func(m message.InboxMessage) bool {
		for _, part := range []string{m.To, m.Subject, m.Body, m.Code, m.Username, m.Trigger, m.UserPoolID} {
			if strings.Contains(strings.ToLower(part), text) {
				return false
			}
		}
		return true
	}), nil
}

func (d Deps) inboxRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /_cognate/inbox", d.inbox)
	mux.HandleFunc("DELETE /_cognate/inbox", d.emptyInbox)
	mux.HandleFunc("DELETE /_cognate/inbox/{id}", d.emptyInbox)
	mux.HandleFunc("POST /_cognate/inbox/delete", d.postedDelete)
	mux.HandleFunc("GET /_cognate/inbox/changes", d.inboxChanges)
	mux.HandleFunc("GET /_cognate/inbox/{id}/html", d.inboxHTML)
}

// inbox shows sent messages, newest first, as a page, as JSON (for programs, or with ?format=json) or, with ?format=code
// and ?format=link, just the code or the first link of the newest one that has any, for shell scripts.
func (d Deps) inbox(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := finding(q.Get)
	if q.Get("format") == "code" && f.Text == "" {
		code, err := d.Inbox.InboxCode(r.Context(), f.To, f.Pool)
		writeLine(w, code, "no message with a code", err)
		return
	}
	list, err := d.messages(r.Context(), f)
	switch format := q.Get("format"); {
	case format == "code":
		writeLine(w, first(list, func(m message.InboxMessage) string { return m.Code }), "no message with a code", err)
	case format == "link":
		writeLine(w, first(list, func(m message.InboxMessage) string { return firstOf(m.Links) }), "no message with a link", err)
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	case wantsPage(r) || format == "" && !strings.Contains(r.Header.Get("Accept"), "application/json"):
		d.inboxPage(w, r, f, list)
	default:
		if list == nil {
			list = []message.InboxMessage{}
		}
		writeJSON(w, http.StatusOK, map[string]any{"messages": list})
	}
}

// writeLine answers with one line of text.
func writeLine(w http.ResponseWriter, line, none string, err error) {
	switch {
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	case line == "":
		writeError(w, http.StatusNotFound, none)
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(line + "\n"))
	}
}

// first is the first that any message has.
func first(list []message.InboxMessage, of func(message.InboxMessage) string) string {
	for _, m := range list {
		if v := of(m); v != "" {
			return v
		}
	}
	return ""
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// emptyInbox deletes one message, or all that are meant.
func (d Deps) emptyInbox(w http.ResponseWriter, r *http.Request) {
	n, err := d.deleteMessages(r.Context(), r.PathValue("id"), finding(r.URL.Query().Get))
	switch {
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	case n == 0 && r.PathValue("id") != "":
		writeError(w, http.StatusNotFound, "no message of that id")
	default:
		writeJSON(w, http.StatusOK, map[string]int{"deleted": n})
	}
}

func (d Deps) deleteMessages(ctx context.Context, id string, f find) (int, error) {
	list, err := d.messages(ctx, f)
	if err != nil {
		return 0, err
	}
	var ids []string
	for _, m := range list {
		if id == "" || m.ID == id {
			ids = append(ids, m.ID)
		}
	}
	return len(ids), d.Inbox.EmptyInbox(ctx, ids)
}

// postedDelete is emptyInbox for forms.
func (d Deps) postedDelete(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		writeError(w, http.StatusBadRequest, "not a form")
		return
	}
	f := finding(r.PostForm.Get)
	back := f.query()
	if id := r.PostForm.Get("id"); id != "" {
		back = r.PostForm.Get("back")
	}
	if _, err := d.deleteMessages(r.Context(), r.PostForm.Get("id"), f); err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	to := d.BasePath + "/_cognate/inbox"
	if back != "" {
		to += "?" + back
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}
