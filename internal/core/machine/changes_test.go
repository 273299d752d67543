package machine

import (
	"context"
	"errors"
	"testing"
)

// TestChangesOfNothing: without a function there are no changes.
func TestChangesOfNothing(t *testing.T) {
	if changes(nil) != nil {
		t.Error("changes out of nothing")
	}
	if !errors.Is(declared(t.Context(), context.Canceled), context.Canceled) {
		t.Error("an internal failure got another name")
	}
}
