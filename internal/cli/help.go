package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// hinted is an error with what to do about it.
type hinted struct {
	error
	hint string
}

// Unwrap returns the error without the hint.
func (h hinted) Unwrap() error { return h.error }

// withHint adds what to do about an error; nil stays nil.
func withHint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hinted{err, fmt.Sprintf(format, args...)}
}

// complain prints an error with its hint in one line; fallback is the command
// that helps when the error has none.
func complain(w io.Writer, err error, fallback string) {
	hint := ""
	var h hinted
	switch {
	case errors.As(err, &h):
		hint = h.hint
	case fallback != "":
		hint = fmt.Sprintf("see %q", fallback)
	}
	if hint != "" {
		hint = " (" + hint + ")"
	}
	fmt.Fprintf(w, "cognate: %v%s\n", err, hint)
}

// failed is the context of a command line that could not be read.
func failed(err error) *kong.Context {
	var pe *kong.ParseError
	if errors.As(err, &pe) {
		return pe.Context
	}
	return nil
}

// path is the command that a broken command line got to, with a space before it.
func path(err error) string {
	ctx := failed(err)
	if ctx == nil || ctx.Selected() == nil {
		return ""
	}
	return " " + ctx.Selected().Path()
}

// unfinished reports whether a command line stops at a command that only groups
// others, or before any: that is answered with help.
func unfinished(err error) bool {
	ctx := failed(err)
	if ctx == nil {
		return false
	}
	node := ctx.Model.Node
	if selected := ctx.Selected(); selected != nil {
		node = selected
	}
	if node.Leaf() {
		return false
	}
	if node == ctx.Model.Node {
		return len(ctx.Args) == 0
	}
	return ctx.Args[len(ctx.Args)-1] == node.Name
}

// showExamples puts the example of every command below its help.
func showExamples(n *kong.Node) {
	if n.Tag != nil {
		if example := n.Tag.Get("example"); example != "" && n.Detail == "" {
			n.Detail = "Example:\n\n\t" + strings.ReplaceAll(example, "\n", "\n\t")
		}
	}
	for _, child := range n.Children {
		showExamples(child)
	}
}
