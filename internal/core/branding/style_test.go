package branding_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/api/rt"
	"cognate/internal/base/db"
	"cognate/internal/base/obs"
	"cognate/internal/core/branding"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// odd is a document that only its author understands in whole.
const odd = `{ "components" : {"form":{"borderRadius":8.0,"glow":{"a":[1.50,null,"<&>"]},"lightMode":{"backgroundColor":"FFFFFFff"}}},
	"future": {"x": 1e3}, "categories":{"global":{"colorSchemeMode":"DYNAMIC"}} }`

func TestStyle(t *testing.T) {
	each(t, func(w *world) {
		Refused(w.World, "ResourceNotFoundException: ManagedLoginBranding for client "+w.c.ID+" does not exist.", w.API.DescribeManagedLoginBrandingByClient,
			&cognitoidp.DescribeManagedLoginBrandingByClientRequest{UserPoolId: w.p.ID, ClientId: w.c.ID})
		made := w.style(odd, image("PAGE_BACKGROUND", "DARK", "PNG", "a"), image("FORM_LOGO", "LIGHT", "SVG", "b"))
		id := *made.ManagedLoginBrandingId
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
			w.T.Errorf("id %s", id)
		}
		if string(made.Settings) != odd || *made.UseCognitoProvidedValues || len(made.Assets) != 2 {
			w.T.Errorf("made %s", made.AppendJSON(nil))
		}
		read := Call(w.World, w.API.DescribeManagedLoginBranding, &cognitoidp.DescribeManagedLoginBrandingRequest{UserPoolId: w.p.ID, ManagedLoginBrandingId: id}).ManagedLoginBranding
		if got, want := string(read.AppendJSON(nil)), string(made.AppendJSON(nil)); got != want {
			w.T.Errorf("made %s\nread %s", want, got)
		}
		w.Clock.Advance(time.Minute)
		changed := w.update(id, `{"components":{"form":{"borderRadius":4,"glow":null,"darkMode":{"backgroundColor":"000000ff"}}}}`,
			image("PAGE_BACKGROUND", "DARK", "WEBP", "c"), image("PAGE_BACKGROUND", "LIGHT", "JPEG", "d"), cognitoidp.AssetType{Category: "FORM_LOGO", ColorMode: "LIGHT", Extension: "SVG"})
		if want := rt.Document(`{"components":{"form":{"borderRadius":4,"lightMode":{"backgroundColor":"FFFFFFff"},"darkMode":{"backgroundColor":"000000ff"}}},
			"future":{"x":1e3},"categories":{"global":{"colorSchemeMode":"DYNAMIC"}}}`); !same(changed.Settings, want) {
			w.T.Errorf("changed to %s", changed.Settings)
		}
		if len(changed.Assets) != 2 || changed.Assets[0].Extension != "WEBP" || changed.Assets[1].ColorMode != "LIGHT" {
			w.T.Errorf("assets %v", changed.Assets)
		}
		if changed.CreationDate.Equal(changed.LastModifiedDate.Time) || !changed.CreationDate.Equal(made.CreationDate.Time) {
			w.T.Errorf("dates %v %v", changed.CreationDate, changed.LastModifiedDate)
		}
		provided := Call(w.World, w.API.UpdateManagedLoginBranding, &cognitoidp.UpdateManagedLoginBrandingRequest{
			UserPoolId: &w.p.ID, ManagedLoginBrandingId: &id, UseCognitoProvidedValues: new(true)}).ManagedLoginBranding
		if text := string(provided.AppendJSON(nil)); strings.Contains(text, "Settings") || !strings.Contains(text, `"Assets":[]`) || !strings.Contains(text, `"UseCognitoProvidedValues":true`) {
			w.T.Errorf("Cognito's values: %s", text)
		}
		if err := w.API.DeleteManagedLoginBranding(w.Ctx, &cognitoidp.DeleteManagedLoginBrandingRequest{UserPoolId: w.p.ID, ManagedLoginBrandingId: id}); err != nil {
			w.T.Fatal(err)
		}
		Refused(w.World, "ResourceNotFoundException: ManagedLoginBranding does not exist.", w.API.DescribeManagedLoginBranding,
			&cognitoidp.DescribeManagedLoginBrandingRequest{UserPoolId: w.p.ID, ManagedLoginBrandingId: id})
	})
}

