package branding_test

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	. "cognate/internal/testkit/cognitotest"
)

const label = ".label-customizable { font-weight: 400; }"

// customized is what GetUICustomization answers for a client, "" for none.
func (w *world) customized(clientID string) *cognitoidp.UICustomizationType {
	w.T.Helper()
	in := &cognitoidp.GetUICustomizationRequest{UserPoolId: w.p.ID}
	if clientID != "" {
		in.ClientId = &clientID
	}
	return Call(w.World, w.API.GetUICustomization, in).UICustomization
}

func (w *world) customize(clientID, css string, image []byte) *cognitoidp.UICustomizationType {
	w.T.Helper()
	in := &cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, ImageFile: image}
	if clientID != "" {
		in.ClientId = &clientID
	}
	if css != "" {
		in.CSS = &css
	}
	return Call(w.World, w.API.SetUICustomization, in).UICustomization
}

func TestUICustomization(t *testing.T) {
	each(t, func(w *world) {
		empty := func(of string) {
			w.T.Helper()
			if text := string(w.customized(of).AppendJSON(nil)); text != "{}" {
				w.T.Errorf("of nothing: %s", text)
			}
		}
		empty("")
		empty(w.c.ID)
		all := w.customize("", label, nil)
		if *all.ClientId != "ALL" || *all.CSS != label || *all.CSSVersion != "20260107030405" || all.ImageUrl != nil || *all.UserPoolId != w.p.ID {
			w.T.Errorf("%s", all.AppendJSON(nil))
		}
		if got := w.customized(w.c.ID); string(got.AppendJSON(nil)) != string(all.AppendJSON(nil)) {
			w.T.Errorf("the client's is %s", got.AppendJSON(nil))
		}
		w.Clock.Advance(time.Second)
		own := w.customize(w.c.ID, "", picture("JPEG", "logo"))
		if own.CSS != nil || !strings.HasPrefix(*own.ImageUrl, PublicURL+"/"+w.p.ID+"/_assets/") {
			w.T.Errorf("%s", own.AppendJSON(nil))
		}
		if got := w.customized(w.c.ID); string(got.AppendJSON(nil)) != string(own.AppendJSON(nil)) {
			w.T.Errorf("the client's is %s", got.AppendJSON(nil))
		}
		look := w.look(w.c)
		if look.Classic.CSS != "" || look.Classic.Logo == nil || w.look(w.Client(w.p, nil)).Classic.CSS != ".label-customizable{font-weight:400;}\n" {
			w.T.Errorf("%+v", look.Classic)
		}
		content, err := w.Branding.Asset(w.Ctx, w.p.ID, look.Classic.Logo.ID)
		if err != nil || string(content.Bytes) != string(picture("JPEG", "logo")) || !strings.HasSuffix(*own.ImageUrl, look.Classic.Logo.Path()) {
			w.T.Errorf("%v %v", content, err)
		}
		w.Clock.Advance(time.Second)
		again := w.customize(w.c.ID, label, nil)
		if again.ImageUrl != nil || !again.CreationDate.Equal(own.CreationDate.Time) || again.LastModifiedDate.Equal(own.LastModifiedDate.Time) || w.look(w.c).Classic.Logo != nil {
			w.T.Errorf("%s", again.AppendJSON(nil))
		}
		w.customize(w.c.ID, "", nil)
		if got := w.customized(w.c.ID); *got.ClientId != "ALL" {
			w.T.Errorf("%s", got.AppendJSON(nil))
		}
		w.customize("ALL", "", nil)
		empty(w.c.ID)
		if w.look(w.c).Classic != nil {
			w.T.Error("something is left")
		}
	})
}

func TestUICustomizationRefusals(t *testing.T) {
	w := newWorld(Quick(t))
	bare := w.Pool(nil)
	long := strings.Repeat("/* long */", 12_000)
	for _, c := range []struct {
		in   cognitoidp.SetUICustomizationRequest
		want string
	}{
		{cognitoidp.SetUICustomizationRequest{UserPoolId: bare.ID, CSS: new(label)}, "InvalidParameterException: A domain must be associated with this user pool."},
		{cognitoidp.SetUICustomizationRequest{UserPoolId: "us-east-1_Nobody000", CSS: new(label)}, "ResourceNotFoundException: User pool us-east-1_Nobody000 does not exist."},
		{cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, ClientId: new("nobody"), CSS: new(label)}, "ResourceNotFoundException: User pool client nobody does not exist."},
		{cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, CSS: new(".a{}")}, "InvalidParameterException: The CSS class .a is not in the list of allowed classes."},
		{cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, ImageFile: picture("SVG", "a")}, "InvalidParameterException: ImageFile must be a PNG or JPEG image."},
		{cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, ImageFile: []byte("<script>")}, "InvalidParameterException: ImageFile must be a PNG or JPEG image."},
		{cognitoidp.SetUICustomizationRequest{UserPoolId: w.p.ID, CSS: &long, ImageFile: picture("PNG", long[:20_000])}, "InvalidParameterException: CSS and ImageFile together can have at most 135 KB."},
	} {
		Refused(w.World, c.want, w.API.SetUICustomization, &c.in)
	}
	Refused(w.World, "ResourceNotFoundException: User pool client nobody does not exist.", w.API.GetUICustomization,
		&cognitoidp.GetUICustomizationRequest{UserPoolId: w.p.ID, ClientId: new("nobody")})
	Refused(w.World, "ResourceNotFoundException: User pool us-east-1_Nobody000 does not exist.", w.API.GetUICustomization,
		&cognitoidp.GetUICustomizationRequest{UserPoolId: "us-east-1_Nobody000"})
}
