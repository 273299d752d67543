package server

import (
	"context"
	"net/url"
	"slices"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/obs"
	"cognate/internal/core/pool"
	"cognate/internal/web/operator"
)

// Bounds of the start page; what is beyond them is found with AWS's tools.
const (
	maxPools   = 20
	maxClients = 20
)

// shownPools is what the start page of dev shows: the pools of every Region, as the API lists them.
func (a *app) shownPools(ctx context.Context) (list []operator.PoolView, more bool, err error) {
	ctx = obs.With(ctx, &obs.Request{}) // no Region: all of them
	pools, err := a.API.ListUserPools(ctx, &cognitoidp.ListUserPoolsRequest{MaxResults: maxPools})
	if err != nil {
		return nil, false, err
	}
	more = pools.NextToken != nil
	for _, found := range pools.UserPools {
		p, err := a.Pools.Pool(ctx, *found.Id)
		if err != nil {
			return nil, false, err
		}
		v := operator.PoolView{
			ID: p.ID, Name: text(p.Config.Name), Region: string(p.Region), Issuer: a.addresses.Issuer(p),
			Discovery: a.addresses.Endpoint(p, pool.EndpointOpenID), Keys: a.addresses.Endpoint(p, pool.EndpointKeys),
		}
		most := int64(maxClients)
		clients, err := a.API.ListUserPoolClients(ctx, &cognitoidp.ListUserPoolClientsRequest{UserPoolId: p.ID, MaxResults: &most})
		if err != nil {
			return nil, false, err
		}
		more = more || clients.NextToken != nil
		for _, c := range clients.UserPoolClients {
			_, client, err := a.Pools.Client(ctx, text(c.ClientId))
			if err != nil {
				return nil, false, err
			}
			shown := operator.ClientView{ID: client.ID, Name: text(client.Config.ClientName), Secret: len(client.Secrets) > 0}
			for _, flow := range client.Config.ExplicitAuthFlows {
				shown.Flows = append(shown.Flows, string(flow))
			}
			shown.Login = a.loginURL(p, client)
			v.Clients = append(v.Clients, shown)
		}
		list = append(list, v)
	}
	return list, more, nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// loginURL is where users of a client sign in, for its first callback URL; "" when it may not use managed login.
func (a *app) loginURL(p *pool.Pool, c *pool.Client) string {
	if !c.OAuth() || len(c.Config.CallbackURLs) == 0 || !slices.Contains(c.Config.AllowedOAuthFlows, cognitoidp.OAuthFlowTypeCode) {
		return ""
	}
	return a.addresses.Endpoint(p, pool.EndpointAuthorize) + "?client_id=" + c.ID + "&response_type=code&redirect_uri=" + url.QueryEscape(c.Config.CallbackURLs[0])
}
