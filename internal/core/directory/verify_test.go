package directory

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/code"
)

func TestUpdateSendsCodes(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		s := f.self(f.newPool(autoVerify("email")), "jo", "email", "old@example.com", "email_verified", "true", "name", "Jo")
		sent, err := s.set("email", "new@example.com", "phone_number", "+15550001", "name", "")
		f.must(err)
		if !slices.Equal(sent, []string{"email>n***@e***"}) {
			t.Errorf("codes went to %v", sent)
		}
		got := s.attrs()
		if got["email"] != "new@example.com" || got["email_verified"] != "false" || got["phone_number_verified"] != "false" || got["name"] != "" {
			t.Errorf("attributes %v", got)
		}
		codes := f.inbox(s.p, "new@example.com")
		if len(codes) != 1 || len(codes[0]) != 6 {
			t.Fatalf("inbox has %v", codes)
		}
		if sent, err := s.set("email", "new@example.com"); err != nil || sent != nil || len(f.inbox(s.p, "new@example.com")) != 1 {
			t.Errorf("the same value again: %v, %v", sent, err)
		}
		f.wants(s.verify("email", not(codes[0])), wrongCode)
		f.wants(s.verify("phone_number", codes[0]), noCode)
		f.must(s.verify("email", codes[0]))
		if got := s.attrs(); got["email_verified"] != "true" || got["phone_number_verified"] != "false" {
			t.Errorf("after verifying: %v", got)
		}
		f.wants(s.verify("email", codes[0]), noCode) // used

		out, err := f.GetUserAttributeVerificationCode(f.ctx, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: s.access, AttributeName: "phone_number"})
		f.must(err)
		if *out.CodeDeliveryDetails.Destination != "+*******0001" || *out.CodeDeliveryDetails.DeliveryMedium != "SMS" {
			t.Errorf("delivery %+v", out.CodeDeliveryDetails)
		}
		f.must(s.verify("phone_number", f.inbox(s.p, "+15550001")[0]))
	})
}

// TestChangesAreLimited: changing the address again and again does not send messages without end.
func TestChangesAreLimited(t *testing.T) {
	f := quick(t)
	s := f.self(f.newPool(autoVerify("email")), "jo", "email", "jo@example.com")
	for i := range code.LimitChangedAttribute.Max {
		_, err := s.set("email", fmt.Sprintf("jo%d@example.com", i))
		f.must(err)
	}
	_, err := s.set("email", "other@example.com")
	var tooMany *cognitoidp.TooManyRequestsException
	if !errors.As(err, &tooMany) || s.attrs()["email"] == "other@example.com" {
		t.Fatalf("after the limit: %v, %v", err, s.attrs())
	}
	if _, err := s.set("name", "Jo"); err != nil {
		t.Errorf("changes that send nothing: %v", err)
	}
}

func TestVerifyLimits(t *testing.T) {
	f := quick(t)
	s := f.self(f.newPool(autoVerify("email")), "jo", "email", "jo@example.com")
	ask := func(name string) error {
		_, err := f.GetUserAttributeVerificationCode(f.ctx, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: s.access, AttributeName: name})
		return err
	}
	f.wants(ask("name"), "InvalidParameterException: Invalid attribute name. Only phone_number and email can be verified.")
	f.wants(s.verify("sub", "123456"), "InvalidParameterException: Invalid attribute name. Only phone_number and email can be verified.")
	f.wants(ask("phone_number"), "InvalidParameterException: User does not have a valid registered phone number")
	f.wants(s.verify("email", "123456"), noCode)
	for range 5 {
		f.must(ask("email"))
	}
	f.wants(ask("email"), limited)
	codes := f.inbox(s.p, "jo@example.com")
	if codes[0] != codes[1] {
		f.wants(s.verify("email", codes[1]), wrongCode) // the newest wins
	} else {
		f.wants(s.verify("email", not(codes[0])), wrongCode)
	}
	for range 3 { // the first guess of five in a row was at nothing
		f.wants(s.verify("email", not(codes[0])), wrongCode)
	}
	f.wants(s.verify("email", codes[0]), limited) // guessed too often
	f.clock.Advance(61 * time.Minute)
	access := f.signIn(s.p, f.newClient(s.p, nil), s.u, "")
	s.access = access
	f.must(ask("email"))
	for i := range 20 {
		err := s.verify("email", not(f.inbox(s.p, "jo@example.com")[0]))
		if i >= 1 {
			f.wants(err, limited)
		}
	}
	f.clock.Advance(25 * time.Hour)
	s.access = f.signIn(s.p, f.newClient(s.p, nil), s.u, "")
	f.must(ask("email"))
	late := f.inbox(s.p, "jo@example.com")[0]
	f.clock.Advance(24*time.Hour + time.Second)
	s.access = f.signIn(s.p, f.newClient(s.p, nil), s.u, "")
	f.wants(s.verify("email", late), noCode)
}

