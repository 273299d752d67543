package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/httpkit"
	"cognate/internal/base/id"
	"cognate/internal/base/obs"
	"cognate/internal/base/shed"
)

// MaxBody is how many bytes a request body may have, but for Options.Large; larger
// ones are refused before they are parsed.
const MaxBody = 1 << 20

// maxTarget bounds what an unknown target adds to the log event, in bytes.
const maxTarget = 256

// Options assembles a Server. Registry, Protocols, Authenticator and
// Authorizer are required.
type Options struct {
	Registry      *Registry
	Protocols     []Protocol
	Authenticator Authenticator
	Authorizer    Authorizer
	Auditor       Auditor                        // nil: nothing is recorded
	Metrics       Metrics                        // nil: not counted
	Gate          *shed.Gate                     // nil: everybody is admitted
	Log           *slog.Logger                   // nil: not logged
	ClientIP      func(*http.Request) netip.Addr // nil: the peer's address
	// Large are the operations, by X-Amz-Target, whose requests may have another number of bytes than MaxBody.
	Large map[string]int64
	// Around is told of every call before it begins, and of how it ended; nil: nobody.
	Around     func(ctx context.Context, service, operation string) (context.Context, func(error) error)
	Now        func() time.Time                // nil: time.Now; measures durations
	RequestID  func() string                   // nil: random UUIDs
	Offers     func(*http.Request) bool        // whether a page may be told that it can send signatures; nil: every one
	OnInternal func(context.Context, *Failure) // nil: nothing; told of every 500 before it is sent
}

// Server answers AWS API requests.
type Server struct{ opts Options }

// NewServer checks opts and fills in what may be left out.
func NewServer(opts Options) (*Server, error) {
	if opts.Registry == nil || len(opts.Protocols) == 0 || opts.Authenticator == nil || opts.Authorizer == nil {
		return nil, errors.New("wire: Registry, Protocols, Authenticator and Authorizer are required")
	}
	if opts.Log == nil {
		opts.Log = obs.Discard()
	}
	if opts.ClientIP == nil {
		opts.ClientIP = peer
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.RequestID == nil {
		opts.RequestID = id.UUID
	}
	return &Server{opts: opts}, nil
}

// exchange is one request on its way.
type exchange struct {
	w        http.ResponseWriter
	r        *http.Request
	ctx      context.Context
	req      *obs.Request
	protocol Protocol
	call     Call
	status   int
}

// ServeHTTP answers one request and writes its log event.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := &obs.Request{
		ID: s.opts.RequestID(), Start: s.opts.Now(), ClientIP: s.opts.ClientIP(r), UserAgent: cut(r.UserAgent(), 256), Languages: r.Header.Get("Accept-Language"),
	}
	x := &exchange{w: w, r: r, req: req, ctx: db.Budget(obs.With(r.Context(), req)), call: Call{Request: r, ID: req.ID}}
	commonHeader(w.Header(), req.ID)
	if r.Method == http.MethodOptions {
		req.Operation = "preflight"
		x.preflight(s.opts.Offers == nil || s.opts.Offers(r))
	} else {
		s.answer(x)
	}
	s.finish(x)
}

// answer runs the request and sends exactly one response, also after a panic.
func (s *Server) answer(x *exchange) {
	for _, p := range s.opts.Protocols {
		if p.Claim(s.opts.Registry, x.r) {
			x.protocol = p
			break
		}
	}
	if x.protocol == nil {
		s.unclaimed(x)
		return
	}
	var reply Reply
	out, failure := s.run(x)
	if failure == nil {
		reply, failure = x.render(out)
	}
	if failure == nil {
		x.send(reply)
		return
	}
	if failure.Status >= 500 && s.opts.OnInternal != nil {
		s.opts.OnInternal(x.ctx, failure)
	}
	x.fail(failure)
}

// run takes a request from its body to the operation's result.
func (s *Server) run(x *exchange) (out rt.StructEncoder, failure *Failure) {
	defer x.recovered(&failure)
	x.call.Body, failure = readBody(x, s.maxBody(x.r))
	if failure != nil {
		return nil, failure
	}
	failure = x.protocol.Route(s.opts.Registry, &x.call)
	x.name()
	if failure != nil {
		return nil, failure
	}
	if s.opts.Gate != nil {
		ctx, pass, err := s.opts.Gate.Enter(x.ctx)
		if err != nil {
			return nil, turnedAway(x.ctx, x.call.Operation, err)
		}
		defer pass.Leave()
		x.ctx = ctx
	}
	in, err := x.protocol.Decode(&x.call)
	var invalid *rt.ValidationError
	if err != nil && !errors.As(err, &invalid) {
		return nil, undecodable(x.ctx, x.call.Operation, err)
	}
	// The order is AWS's: a body of the wrong types is refused before the
	// signature is looked at, violated constraints only after.
	if failure := s.authenticate(x); failure != nil {
		return nil, failure
	}
	if invalid != nil {
		obs.Cause(x.ctx, "%s", cut(invalid.Error(), maxCause))
		return nil, &Failure{Code: x.call.Service.ValidationCode, Message: invalid.Error(), Status: http.StatusBadRequest}
	}
	ctx, end := s.record(x, in)
	failure = &Failure{Code: "InternalErrorException"} // until it is known, so after a panic
	defer func() { end(out, failure) }()
	if failure := s.authorize(x, in); failure != nil {
		return nil, failure
	}
	if out, err = s.invoke(ctx, x, in); err != nil {
		return nil, fromCall(x.ctx, x.call.Operation, err)
	}
	return out, nil
}

