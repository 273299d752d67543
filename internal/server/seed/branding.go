package seed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/branding"
	"cognate/internal/core/pool"
)

// allClients is the ClientId of the customization of a whole pool.
const allClients = "ALL"

// look sets how the pages of a client look and what they link to.
func (s *Seeder) look(ctx context.Context, poolID string, want *Client) error {
	if err := s.branding(ctx, poolID, want); err != nil {
		return fmt.Errorf("branding: %w", err)
	}
	if err := s.customization(ctx, poolID, want.ID, want.Customization); err != nil {
		return fmt.Errorf("customization: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(want.Terms)) {
		if err := s.terms(ctx, poolID, want.ID, name, want.Terms[name]); err != nil {
			return fmt.Errorf("terms %s: %w", name, err)
		}
	}
	return nil
}

func (s *Seeder) branding(ctx context.Context, poolID string, want *Client) error {
	if len(want.Branding) == 0 {
		return nil
	}
	own := map[string]any{"UserPoolId": poolID, "ClientId": want.ID}
	have, err := s.API.DescribeManagedLoginBrandingByClient(ctx, &cognitoidp.DescribeManagedLoginBrandingByClientRequest{UserPoolId: poolID, ClientId: want.ID})
	var missing *cognitoidp.ResourceNotFoundException
	if errors.As(err, &missing) {
		in, err := decode(cognitoidp.DecodeCreateManagedLoginBrandingRequest, want.Branding, own)
		if err != nil {
			return err
		}
		_, err = s.API.CreateManagedLoginBranding(ctx, in)
		return err
	}
	if err != nil {
		return err
	}
	if same, err := holds(have.ManagedLoginBranding, want.Branding, nil); err != nil || same {
		return err
	}
	own = map[string]any{"UserPoolId": poolID, "ManagedLoginBrandingId": have.ManagedLoginBranding.ManagedLoginBrandingId}
	in, err := decode(cognitoidp.DecodeUpdateManagedLoginBrandingRequest, want.Branding, own)
	if err != nil {
		return err
	}
	_, err = s.API.UpdateManagedLoginBranding(ctx, in)
	return err
}

// customization sets how the classic pages look, of a client or of all.
func (s *Seeder) customization(ctx context.Context, poolID, clientID string, want map[string]any) error {
	if len(want) == 0 {
		return nil
	}
	have, err := customized(ctx, s.API, s.Branding, poolID, clientID)
	if err != nil {
		return err
	}
	if same, err := holds(have, want, nil); err != nil || same {
		return err
	}
	in, err := decode(cognitoidp.DecodeSetUICustomizationRequest, want, map[string]any{"UserPoolId": poolID, "ClientId": clientID})
	if err != nil {
		return err
	}
	_, err = s.API.SetUICustomization(ctx, in)
	return err
}

// customized is the request that made the customization of a client, with nothing in it when there is none.
func customized(ctx context.Context, api cognitoidp.Service, images *branding.Room, poolID, clientID string) (*cognitoidp.SetUICustomizationRequest, error) {
	out := new(cognitoidp.SetUICustomizationRequest)
	have, err := api.GetUICustomization(ctx, &cognitoidp.GetUICustomizationRequest{UserPoolId: poolID, ClientId: &clientID})
	if err != nil || value(have.UICustomization.ClientId) != clientID {
		return out, err
	}
	out.CSS = have.UICustomization.CSS
	if at := have.UICustomization.ImageUrl; at != nil {
		image, err := images.Asset(ctx, poolID, path.Base(*at))
		if err != nil {
			return nil, err
		}
		out.ImageFile = image.Bytes
	}
	return out, nil
}

func (s *Seeder) terms(ctx context.Context, poolID, clientID, name string, links map[string]string) error {
	have, err := s.API.DescribeTermsByClient(ctx, &cognitoidp.DescribeTermsByClientRequest{UserPoolId: poolID, ClientId: clientID, TermsName: name})
	var missing *cognitoidp.ResourceNotFoundException
	if errors.As(err, &missing) {
		in, err := decode(cognitoidp.DecodeCreateTermsRequest, nil, map[string]any{"UserPoolId": poolID, "ClientId": clientID, "TermsName": name,
			"TermsSource": cognitoidp.TermsSourceTypeLink, "Enforcement": cognitoidp.TermsEnforcementTypeNone, "Links": links})
		if err != nil {
			return err
		}
		_, err = s.API.CreateTerms(ctx, in)
		return err
	}
	if err != nil || maps.Equal(have.Terms.Links, links) {
		return err
	}
	in, err := decode(cognitoidp.DecodeUpdateTermsRequest, nil, map[string]any{"UserPoolId": poolID, "TermsId": have.Terms.TermsId, "Links": links})
	if err != nil {
		return err
	}
	_, err = s.API.UpdateTerms(ctx, in)
	return err
}

// customization writes how the classic pages look, of a client or of all.
func (e *Exporter) customization(ctx context.Context, poolID, clientID string) (map[string]any, error) {
	have, err := customized(ctx, e.API, e.Branding, poolID, clientID)
	if err != nil {
		return nil, err
	}
	return members(have, "customization", "UserPoolId", "ClientId")
}

func (e *Exporter) poolCustomization(ctx context.Context, p *pool.Pool, out *Pool) (err error) {
	out.Customization, err = e.customization(ctx, p.ID, allClients)
	return err
}

// look writes how the pages of a client look and what they link to.
func (e *Exporter) look(ctx context.Context, p *pool.Pool, out *Client) error {
	style, err := e.API.DescribeManagedLoginBrandingByClient(ctx, &cognitoidp.DescribeManagedLoginBrandingByClientRequest{UserPoolId: p.ID, ClientId: out.ID})
	var missing *cognitoidp.ResourceNotFoundException
	switch {
	case err == nil:
		if out.Branding, err = members(style.ManagedLoginBranding, "branding", "UserPoolId", "ClientId"); err != nil {
			return err
		}
	case !errors.As(err, &missing):
		return err
	}
	if out.Customization, err = e.customization(ctx, p.ID, out.ID); err != nil {
		return err
	}
	for _, name := range []string{"privacy-policy", "terms-of-use"} {
		have, err := e.API.DescribeTermsByClient(ctx, &cognitoidp.DescribeTermsByClientRequest{UserPoolId: p.ID, ClientId: out.ID, TermsName: name})
		if errors.As(err, &missing) {
			continue
		}
		if err != nil {
			return err
		}
		if out.Terms == nil {
			out.Terms = map[string]map[string]string{}
		}
		out.Terms[name] = have.Terms.Links
	}
	return nil
}
