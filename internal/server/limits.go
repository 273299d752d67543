package server

import (
	"context"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/httpkit"
	"cognate/internal/core/guard"
	"cognate/internal/rooms"
)

// limits gives the rooms the configured budgets of strangers.
func (a *app) limits(c *rooms.Config) error {
	s := &a.settings
	if !s.LimitsOn() {
		return nil
	}
	rates, err := s.Limits.Rates()
	if err != nil {
		return err
	}
	shared, err := httpkit.ParseProxies(s.Limits.SharedSources)
	if err != nil {
		return fmt.Errorf("--shared-sources: %w", err)
	}
	c.SharedSources, c.Refused = shared.Trusted, a.metrics.refused
	c.Limits = guard.Limits{
		SourceFailures: rates["--limit-source-failures"], SourceSignUps: rates["--limit-source-sign-ups"],
		SourceMessages: rates["--limit-source-messages"], DestinationMessages: rates["--limit-destination-messages"],
		PoolFailures: rates["--limit-pool-failures"], PoolSignUps: rates["--limit-pool-sign-ups"],
		PoolMessages: rates["--limit-pool-messages"],
	}
	return nil
}

// around puts the operations of user pools under those budgets.
func (a *app) around(ctx context.Context, service, operation string) (context.Context, func(error) error) {
	if service != cognitoidp.ServiceName {
		return ctx, func(err error) error { return err }
	}
	return a.Guard.Enter(ctx, operation)
}
