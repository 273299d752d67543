package login

import (
	"context"
	"encoding/json"
	"sync"

	"cognate/internal/core/branding"
	"cognate/internal/core/pool"
	"cognate/internal/web/login/screen"
)

// Brands says how the pages of a client look; *branding.Room does.
type Brands interface {
	// Look returns the snapshot of a client's branding: the same one while nothing of it changes.
	Look(ctx context.Context, p *pool.Pool, clientID string) (*branding.Look, error)
}

// maxLooks is how many looks are kept ready to draw with.
const maxLooks = 2000

// looks makes looks of brandings, and keeps them.
type looks struct {
	brands Brands
	mu     sync.Mutex
	made   map[string]dressed
}

// dressed is a look and what it was made of.
type dressed struct {
	of   *branding.Look
	look *screen.Look
}

// look is the look of a client's pages, with the branding that it comes from.
func (l *looks) look(ctx context.Context, p *pool.Pool, clientID string, classic bool) (*screen.Look, *branding.Look, error) {
	brand, err := l.brands.Look(ctx, p, clientID)
	if err != nil {
		return nil, nil, err
	}
	key := p.ID + "/" + clientID
	if classic {
		key += "/classic"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have, found := l.made[key]; found && have.of == brand {
		return have.look, brand, nil
	}
	made, err := dress(p, brand, classic)
	if err != nil {
		return nil, nil, err
	}
	if l.made == nil || len(l.made) >= maxLooks {
		l.made = map[string]dressed{}
	}
	l.made[key] = dressed{brand, made}
	return made, brand, nil
}

// dress makes a look of a branding. A client without a style has Cognate's own.
func dress(p *pool.Pool, brand *branding.Look, classic bool) (*screen.Look, error) {
	style := screen.Style{Generation: screen.Managed, Pool: p.ID}
	if classic {
		style.Generation = screen.Classic
		if c := brand.Classic; c != nil {
			if style.CSS = c.CSS; c.Logo != nil {
				style.Logo = c.Logo.Path()
			}
		}
		return screen.NewLook(style), nil
	}
	if !brand.Styled {
		return screen.NewLook(style), nil
	}
	tree, err := json.Marshal(brand.Settings)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(tree, &style.Settings); err != nil {
		return nil, err
	}
	style.Assets = map[screen.AssetKey]string{}
	for i := range brand.Assets {
		a := &brand.Assets[i]
		style.Assets[screen.AssetKey{Category: string(a.Category), Mode: string(a.ColorMode), Resource: a.ResourceID}] = a.Path()
	}
	return screen.NewLook(style), nil
}

// terms are the documents that somebody who signs up agrees to, in the language of the page.
func (v *visit) terms() *screen.Terms {
	if v.brand == nil {
		return nil
	}
	use, privacy, ok := v.brand.Terms(v.lang)
	if !ok {
		return nil
	}
	return &screen.Terms{Use: use, Privacy: privacy}
}
