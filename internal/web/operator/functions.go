package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"cognate/internal/base/lambda"
)

// Functions shows and changes how trigger functions are reached.
type Functions interface {
	// List is all of them, without secrets.
	List() []lambda.Status
	// Put adds or replaces one and keeps it over restarts.
	Put(f lambda.Function) error
	// Remove takes one out; lambda.ErrUnknownFunction when there is none.
	Remove(arn string) error
	// Invoke calls one as a trigger would.
	Invoke(ctx context.Context, in lambda.Invocation) (*lambda.Result, error)
	// Logs is what a local one printed, oldest first; lambda.ErrUnknownFunction.
	Logs(arn string) ([]lambda.LogLine, error)
	// Invocations are the last attempts of one or, with "", all, newest first.
	Invocations(arn string) []lambda.Record
}

func (d Deps) functionRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /_cognate/unlock", d.unlock)
	mux.HandleFunc("GET /_cognate/functions", d.owner(false, d.listFunctions))
	mux.HandleFunc("PUT /_cognate/functions", d.owner(true, d.putFunction))
	mux.HandleFunc("DELETE /_cognate/functions", d.owner(true, d.removeFunction))
	mux.HandleFunc("POST /_cognate/functions/invoke", d.owner(true, d.invokeFunction))
	mux.HandleFunc("GET /_cognate/functions/logs", d.owner(false, d.functionLogs))
	mux.HandleFunc("GET /_cognate/invocations", d.owner(false, d.invocations))
}

func (d Deps) listFunctions(w http.ResponseWriter, r *http.Request) {
	if wantsPage(r) {
		d.show(w, http.StatusOK, "functions.html", page{Title: "Functions", Here: "/_cognate/functions", Data: d.Functions.List()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"functions": d.Functions.List()})
}

func (d Deps) putFunction(w http.ResponseWriter, r *http.Request) {
	var f lambda.Function
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		writeError(w, http.StatusBadRequest, "not a function: "+err.Error())
		return
	}
	if err := d.Functions.Put(f); err != nil {
		writeError(w, http.StatusBadRequest, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, f.Redacted())
}

func (d Deps) removeFunction(w http.ResponseWriter, r *http.Request) {
	arn := r.URL.Query().Get("arn")
	switch err := d.Functions.Remove(arn); {
	case errors.Is(err, lambda.ErrUnknownFunction):
		writeError(w, http.StatusNotFound, err.Error())
	case err != nil:
		writeError(w, http.StatusInternalServerError, err.Error())
	default:
		writeJSON(w, http.StatusOK, map[string]string{"removed": arn})
	}
}

// invocation is the answer of the invoke endpoint.
type invocation struct {
	Payload       lambda.Text `json:"payload"`
	FunctionError string      `json:"functionError,omitempty"`
	ErrorType     string      `json:"errorType,omitempty"`
	ErrorMessage  string      `json:"errorMessage,omitempty"`
	Log           string      `json:"log,omitempty"`
	TookMillis    float64     `json:"tookMillis"`
}

func (d Deps) invokeFunction(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, lambda.MaxPayload))
	if err != nil || !json.Valid(event) {
		writeError(w, http.StatusBadRequest, "the event must be JSON of at most 6 MB")
		return
	}
	q := r.URL.Query()
	result, err := d.Functions.Invoke(r.Context(), lambda.Invocation{ARN: q.Get("arn"), Payload: event, Async: q.Get("async") == "true"})
	switch {
	case errors.Is(err, lambda.ErrNotConfigured):
		writeError(w, http.StatusNotFound, err.Error())
	case err != nil:
		writeError(w, http.StatusBadGateway, err.Error())
	default:
		writeExact(w, invocation{
			Payload: lambda.Text(result.Payload), FunctionError: result.FunctionError, ErrorType: result.ErrorType,
			ErrorMessage: result.ErrorMessage, Log: result.Log, TookMillis: float64(result.Took.Microseconds()) / 1000,
		})
	}
}

func (d Deps) functionLogs(w http.ResponseWriter, r *http.Request) {
	lines, err := d.Functions.Logs(r.URL.Query().Get("arn"))
	if err != nil {
		writeError(w, http.StatusNotFound, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"lines": lines})
}

// invocations shows the last attempts as a page or, with Accept:
// application/json or ?format=json, as JSON; ?arn= limits them to one function.
func (d Deps) invocations(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	list := d.Functions.Invocations(q.Get("arn"))
	if q.Get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json") {
		writeExact(w, map[string]any{"invocations": list})
		return
	}
	d.show(w, http.StatusOK, "invocations.html", page{Title: "Invocations", Here: "/_cognate/invocations", Data: map[string]any{"List": list, "ARN": q.Get("arn")}})
}

// writeExact writes JSON in which events and answers keep their characters.
func writeExact(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

// indentJSON makes JSON readable and leaves other text as it is.
func indentJSON(t lambda.Text) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(t), "", "  ") != nil {
		return string(t)
	}
	return b.String()
}