// record tells the Auditor of a signed operation and, by the function it returns,
// how that ended; after a panic it ended as an internal error.
func (s *Server) record(x *exchange, in any) (context.Context, func(rt.StructEncoder, *Failure)) {
	nothing := func(rt.StructEncoder, *Failure) {}
	if s.opts.Auditor == nil || x.call.Operation.Unsigned {
		return x.ctx, nothing
	}
	action := Action{Service: x.call.Service.Name, Operation: x.call.Operation.Name, Resource: x.call.Operation.resourceOf(in), Input: in}
	ctx, end := s.opts.Auditor.Begin(x.ctx, action)
	if end == nil {
		return ctx, nothing
	}
	return ctx, func(out rt.StructEncoder, failure *Failure) {
		switch {
		case failure != nil:
			end(failure.Code, nil)
		default:
			end("", out)
		}
	}
}

// errPanicked is how a call ended that panicked, for Around.
var errPanicked = errors.New("wire: the operation panicked")

// invoke calls the operation within Around, which is told of its end also after a panic.
func (s *Server) invoke(ctx context.Context, x *exchange, in any) (out rt.StructEncoder, err error) {
	if s.opts.Around == nil {
		return x.call.Operation.invoke(ctx, in)
	}
	ctx, leave := s.opts.Around(ctx, x.call.Service.Name, x.call.Operation.Name)
	err = errPanicked
	defer func() { err = leave(err) }()
	out, err = x.call.Operation.invoke(ctx, in)
	return out, err
}

// name tells the log event what was called, or else what was asked for.
func (x *exchange) name() {
	switch {
	case x.call.Operation != nil:
		x.req.Service, x.req.Operation = x.call.Service.Name, x.call.Operation.Name
		return
	case x.call.Service != nil:
		x.req.Service = x.call.Service.Name
	default:
		x.req.Service = ServiceName(x.r)
	}
	x.req.Target = cut(x.call.Target, maxTarget)
}

// authenticate leaves unsigned operations alone, even when they carry a
// signature: some clients sign everything.
func (s *Server) authenticate(x *exchange) *Failure {
	if x.call.Operation.Unsigned {
		return nil
	}
	caller, err := s.opts.Authenticator.Authenticate(x.ctx, x.r, x.call.Body, x.call.Service.Name)
	if err != nil {
		return outside(x.ctx, x.call.Operation, err)
	}
	x.req.Principal, x.req.Region = caller.Principal, caller.Region
	return nil
}

func (s *Server) authorize(x *exchange, in any) *Failure {
	if x.call.Operation.Unsigned {
		return nil
	}
	action := Action{Service: x.call.Service.Name, Operation: x.call.Operation.Name, Resource: x.call.Operation.resourceOf(in), Input: in}
	if err := s.opts.Authorizer.Authorize(x.ctx, x.req.Principal, action); err != nil {
		return outside(x.ctx, x.call.Operation, err)
	}
	return nil
}

func undecodable(ctx context.Context, op *Operation, err error) *Failure {
	var serialization *rt.SerializationError
	if !errors.As(err, &serialization) {
		return internal(ctx, op, err)
	}
	obs.Cause(ctx, "%v", err)
	return &Failure{Code: "SerializationException", Message: serialization.Message, Status: http.StatusBadRequest, Common: true}
}

// render guards the encoder as run guards the call.
func (x *exchange) render(out rt.StructEncoder) (reply Reply, failure *Failure) {
	defer x.recovered(&failure)
	return x.protocol.Output(&x.call, out), nil
}

// recovered turns a panic into an internal error whose stack is in the log event.
func (x *exchange) recovered(failure **Failure) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	*failure = internal(x.ctx, x.call.Operation, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}

// maxBody is how many bytes the body of a request may have.
func (s *Server) maxBody(r *http.Request) int64 {
	if most := s.opts.Large[r.Header.Get("X-Amz-Target")]; most > 0 {
		return most
	}
	return MaxBody
}

// readBody reads at most as many bytes as may be.
func readBody(x *exchange, most int64) ([]byte, *Failure) {
	tooLarge := &Failure{
		Code: "RequestEntityTooLargeException", Message: fmt.Sprintf("Request body is larger than %d MiB", most>>20),
		Status: http.StatusRequestEntityTooLarge, Common: true,
	}
	if x.r.ContentLength > most {
		return nil, tooLarge
	}
	var b bytes.Buffer
	// A little more than announced, so that the buffer need not grow to see the
	// end; never much before bytes arrive, whatever was announced.
	b.Grow(int(min(max(x.r.ContentLength, 0), 16<<10)) + bytes.MinRead)
	if _, err := b.ReadFrom(io.LimitReader(x.r.Body, most+1)); err != nil {
		if errors.Is(err, httpkit.ErrBusy) {
			obs.Cause(x.ctx, "%v", err)
			x.w.Header().Set("Connection", "close") // nobody reads the rest
			return nil, unavailable()
		}
		obs.Cause(x.ctx, "read body: %v", err)
		return nil, &Failure{Code: "SerializationException", Status: http.StatusBadRequest, Common: true}
	}
	if int64(b.Len()) > most {
		return nil, tooLarge
	}
	return b.Bytes(), nil
}

// finish writes the one log event and counts the request.
func (s *Server) finish(x *exchange) {
	took := s.opts.Now().Sub(x.req.Start)
	obs.LogRequest(x.ctx, s.opts.Log, x.req, x.status, took)
	if s.opts.Metrics == nil {
		return
	}
	service, operation := "", ""
	if x.call.Operation != nil {
		service, operation = x.call.Service.Name, x.call.Operation.Name
	}
	s.opts.Metrics.Observe(service, operation, x.req.Outcome, x.status, took)
}

func peer(r *http.Request) netip.Addr {
	p, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap()
}
