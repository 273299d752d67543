package signin

import (
	"context"

	"cognate/internal/core/directory"
	"cognate/internal/core/token"
	"cognate/internal/core/trigger"
)

// subject is the account of a sign-in as trigger events are about it. Unknown users appear under the name that was typed,
// without attributes.
func (s *signIn) subject(metadata map[string]string) *trigger.Subject {
	if s.account != nil && s.user != nil {
		out := directory.EventSubject(s.Pool, s.Client, s.user, metadata)
		out.Hidden = s.Client.HidesUsers()
		return out
	}
	return &trigger.Subject{
		Pool: s.Pool, ClientID: s.Client.ID, Username: s.name, Unknown: true, Metadata: metadata,
	}
}

// pool is as much of an event's subject as says which functions the pool has.
func (s *signIn) pool() *trigger.Subject { return &trigger.Subject{Pool: s.Pool} }

// announce runs PreAuthentication, if there is one, at the first hop of a sign-in. Without one nothing is prepared, which
// would take longer for users than for names nobody has.
func (e *Engine) announce(ctx context.Context, s *signIn) error {
	if !e.Triggers.Begins(s.pool()) {
		return nil
	}
	return e.Triggers.PreAuthentication(ctx, s.subject(nil), s.startMetadata())
}

// announceKnown is announce in flows that refuse unknown users. Where the client hides users it runs for those too, so
// that nothing tells them apart.
func (e *Engine) announceKnown(ctx context.Context, s *signIn) error {
	if s.user == nil && !s.Client.HidesUsers() {
		return nil
	}
	return e.announce(ctx, s)
}

// TokenChanges asks PreTokenGeneration for changes of tokens with these scopes; nil means none, as a nil subject does.
func (e *Engine) TokenChanges(ctx context.Context, s *trigger.Subject, source string, groups []token.Group, scopes []string) (*token.Changes, error) {
	if s == nil {
		return nil, nil
	}
	return directory.TokenChanges(ctx, e.Triggers, s, source, groups, scopes)
}