// TestMergedResources: the defaults are filled in where they are asked for, and nowhere else.
func TestMergedResources(t *testing.T) {
	w := newWorld(Quick(t))
	id := *w.style(`{}`).ManagedLoginBrandingId
	whole := w.described(true).Settings
	if string(w.described(false).Settings) != "{}" || at(t, whole, "components", "primaryButton", "lightMode", "defaults", "backgroundColor") != "0972d3ff" {
		t.Errorf("defaults %s", whole)
	}
	w.update(id, string(whole))
	if got := w.described(false).Settings; !same(got, whole) {
		t.Errorf("the whole tree comes back as %s", got)
	}
	w.update(id, `{"components":{"primaryButton":{"lightMode":{"defaults":{"backgroundColor":"112233ff"}}},"form":{"lightMode":null}},"own":{"a":null}}`)
	merged := w.described(true).Settings
	for path, want := range map[string]any{
		"components.primaryButton.lightMode.defaults.backgroundColor": "112233ff",
		"components.primaryButton.lightMode.defaults.textColor":       "ffffffff",
		"components.form.lightMode.backgroundColor":                   "ffffffff",
	} {
		if got := at(t, merged, strings.Split(path, ".")...); got != want {
			t.Errorf("%s is %v", path, got)
		}
	}
}

