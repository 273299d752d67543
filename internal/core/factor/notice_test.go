package factor_test

import (
	"slices"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/factor"
	"cognate/internal/core/pool"
	. "cognate/internal/testkit/cognitotest"
)

// TestRecoveryNotices: owners are told of recovery codes that were made or used, not of wrong ones.
func TestRecoveryNotices(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		p := w.recovering("2")
		Call(w.World, w.API.TagResource, &cognitoidp.TagResourceRequest{ResourceArn: p.ARN, Tags: map[string]string{pool.TagChangeNotices: "on"}})
		p = w.Reload(p.ID)
		c := w.Client(p, nil)
		w.User(p, "ana", "email", mail, "email_verified", "true", "phone_number", phone)
		Call(w.World, w.API.AdminSetUserMFAPreference, &cognitoidp.AdminSetUserMFAPreferenceRequest{
			UserPoolId: p.ID, Username: "ana", SMSMfaSettings: &cognitoidp.SMSMfaSettingsType{Enabled: new(true)},
		})
		told := func() (list []string) {
			for _, m := range w.Inbox(p, mail) {
				if kind, ok := strings.CutPrefix(m.Trigger, "Cognate_Recovery"); ok {
					list = append(list, kind)
				}
			}
			return list
		}
		codes := w.codes(p, c, "ana")
		a := w.asked(p, c, "ana")
		w.wants(w.verify(a, "00000-00000"), factor.ErrMismatch)
		if got := told(); !slices.Equal(got, []string{"CodesMade"}) {
			t.Errorf("told of %q", got)
		}
		w.wants(w.verify(a, codes[0]), nil)
		w.wants(w.verify(w.asked(p, c, "ana"), codes[0]), factor.ErrMismatch)
		if got := told(); !slices.Equal(got, []string{"CodeUsed", "CodesMade"}) {
			t.Errorf("told of %q", got)
		}
		for _, m := range w.Inbox(p, mail) {
			if strings.Contains(m.Body, codes[0]) || strings.Contains(m.Body, codes[1]) {
				t.Errorf("a code in %s", m.Body)
			}
		}
	})
}