// not returns a code that is another one.
func not(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

func TestKeepUntilVerified(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		p := f.newPool(keepOld)
		s := f.self(p, "jo", "email", "old@example.com", "email_verified", "true")
		other := f.user(p, "other", "email", "taken@example.com", "email_verified", "true")
		same := func(when string) {
			t.Helper()
			got := s.attrs()
			if got["email"] != "old@example.com" || got["email_verified"] != "true" || f.resolve(p, "old@example.com") != s.u.Sub {
				t.Errorf("%s: %v", when, got)
			}
		}
		sent, err := s.set("email", "new@example.com")
		f.must(err)
		if !slices.Equal(sent, []string{"email>n***@e***"}) {
			t.Errorf("codes went to %v", sent)
		}
		same("pending")
		if f.resolve(p, "new@example.com") != "" {
			t.Error("the pending address signs in")
		}
		first := f.inbox(p, "new@example.com")[0]
		if sent, err := s.set("email", "new@example.com"); err != nil || sent != nil {
			t.Errorf("the same value again: %v, %v", sent, err)
		}
		_, err = f.GetUserAttributeVerificationCode(f.ctx, &cognitoidp.GetUserAttributeVerificationCodeRequest{AccessToken: s.access, AttributeName: "email"})
		f.must(err)
		second := f.inbox(p, "new@example.com")[0]
		if first != second {
			f.wants(s.verify("email", first), wrongCode)
		}
		// Going back drops the pending value and voids its code.
		_, err = s.set("email", "old@example.com")
		f.must(err)
		f.wants(s.verify("email", second), noCode)
		same("taken back")

		_, err = s.set("email", "taken@example.com")
		f.wants(err, "AliasExistsException: An account with the given email already exists.")
		same("refused")

		_, err = s.set("email", "new@example.com")
		f.must(err)
		f.must(s.verify("email", f.inbox(p, "new@example.com")[0]))
		if got := s.attrs(); got["email"] != "new@example.com" || got["email_verified"] != "true" {
			t.Errorf("verified: %v", got)
		}
		if f.resolve(p, "new@example.com") != s.u.Sub || f.resolve(p, "old@example.com") != "" {
			t.Error("the alias did not follow")
		}

		// Somebody else verifies the address while the code is on its way: the code must not take it from them.
		_, err = s.set("email", "race@example.com")
		f.must(err)
		f.must(f.change(p, other.Sub, func(u *User) { u.Attributes["email"] = "race@example.com" }))
		f.wants(s.verify("email", f.inbox(p, "race@example.com")[0]), "AliasExistsException: An account with the given email already exists.")
		if f.resolve(p, "race@example.com") != other.Sub || s.attrs()["email"] != "new@example.com" {
			t.Error("the loser changed something")
		}
	})
}

// TestChangeWhileVerifying changes an address from several sides while its code is redeemed: whatever comes first, an
// address is never verified that its owner did not prove (threat 42).
func TestChangeWhileVerifying(t *testing.T) {
	for _, settings := range []func(*cognitoidp.CreateUserPoolRequest){autoVerify("email"), keepOld} {
		each(t, func(t *testing.T, f *fixture) {
			p := f.newPool(settings)
			for round := range 4 {
				s := f.self(p, fmt.Sprint("jo", round), "email", fmt.Sprintf("start%d@example.com", round))
				mine, victim := fmt.Sprintf("mine%d@example.com", round), fmt.Sprintf("victim%d@example.com", round)
				_, err := s.set("email", mine)
				f.must(err)
				code := f.inbox(p, mine)[0]
				var wg sync.WaitGroup
				var proven atomic.Int32
				wg.Go(func() {
					if _, err := s.set("email", victim); err != nil {
						t.Error(err)
					}
				})
				for range 2 {
					wg.Go(func() {
						if s.verify("email", code) == nil {
							proven.Add(1)
						}
					})
				}
				wg.Wait()
				got := f.read(p, s.u.Sub)
				if got.Attributes["email"] == victim && got.Attributes["email_verified"] == "true" || proven.Load() > 1 {
					t.Fatalf("%d redemptions made %v", proven.Load(), got.Attributes)
				}
			}
		})
	}
}