func TestStyleRefusals(t *testing.T) {
	w := newWorld(Quick(t))
	const both = "InvalidParameterException: useCognitoProvidedValues or settings should be specified (but not both)"
	svg := image("FAVICON_SVG", "DYNAMIC", "SVG", "a")
	create := func(edit func(*cognitoidp.CreateManagedLoginBrandingRequest)) *cognitoidp.CreateManagedLoginBrandingRequest {
		in := &cognitoidp.CreateManagedLoginBrandingRequest{UserPoolId: w.p.ID, ClientId: w.c.ID, Settings: rt.Document(`{}`)}
		edit(in)
		return in
	}
	with := func(assets ...cognitoidp.AssetType) func(*cognitoidp.CreateManagedLoginBrandingRequest) {
		return func(in *cognitoidp.CreateManagedLoginBrandingRequest) { in.Assets = assets }
	}
	set := func(settings string) func(*cognitoidp.CreateManagedLoginBrandingRequest) {
		return func(in *cognitoidp.CreateManagedLoginBrandingRequest) { in.Settings = rt.Document(settings) }
	}
	for _, c := range []struct {
		edit func(*cognitoidp.CreateManagedLoginBrandingRequest)
		want string
	}{
		{func(in *cognitoidp.CreateManagedLoginBrandingRequest) { in.Settings = nil }, both},
		{func(in *cognitoidp.CreateManagedLoginBrandingRequest) { in.UseCognitoProvidedValues = new(true) }, both},
		{func(in *cognitoidp.CreateManagedLoginBrandingRequest) {
			in.Settings, in.UseCognitoProvidedValues = nil, new(false)
		}, both},
		{func(in *cognitoidp.CreateManagedLoginBrandingRequest) { in.ClientId = "nobody" }, "ResourceNotFoundException: User pool client nobody does not exist."},
		{func(in *cognitoidp.CreateManagedLoginBrandingRequest) { in.UserPoolId = "us-east-1_Nobody000" }, "ResourceNotFoundException: User pool us-east-1_Nobody000 does not exist."},
		{set(`[]`), "InvalidParameterException: Settings must be an object."},
		{set(`"x"`), "InvalidParameterException: Settings must be an object."},
		{set(`{"components":7}`), "InvalidParameterException: Settings.components must be an object."},
		{set(`{"components":{"form":{"lightMode":{"backgroundColor":"fff"}}}}`), "InvalidParameterException: Settings.components.form.lightMode.backgroundColor must be a color of 8 hexadecimal digits (RRGGBBAA)."},
		{set(`{"components":{"form":{"lightMode":{"backgroundColor":"red;}*{x"}}}}`), "InvalidParameterException: Settings.components.form.lightMode.backgroundColor must be a color of 8 hexadecimal digits (RRGGBBAA)."},
		{set(`{"components":{"form":{"lightMode":{"backgroundColor":7}}}}`), "InvalidParameterException: Settings.components.form.lightMode.backgroundColor must be a color of 8 hexadecimal digits (RRGGBBAA)."},
		{set(`{"components":{"form":{"borderRadius":-1}}}`), "InvalidParameterException: Settings.components.form.borderRadius must be a number from 0 to 1000."},
		{set(`{"components":{"form":{"borderRadius":"8"}}}`), "InvalidParameterException: Settings.components.form.borderRadius must be a number."},
		{set(`{"components":{"form":{"logo":{"enabled":"yes"}}}}`), "InvalidParameterException: Settings.components.form.logo.enabled must be true or false."},
		{set(`{"components":{"form":{"logo":{"position":"LEFT"}}}}`), "InvalidParameterException: Settings.components.form.logo.position must be one of TOP, BOTTOM."},
		{set(`{"components":{"favicon":{"enabledTypes":["ICO","GIF"]}}}`), "InvalidParameterException: Settings.components.favicon.enabledTypes[1] must be one of ICO, SVG."},
		{set(`{"components":{"idpButton":{"custom":{"Okta":{"darkMode":{"hover":{"textColor":"x"}}}}}}}`), "InvalidParameterException: Settings.components.idpButton.custom.Okta.darkMode.hover.textColor must be a color of 8 hexadecimal digits (RRGGBBAA)."},
		{set(`{"categories":{"auth":{"authMethodOrder":[[{"type":"MAGIC"}]]}}}`), "InvalidParameterException: Settings.categories.auth.authMethodOrder[0][0].type must be one of FEDERATED, USERNAME_PASSWORD."},
		{set(`{"categories":{"auth":{"authMethodOrder":{}}}}`), "InvalidParameterException: Settings.categories.auth.authMethodOrder must be a list."},
		{set(`{"categories":{"global":{"spacingDensity":"huge gap"}}}`), "InvalidParameterException: Settings.categories.global.spacingDensity must be a word of capital letters, digits and underscores."},
		{with(image("FORM_LOGO", "LIGHT", "ICO", "a")), "InvalidParameterException: Assets[0]: the extension ICO goes with the category FAVICON_ICO, and with no other."},
		{with(image("FAVICON_ICO", "LIGHT", "PNG", "a")), "InvalidParameterException: Assets[0]: the extension ICO goes with the category FAVICON_ICO, and with no other."},
		{with(svg, image("FAVICON_SVG", "DARK", "PNG", "a")), "InvalidParameterException: Assets[1]: an image of the category FAVICON_SVG must have the extension SVG."},
		{with(cognitoidp.AssetType{Category: "FORM_LOGO", ColorMode: "DARK", Extension: "PNG", Bytes: []byte("<svg/>")}), "InvalidParameterException: Assets[0]: the content is no PNG image."},
		{with(cognitoidp.AssetType{Category: "FORM_LOGO", ColorMode: "DARK", Extension: "SVG", Bytes: []byte("<html><svg/></html>")}), "InvalidParameterException: Assets[0]: the content is no SVG image."},
		{with(svg, svg), "InvalidParameterException: Assets has more than one image for FAVICON_SVG/DYNAMIC."},
	} {
		Refused(w.World, c.want, w.API.CreateManagedLoginBranding, create(c.edit))
	}
	if look := w.look(w.c); look.Styled {
		t.Error("a refused style is there")
	}
	id := *w.style(`{}`).ManagedLoginBrandingId
	Refused(w.World, "ManagedLoginBrandingExistsException: A ManagedLoginBranding already exists for client "+w.c.ID, w.API.CreateManagedLoginBranding,
		create(func(*cognitoidp.CreateManagedLoginBrandingRequest) {}))
	other := w.Pool(nil)
	for _, c := range []struct {
		in   cognitoidp.UpdateManagedLoginBrandingRequest
		want string
	}{
		{cognitoidp.UpdateManagedLoginBrandingRequest{ManagedLoginBrandingId: &id}, "InvalidParameterException: Missing required parameter UserPoolId"},
		{cognitoidp.UpdateManagedLoginBrandingRequest{UserPoolId: &w.p.ID}, "InvalidParameterException: Missing required parameter ManagedLoginBrandingId"},
		{cognitoidp.UpdateManagedLoginBrandingRequest{UserPoolId: &w.p.ID, ManagedLoginBrandingId: &id, UseCognitoProvidedValues: new(false)}, both},
		{cognitoidp.UpdateManagedLoginBrandingRequest{UserPoolId: &w.p.ID, ManagedLoginBrandingId: &id, Assets: []cognitoidp.AssetType{svg}}, both},
		{cognitoidp.UpdateManagedLoginBrandingRequest{UserPoolId: &other.ID, ManagedLoginBrandingId: &id, Settings: rt.Document("{}")}, "ResourceNotFoundException: ManagedLoginBranding does not exist."},
	} {
		Refused(w.World, c.want, w.API.UpdateManagedLoginBranding, &c.in)
	}
	err := w.API.DeleteManagedLoginBranding(w.Ctx, &cognitoidp.DeleteManagedLoginBrandingRequest{UserPoolId: other.ID, ManagedLoginBrandingId: id})
	if err == nil || !w.look(w.c).Styled {
		t.Errorf("another pool's style was deleted: %v", err)
	}
}

