package cognitotest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/iam"
	"cognate/internal/api/rt"
	"cognate/internal/api/sts"
)

// Call runs an operation that must succeed.
func Call[I, O any](w *World, operation func(context.Context, *I) (*O, error), in *I) *O {
	w.T.Helper()
	out, err := operation(w.Ctx, in)
	if err != nil {
		w.T.Fatalf("%s: %v", name[I](), err)
	}
	return out
}

// Refusal runs an operation and returns its exception as "Code: message", or "" when it succeeded. The test fails when
// the operation does not declare the exception.
func Refusal[I, O any](w *World, operation func(context.Context, *I) (*O, error), in *I) string {
	w.T.Helper()
	_, err := operation(w.Ctx, in)
	text, undeclared := render(declared[I](), err)
	if undeclared {
		w.T.Errorf("%s declares no %s", name[I](), text)
	}
	return text
}

// Refused fails the test unless the operation is refused with exactly this text.
func Refused[I, O any](w *World, want string, operation func(context.Context, *I) (*O, error), in *I) {
	w.T.Helper()
	if got := Refusal(w, operation, in); got != want {
		w.T.Errorf("%s: refused with %q, want %q", name[I](), got, want)
	}
}

// Gated is an operation behind the budgets of a world, as the server calls it.
func Gated[I, O any](w *World, operation func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		ctx, leave := w.Guard.Enter(ctx, name[I]())
		out, err := operation(ctx, in)
		return out, leave(err)
	}
}

// Together runs an operation n times at once with the inputs that make returns and counts the outcomes: "" for success,
// otherwise "Code: message".
func Together[I, O any](w *World, n int, operation func(context.Context, *I) (*O, error), input func(i int) *I) map[string]int {
	w.T.Helper()
	outcomes := make([]string, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		in := input(i)
		wg.Go(func() {
			<-start
			_, err := operation(w.Ctx, in)
			outcomes[i], _ = render(declared[I](), err)
		})
	}
	close(start)
	wg.Wait()
	counts := map[string]int{}
	for _, o := range outcomes {
		counts[o]++
	}
	return counts
}

// name is the operation that takes *I.
func name[I any]() string { return strings.TrimSuffix(reflect.TypeFor[I]().Name(), "Request") }

// declared are the codes that the operation that takes *I may answer; nil when it is no operation of a service here.
func declared[I any]() []string {
	in := reflect.TypeFor[I]()
	return errorsOf()[in.PkgPath()+"."+strings.TrimSuffix(in.Name(), "Request")]
}

// errorsOf are the declared codes of all operations by the package of their service and their name.
var errorsOf = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	enter(out, cognitoidp.Operations)
	enter(out, iam.Operations)
	enter(out, sts.Operations)
	return out
})

func enter[S any](into map[string][]string, table []rt.Operation[S]) {
	service := reflect.TypeFor[S]().PkgPath()
	for _, op := range table {
		into[service+"."+op.Name] = append([]string{}, op.Errors...)
	}
}

// render returns an exception as text, and whether the operation fails to declare it.
func render(declared []string, err error) (text string, undeclared bool) {
	if err == nil {
		return "", false
	}
	var common *rt.Common
	var e rt.Exception
	if !errors.As(err, &e) {
		return "not an exception: " + err.Error(), true
	}
	undeclared = declared != nil && !slices.Contains(declared, e.ErrorCode()) && !errors.As(err, &common)
	return e.ErrorCode() + ": " + e.ErrorMessage(), undeclared
}

// Writes returns how many write transactions do makes. It waits first for what rooms do in the background after a pool
// was made.
func (w *World) Writes(do func()) int64 {
	w.T.Helper()
	before := w.DB.Stats().Updates
	for quiet := 0; quiet < 5; quiet++ {
		time.Sleep(10 * time.Millisecond)
		if now := w.DB.Stats().Updates; now != before {
			before, quiet = now, 0
		}
	}
	do()
	return w.DB.Stats().Updates - before
}
