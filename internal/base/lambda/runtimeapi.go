package lambda

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cognate/internal/base/httpkit"
)

// runtimeBase is where functions find the Runtime API, version 2018-06-01.
const runtimeBase = "/2018-06-01/runtime/"

// maxDeliveries is how often a process gets one event.
const maxDeliveries = 10

// maxSwallow is how much of a too large answer is read, so that the function
// learns of the refusal instead of a broken connection.
const maxSwallow = 64 << 20

// runtimeListener bounds what reaches a Runtime API: a process has a connection
// or a few.
func runtimeListener(l net.Listener) net.Listener {
	return ownUser(httpkit.Shield{Conns: 32, Write: 30 * time.Second}.Listen(l))
}

// runtimeServer serves a Runtime API. A connection may be left unused for as long
// as the start of a process takes; requests for events wait as long as they like.
func runtimeServer(w *process) *http.Server {
	bodies := &httpkit.Bodies{Grace: 30 * time.Second, Rate: 256 << 10}
	return &http.Server{
		Handler: bodies.Handler(w), ConnContext: markStray, ReadHeaderTimeout: 6 * initLimit,
		ErrorLog: log.New(io.Discard, "", 0), MaxHeaderBytes: 64 << 10,
	}
}

func timeoutContext(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), d)
}

// ServeHTTP is the Runtime API of one process.
func (w *process) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if !w.addressed(r) {
		runtimeError(rw, http.StatusForbidden, "Forbidden", "this is the Runtime API of one function, for no other program and no page")
		return
	}
	route, known := strings.CutPrefix(r.URL.Path, runtimeBase)
	parts := strings.Split(route, "/")
	switch {
	case !known:
		runtimeError(rw, http.StatusNotFound, "UnknownPath", "there is nothing here")
	case r.Method == http.MethodGet && route == "invocation/next" && !fromStray(r):
		w.next(rw, r)
	case r.Method == http.MethodPost && route == "init/error" && !fromStray(r):
		w.initError(rw, r)
	// Who knows the id of the event has had the event, and may have ended since.
	case r.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && parts[2] == "response":
		w.response(rw, r, parts[1])
	case r.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && parts[2] == "error":
		w.invocationError(rw, r, parts[1])
	default:
		runtimeError(rw, http.StatusNotFound, "UnknownPath", "there is nothing here")
	}
}

// addressed reports whether a request was sent to the address that the process
// was given, and by no browser: a web page that lets a name of its own point here
// has that name in Host, and browsers say that they are some.
func (w *process) addressed(r *http.Request) bool {
	if r.Host != w.address {
		return false
	}
	for name := range r.Header {
		if name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-") {
			return false
		}
	}
	return true
}

// next answers with the next event as soon as there is one.
func (w *process) next(rw http.ResponseWriter, r *http.Request) {
	replaced := w.beginPoll()
	for {
		if r.Context().Err() != nil { // the process is gone; an event that came at the same moment is for another one
			return
		}
		j, refused := w.take(replaced)
		if refused {
			runtimeError(rw, http.StatusForbidden, "InvalidStateTransition", "the last event is not answered, or another request for one is open")
			return
		}
		if j != nil {
			if deliver(rw, j) != nil {
				w.giveBack(j)
			}
			return
		}
		select {
		case <-w.wake:
		case <-replaced:
		case <-r.Context().Done():
			return
		case <-w.quit:
			return
		}
	}
}

// beginPoll notes that the process asks for an event; a request before, whose
// connection may be broken, gets none. The first time says that the process has
// started; when nobody waits for it any more, it becomes idle.
func (w *process) beginPoll() (replaced chan struct{}) {
	w.mu.Lock()
	if w.poll != nil {
		close(w.poll)
	}
	replaced = make(chan struct{})
	w.poll = replaced
	first := !w.ready
	w.ready = true
	if first {
		w.initTimer.Stop()
		if w.job != nil {
			w.arm(w.job)
		}
	}
	unused := first && w.job == nil
	w.mu.Unlock()
	if unused {
		w.pool.release(w)
	}
	return replaced
}