// TestManyAssets: updates add up to forty images.
func TestManyAssets(t *testing.T) {
	w := newWorld(Quick(t))
	icons := func(from, to int) (out []cognitoidp.AssetType) {
		for i := from; i < to; i++ {
			a := image("IDP_BUTTON_ICON", "DYNAMIC", "PNG", fmt.Sprint(i))
			a.ResourceId = new(fmt.Sprintf("provider %d", i))
			out = append(out, a)
		}
		return out
	}
	id := *w.style(`{}`, icons(0, 30)...).ManagedLoginBrandingId
	if n := len(w.update(id, `{}`, icons(25, 40)...).Assets); n != 40 {
		t.Errorf("%d images", n)
	}
	Refused(w.World, "InvalidParameterException: A style can have at most 40 assets.", w.API.UpdateManagedLoginBranding, &cognitoidp.UpdateManagedLoginBrandingRequest{
		UserPoolId: &w.p.ID, ManagedLoginBrandingId: &id, Settings: rt.Document(`{}`), Assets: icons(40, 41)})
	if icon := w.look(w.c).Icon("provider 31", true); icon == nil || icon.ResourceID != "provider 31" {
		t.Errorf("icon %v", icon)
	}
	if icon := w.look(w.c).Icon("provider 77", true); icon != nil {
		t.Errorf("an icon of nobody: %v", icon)
	}
}

// TestOneStyleWins: of many that make a style for one client at once exactly one does.
func TestOneStyleWins(t *testing.T) {
	each(t, func(w *world) {
		counts := Together(w.World, 16, w.API.CreateManagedLoginBranding, func(int) *cognitoidp.CreateManagedLoginBrandingRequest {
			return &cognitoidp.CreateManagedLoginBrandingRequest{UserPoolId: w.p.ID, ClientId: w.c.ID, UseCognitoProvidedValues: new(true)}
		})
		if counts[""] != 1 || counts["ManagedLoginBrandingExistsException: A ManagedLoginBranding already exists for client "+w.c.ID] != 15 {
			w.T.Errorf("%v", counts)
		}
		terms := Together(w.World, 16, w.API.CreateTerms, func(int) *cognitoidp.CreateTermsRequest { return w.terms("terms-of-use", "https://a.example") })
		if terms[""] != 1 || len(terms) != 2 {
			w.T.Errorf("%v", terms)
		}
		id := *w.described(false).ManagedLoginBrandingId
		together := Together(w.World, 8, w.API.UpdateManagedLoginBranding, func(i int) *cognitoidp.UpdateManagedLoginBrandingRequest {
			return &cognitoidp.UpdateManagedLoginBrandingRequest{UserPoolId: &w.p.ID, ManagedLoginBrandingId: &id, Settings: rt.Document(fmt.Sprintf(`{"n%d":1}`, i))}
		})
		for i := range 8 {
			if at(w.T, w.described(false).Settings, fmt.Sprintf("n%d", i)) == nil {
				w.T.Errorf("change %d is lost: %v", i, together)
			}
		}
	})
}

// TestClientGone: a client takes along all that it had, and one of the same id begins anew.
func TestClientGone(t *testing.T) {
	each(t, func(w *world) {
		w.style(`{"categories":{"global":{"colorSchemeMode":"DARK"}}}`, image("FORM_LOGO", "DARK", "PNG", "a"))
		Call(w.World, w.API.SetUICustomization, &cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, ClientId: &w.c.ID, ImageFile: picture("PNG", "b")})
		w.both()
		before := w.look(w.c)
		if _, _, ok := before.Terms("en"); !before.Styled || before.Classic == nil || !ok {
			w.T.Fatalf("%+v", before)
		}
		if err := w.API.DeleteUserPoolClient(w.Ctx, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: w.p.ID, ClientId: w.c.ID}); err != nil {
			w.T.Fatal(err)
		}
		if _, err := w.Pools.CreateClientWithID(w.Ctx, w.c.ID, nil, &cognitoidp.CreateUserPoolClientRequest{UserPoolId: w.p.ID, ClientName: "again"}); err != nil {
			w.T.Fatal(err)
		}
		after := w.look(w.c)
		if _, _, ok := after.Terms("en"); after.Styled || after.Classic != nil || ok || len(after.Assets) > 0 {
			w.T.Errorf("%+v", after)
		}
		for _, a := range append(before.Assets, *before.Classic.Logo) {
			if _, err := w.Branding.Asset(w.Ctx, w.p.ID, a.ID); err != branding.ErrNoAsset {
				w.T.Errorf("%s: %v", a.ID, err)
			}
		}
	})
}

