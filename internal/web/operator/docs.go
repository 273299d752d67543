package operator

import (
	"io/fs"
	"net/http"
	"strings"
)

// docsPath is where the guides stand.
const docsPath = "/_cognate/docs/"

// guides lists the documentation by the first heading of each page.
func (d Deps) guides() (list []tool) {
	names, _ := fs.Glob(d.Docs, "*.md") // the pattern is well formed
	for _, name := range names {
		text, err := fs.ReadFile(d.Docs, name)
		if err != nil {
			continue
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		list = append(list, tool{Path: docsPath + name, Link: true, Text: title})
	}
	return list
}

// showGuides answers the list of the documentation.
func (d Deps) showGuides(w http.ResponseWriter, r *http.Request) {
	if !wantsPage(r) {
		writeJSON(w, http.StatusOK, map[string]any{"docs": d.guides()})
		return
	}
	d.show(w, http.StatusOK, "docs.html", page{Title: "Documentation", Here: docsPath, Data: d.guides()})
}

// showGuide answers a page of the documentation as it is written.
func (d Deps) showGuide(w http.ResponseWriter, r *http.Request) {
	text, err := fs.ReadFile(d.Docs, r.PathValue("name")) // which takes no path that leads elsewhere
	if err != nil || !strings.HasSuffix(r.PathValue("name"), ".md") {
		writeError(w, http.StatusNotFound, "there is no such page")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(text) // a reader that went away is no failure of ours
}
