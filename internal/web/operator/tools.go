package operator

import "net/http"

// tool is a line of the page that lists them all.
type tool struct {
	Path    string `json:"path"`
	Link    bool   `json:"-"` // a GET shows something to people
	Text    string `json:"text"`
	Example string `json:"example,omitempty"`
}

// list is what there is below /_cognate/.
func (d Deps) list() []tool {
	list := []tool{
		{Path: "/_cognate/health", Link: true, Text: "Whether the process answers."},
		{Path: "/_cognate/ready", Link: true, Text: "Whether it can serve; for probes."},
	}
	if d.Metrics != nil {
		list = append(list, tool{Path: "/_cognate/metrics", Link: true, Text: "Figures for Prometheus."})
	}
	if d.Inbox != nil {
		list = append(list, tool{Path: "/_cognate/inbox", Link: true,
			Text:    "Messages that were sent. format=json for all of it, format=code and format=link for the newest one alone; q, to and userPoolId select. DELETE empties it.",
			Example: "curl '" + d.PublicURL + "/_cognate/inbox?to=ana@example.com&format=code'"})
	}
	if d.Clock != nil {
		list = append(list, tool{Path: "/_cognate/clock", Link: true, Text: "The time by which everything expires, and how to move it: {\"advance\":\"31m\"} or {\"reset\":true}.",
			Example: "curl -d '{\"advance\":\"31m\"}' " + d.PublicURL + "/_cognate/clock"})
	}
	if d.Snapshots != nil {
		list = append(list, tool{Path: "/_cognate/snapshots", Link: true, Text: "The whole state, saved and put back by name.",
			Example: "curl -X POST " + d.PublicURL + "/_cognate/snapshots/before && curl -X POST " + d.PublicURL + "/_cognate/snapshots/before/restore"})
	}
	if d.Reset != nil {
		list = append(list, tool{Path: "/_cognate/reset", Text: "Back to the first start: data, inbox and clock. The root key, snapshots and functions stay.",
			Example: "curl -X POST " + d.PublicURL + "/_cognate/reset"})
	}
	if d.Audit != nil {
		list = append(list, tool{Path: "/_cognate/audit", Link: true, Text: "Administrative changes, the newest first; pool, user, operation, since and limit select.",
			Example: "curl '" + d.PublicURL + "/_cognate/audit?since=1h'"})
	}
	if d.Functions != nil {
		list = append(list,
			tool{Path: "/_cognate/functions", Link: true, Text: "How trigger functions are reached; for the user who runs the server.", Example: "cognate function list"},
			tool{Path: "/_cognate/invocations", Link: true, Text: "What they were called with and what they answered."})
	}
	if d.Docs != nil {
		list = append(list, tool{Path: docsPath, Link: true, Text: "The documentation of this version."})
	}
	return list
}

// showTools answers at /_cognate/ itself; whatever is not known below it is not there.
func (d Deps) showTools(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/_cognate/" || r.Method != http.MethodGet && r.Method != http.MethodHead || d.Pools == nil && d.Inbox == nil:
		writeError(w, http.StatusNotFound, "there is nothing here")
	case wantsPage(r):
		d.show(w, http.StatusOK, "tools.html", page{Title: "Tools", Here: "/_cognate/", Data: map[string]any{"Tools": d.list(), "Endpoint": d.PublicURL}})
	default:
		writeJSON(w, http.StatusOK, map[string]any{"tools": d.list()})
	}
}