// take answers the job to deliver, nil when there is none. A process that asks
// again without having answered has lost the event with its connection and gets
// it once more; it is refused when that goes on, as are requests that were replaced.
func (w *process) take(poll chan struct{}) (j *job, refused bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.poll != poll:
		return nil, true
	case w.job == nil:
		return nil, false
	case w.deliveries >= maxDeliveries:
		return nil, true
	}
	w.taken = true
	w.deliveries++
	return w.job, false
}

// giveBack is called when an event could not be sent.
func (w *process) giveBack(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.job == j {
		w.taken = false
	}
}

func deliver(rw http.ResponseWriter, j *job) error {
	h := rw.Header()
	h["Lambda-Runtime-Aws-Request-Id"] = []string{j.in.RequestID}
	h["Lambda-Runtime-Deadline-Ms"] = []string{strconv.FormatInt(j.deadline.UnixMilli(), 10)}
	h["Lambda-Runtime-Invoked-Function-Arn"] = []string{j.in.ARN}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(j.in.Payload))}
	rw.WriteHeader(http.StatusOK)
	if _, err := rw.Write(j.in.Payload); err != nil {
		return err
	}
	return http.NewResponseController(rw).Flush()
}

// response takes an answer, chunked or not.
func (w *process) response(rw http.ResponseWriter, r *http.Request, id string) {
	body, err := readAnswer(r.Body)
	switch {
	case errors.Is(err, ErrTooLarge):
		w.complete(id, nil, ErrTooLarge)
		runtimeError(rw, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "the answer is larger than 6 MB")
		return
	case err != nil: // the connection broke; the end of the process or its deadline decides
		runtimeError(rw, http.StatusBadRequest, "InvalidRequest", "the answer is incomplete")
		return
	}
	result := &Result{Payload: body}
	if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" { // a stream that failed midway
		result = functionFailure(cut(kind, 256), "the function failed while it wrote its answer")
	}
	w.accept(rw, id, result)
}

// invocationError takes the error of a function that ran.
func (w *process) invocationError(rw http.ResponseWriter, r *http.Request, id string) {
	if result := readFailure(r); result != nil {
		w.accept(rw, id, result)
		return
	}
	runtimeError(rw, http.StatusBadRequest, "InvalidRequest", "the error is incomplete")
}

func (w *process) accept(rw http.ResponseWriter, id string, result *Result) {
	if !w.complete(id, result, nil) {
		runtimeError(rw, http.StatusBadRequest, "InvalidRequestID", "no such event is in work here")
		return
	}
	accepted(rw)
}

// initError takes the error of a function that did not start; its process
// ends by itself or is ended.
func (w *process) initError(rw http.ResponseWriter, r *http.Request) {
	if result := readFailure(r); result != nil {
		w.mu.Lock()
		if !w.ready && w.initFailure == nil {
			w.initFailure = result
		}
		w.mu.Unlock()
		w.retire()
	}
	accepted(rw)
}

func readFailure(r *http.Request) *Result {
	body, err := readAnswer(r.Body)
	if errors.Is(err, ErrTooLarge) {
		return functionFailure("Function.ResponseSizeTooLarge", "the error is larger than 6 MB")
	}
	if err != nil {
		return nil
	}
	result := failed(body, Unhandled)
	if result.ErrorType == "" {
		result.ErrorType = cut(r.Header.Get("Lambda-Runtime-Function-Error-Type"), 256)
	}
	return result
}

func readAnswer(body io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(body, MaxPayload+1))
	if err != nil {
		return nil, err
	}
	if len(b) <= MaxPayload {
		return b, nil
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(body, maxSwallow))
	return nil, ErrTooLarge
}

func accepted(rw http.ResponseWriter) {
	rw.Header()["Content-Length"] = []string{"0"}
	rw.WriteHeader(http.StatusAccepted)
}

func runtimeError(rw http.ResponseWriter, status int, kind, text string) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = rw.Write(errorJSON(kind, text))
}