// TestContrastIsTold: the log event of a style names the colors that people cannot tell apart.
func TestContrastIsTold(t *testing.T) {
	w := newWorld(Quick(t))
	event := &obs.Request{}
	w.Ctx = obs.With(w.Ctx, event)
	id := *w.style(`{}`).ManagedLoginBrandingId
	if event.Warning != "" {
		t.Errorf("the defaults: %s", event.Warning)
	}
	w.update(id, `{"components":{"primaryButton":{"lightMode":{"hover":{"textColor":"033160ff"}}}}}`)
	if want := "too little contrast: components.primaryButton.lightMode.hover.textColor on components.primaryButton.lightMode.hover.backgroundColor is 1.0:1, need 4.5:1"; event.Warning != want {
		t.Errorf("%q", event.Warning)
	}
}

// TestLookFollows: what the pages are given follows every change at once, on other nodes after a poll, and is read once.
func TestLookFollows(t *testing.T) {
	each(t, func(w *world) {
		other := New(w.T, w.DB, Options{})
		there := func() bool {
			p, err := other.Pools.Pool(w.Ctx, w.p.ID)
			if err != nil {
				w.T.Fatal(err)
			}
			look, err := other.Branding.Look(w.Ctx, p, w.c.ID)
			return err == nil && look.Styled
		}
		if w.look(w.c).Styled || there() {
			w.T.Error("styled without a style")
		}
		w.style(odd)
		if !w.look(w.c).Styled {
			w.T.Error("this node does not know the style")
		}
		if err := other.Pools.Poll(w.Ctx); err != nil || !there() {
			w.T.Errorf("the other node does not know the style: %v", err)
		}
		p := w.Reload(w.p.ID)
		err := w.DB.Update(w.Ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("DELETE FROM branding_style") // behind the room's back: nobody reads it again
			return err
		})
		if look, fault := w.Branding.Look(w.Ctx, p, w.c.ID); err != nil || fault != nil || !look.Styled {
			w.T.Errorf("read again: %v %v", err, fault)
		}
	})
}

// TestImages: the image of a scheme is taken before the one of both.
func TestImages(t *testing.T) {
	w := newWorld(Quick(t))
	named := image("PAGE_BACKGROUND", "LIGHT", "PNG", "named")
	named.ResourceId = new("My image 1")
	made := w.style(`{}`, image("PAGE_HEADER_LOGO", "DYNAMIC", "PNG", "both"), image("PAGE_HEADER_LOGO", "DARK", "SVG", "dark"), named)
	look := w.look(w.c)
	if a := look.Asset("PAGE_BACKGROUND", false); a == nil || a.ResourceID != "" || *made.Assets[2].ResourceId != "My image 1" {
		t.Errorf("%v %s", a, made.AppendJSON(nil))
	}
	light, dark := look.Asset("PAGE_HEADER_LOGO", false), look.Asset("PAGE_HEADER_LOGO", true)
	if light == nil || dark == nil || light.ColorMode != "DYNAMIC" || dark.ColorMode != "DARK" || look.Asset("FORM_LOGO", true) != nil {
		t.Fatalf("%v %v", light, dark)
	}
	for _, a := range []*branding.Asset{light, dark} {
		c, err := w.Branding.Asset(w.Ctx, w.p.ID, a.ID)
		if err != nil || !slices.Contains([]string{"image/png", "image/svg+xml"}, c.MediaType) || !strings.HasPrefix(a.Path(), string(pool.EndpointAssets)) {
			t.Errorf("%v %v", c, err)
		}
		other := w.Pool(nil)
		for _, id := range []string{strings.ToUpper(a.ID), a.ID + "x", strings.TrimSuffix(a.ID, ".png") + ".jpeg", "", "../" + a.ID} {
			if _, err := w.Branding.Asset(w.Ctx, w.p.ID, id); err != branding.ErrNoAsset {
				t.Errorf("%q: %v", id, err)
			}
		}
		if _, err := w.Branding.Asset(w.Ctx, other.ID, a.ID); err != branding.ErrNoAsset {
			t.Errorf("another pool has it: %v", err)
		}
	}
}
