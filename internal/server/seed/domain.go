package seed

import (
	"context"
	"fmt"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

func (s *Seeder) domains(ctx context.Context, want *Pool) error {
	for _, d := range want.Domains {
		p, err := s.Pools.Pool(ctx, want.ID)
		if err == nil {
			err = s.domain(ctx, p, d)
		}
		if err != nil {
			return fmt.Errorf("domain %s: %w", d.Domain, err)
		}
	}
	return nil
}

func (s *Seeder) domain(ctx context.Context, p *pool.Pool, want Domain) error {
	own := map[string]any{"UserPoolId": p.ID, "Domain": want.Domain}
	for _, have := range p.Domains {
		if *have.Domain != want.Domain {
			continue
		}
		if same, err := holds(have.DomainDescriptionType, want.Settings, nil); err != nil || same {
			return err
		}
		in, err := decode(cognitoidp.DecodeUpdateUserPoolDomainRequest, want.Settings, own)
		if err != nil {
			return err
		}
		_, err = s.API.UpdateUserPoolDomain(ctx, in)
		return err
	}
	in, err := decode(cognitoidp.DecodeCreateUserPoolDomainRequest, want.Settings, own)
	if err != nil {
		return err
	}
	_, err = s.API.CreateUserPoolDomain(ctx, in)
	return err
}

// sessions sets how user sessions of a pool are tracked.
func (s *Seeder) sessions(ctx context.Context, want *Pool) error {
	if len(want.Sessions) == 0 {
		return nil
	}
	have, err := s.API.GetUserPoolSessionConfiguration(ctx, &cognitoidp.GetUserPoolSessionConfigurationRequest{UserPoolId: want.ID})
	if err != nil {
		return err
	}
	if same, err := holds(have, want.Sessions, nil); err != nil || same {
		return err
	}
	in, err := decode(cognitoidp.DecodeSetUserPoolSessionConfigurationRequest, want.Sessions, map[string]any{"UserPoolId": want.ID})
	if err != nil {
		return err
	}
	_, err = s.API.SetUserPoolSessionConfiguration(ctx, in)
	return err
}

// clientSessions sets how long sessions of the pages sign a client in.
func (s *Seeder) clientSessions(ctx context.Context, poolID string, want *Client) error {
	if len(want.Sessions) == 0 {
		return nil
	}
	have, err := s.API.GetUserPoolClientSessionConfiguration(ctx, &cognitoidp.GetUserPoolClientSessionConfigurationRequest{
		UserPoolId: poolID, ClientId: want.ID,
	})
	if err != nil {
		return err
	}
	if same, err := holds(have, want.Sessions, nil); err != nil || same {
		return err
	}
	own := map[string]any{"UserPoolId": poolID, "ClientId": want.ID}
	in, err := decode(cognitoidp.DecodeSetUserPoolClientSessionConfigurationRequest, want.Sessions, own)
	if err != nil {
		return err
	}
	_, err = s.API.SetUserPoolClientSessionConfiguration(ctx, in)
	return err
}
