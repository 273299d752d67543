package branding

import (
	"context"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/base/db"
	"cognate/internal/core/pool"
)

// Look is how the pages of a client look. Nothing reachable from it may be changed.
type Look struct {
	// Styled tells whether the client has a style of managed login.
	Styled bool
	// Settings are those of the style over the defaults; the defaults alone where there is no style.
	Settings *Settings
	// Assets are the images of the style, in the order in which they were set.
	Assets []Asset
	// Classic is the customization of the classic pages: the client's, else that of the pool; nil for none.
	Classic *Classic

	terms map[string]map[string]string // links by language, by name of the document
}

// Classic is a customization of the classic pages.
type Classic struct {
	CSS     string // as it may stand in a page: the allowed classes and properties, nothing else
	Version string // CSSVersion
	Logo    *Asset // nil for none
}

// Look returns how the pages of a client of a pool look. It costs no database access while nothing of the pool changes.
func (r *Room) Look(ctx context.Context, p *pool.Pool, clientID string) (*Look, error) {
	key := p.ID + "/" + clientID
	if have, ok := r.looks.get(key, p.Version); ok {
		return have, nil
	}
	var look *Look
	err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		look, err = readLook(tx, p.ID, clientID)
		return err
	})
	if err != nil {
		return nil, err
	}
	r.looks.put(key, p.Version, 1, look)
	return look, nil
}

func readLook(tx *db.Tx, poolID, clientID string) (*Look, error) {
	look := &Look{Settings: DefaultSettings()}
	s, styled, err := styleOf(tx, poolID, clientID)
	if err != nil {
		return nil, err
	}
	if styled {
		if err := look.style(tx, s); err != nil {
			return nil, err
		}
	}
	for _, of := range []string{clientID, allClients} {
		c, err := readClassic(tx, poolID, of)
		if err != nil {
			return nil, err
		}
		if c != nil {
			look.Classic = c.look()
			break
		}
	}
	documents, err := termsOf(tx, poolID, clientID)
	look.terms = map[string]map[string]string{}
	for _, t := range documents {
		look.terms[t.TermsName] = t.Links
	}
	return look, err
}

// style adds a style to a look.
func (l *Look) style(tx *db.Tx, s style) error {
	l.Styled = true
	if s.settings != nil {
		tree, err := effective(s.settings)
		if err != nil {
			return err
		}
		if l.Settings, err = read(tree); err != nil {
			return err
		}
	}
	assets, err := listAssets(tx, s.poolID, s.id, false)
	for _, a := range assets {
		l.Assets = append(l.Assets, a.asset())
	}
	return err
}

// Asset is the image of a category for a color scheme: one of that scheme, else one for both; nil when there is none.
func (l *Look) Asset(category cognitoidp.AssetCategoryType, dark bool) *Asset {
	return l.image(category, "", dark)
}

// Icon is the image on the button of an identity provider; nil when there is none.
func (l *Look) Icon(provider string, dark bool) *Asset {
	return l.image(cognitoidp.AssetCategoryTypeIdpButtonIcon, provider, dark)
}

func (l *Look) image(category cognitoidp.AssetCategoryType, resource string, dark bool) (found *Asset) {
	want := cognitoidp.ColorSchemeModeTypeLight
	if dark {
		want = cognitoidp.ColorSchemeModeTypeDark
	}
	for i := range l.Assets {
		a := &l.Assets[i]
		if a.Category != category || resource != "" && a.ResourceID != resource {
			continue
		}
		if a.ColorMode == want {
			return a
		}
		if a.ColorMode == cognitoidp.ColorSchemeModeTypeDynamic && found == nil {
			found = a
		}
	}
	return found
}

// languages are the languages of terms, by the codes of pages.
var languages = map[string]string{
	"de": "german", "en": "english", "es": "spanish", "fr": "french", "id": "bahasa-indonesia", "it": "italian", "ja": "japanese",
	"ko": "korean", "nl": "dutch", "pt-br": "portuguese-brazil", "zh-cn": "chinese-simplified", "zh-tw": "chinese-traditional",
}

// Terms are the addresses of the terms of use and of the privacy policy in the language of a page ("pt-BR"), else those
// for all languages. ok is false unless the client has both.
func (l *Look) Terms(language string) (use, privacy string, ok bool) {
	key := termsPrefix + languages[strings.ToLower(language)]
	link := func(name string) string {
		if to := l.terms[name][key]; to != "" {
			return to
		}
		return l.terms[name][termsPrefix+"default"]
	}
	use, privacy = link(termsOfUse), link(privacyPolicy)
	if use == "" || privacy == "" {
		return "", "", false
	}
	return use, privacy, true
}
