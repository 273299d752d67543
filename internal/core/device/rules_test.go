package device_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/device"
	"cognate/internal/core/pool"
	"cognate/internal/core/token"
)

// poolOf is a pool with a device configuration: nil for none, otherwise ChallengeRequiredOnNewDevice and
// DeviceOnlyRememberedOnUserPrompt.
func poolOf(flags ...*bool) *pool.Pool {
	p := &pool.Pool{Config: &cognitoidp.UserPoolType{}}
	if flags != nil {
		p.Config.DeviceConfiguration = &cognitoidp.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: flags[0], DeviceOnlyRememberedOnUserPrompt: flags[1],
		}
	}
	return p
}

func TestRules(t *testing.T) {
	yes, no := new(true), new(false)
	remembered := &device.Device{Status: cognitoidp.DeviceRememberedStatusTypeRemembered}
	other := &device.Device{Status: cognitoidp.DeviceRememberedStatusTypeNotRemembered}
	type answer struct{ tracking, prove, replaces, ask bool }
	for _, c := range []struct {
		what   string
		pool   *pool.Pool
		device *device.Device
		want   answer
	}{
		{"off", poolOf(), nil, answer{}},
		{"off, remembered before", poolOf(), remembered, answer{}},
		{"no flags given", poolOf(nil, nil), remembered, answer{true, true, false, false}},
		{"always, unknown", poolOf(no, no), nil, answer{true, false, false, false}},
		{"always, not remembered", poolOf(no, no), other, answer{true, false, false, false}},
		{"always, remembered", poolOf(no, no), remembered, answer{true, true, false, false}},
		{"new only, unknown", poolOf(yes, no), nil, answer{true, false, false, false}},
		{"new only, not remembered", poolOf(yes, no), other, answer{true, false, false, false}},
		{"new only, remembered", poolOf(yes, no), remembered, answer{true, true, true, false}},
		{"prompt, unknown", poolOf(no, yes), nil, answer{true, false, false, true}},
		{"prompt, not remembered", poolOf(no, yes), other, answer{true, false, false, true}},
		{"prompt, remembered", poolOf(no, yes), remembered, answer{true, true, false, true}},
		{"both, remembered", poolOf(yes, yes), remembered, answer{true, true, true, true}},
		{"both, not remembered", poolOf(yes, yes), other, answer{true, false, false, true}},
	} {
		got := answer{
			device.Tracking(c.pool), device.MustProve(c.pool, c.device), device.ReplacesMFA(c.pool, c.device), device.AskUser(c.pool),
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
	if device.Remembered(nil) {
		t.Error("no device is remembered")
	}
}

func TestCheckRefresh(t *testing.T) {
	for _, c := range []struct {
		pool        *pool.Pool
		bound, sent string
		ok          bool
	}{
		{poolOf(), "", "", true},
		{poolOf(), "k", "", true}, // tracking was switched off since
		{poolOf(), "k", "other", true},
		{poolOf(nil, nil), "k", "k", true},
		{poolOf(nil, nil), "k", "", false},
		{poolOf(nil, nil), "k", "other", false},
		{poolOf(nil, nil), "", "", true}, // tracking was switched on since
		{poolOf(nil, nil), "", "k", false},
		{poolOf(nil, nil), "k sso1", "", true}, // a browser of the pages
		{poolOf(nil, nil), "k sso1", "k", true},
		{poolOf(nil, nil), "k sso1", "other", false},
		{poolOf(nil, nil), " sso1", "other", false},
	} {
		key, parent, _ := strings.Cut(c.bound, " ")
		err := device.CheckRefresh(c.pool, &token.Session{DeviceKey: key, Parent: parent}, c.sent)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, token.ErrInvalidRefresh) {
			t.Errorf("tracking %v, session of %q, sent %q: %v", device.Tracking(c.pool), c.bound, c.sent, err)
		}
	}
}

func TestIssue(t *testing.T) {
	w := quick(t)
	p, q := w.tracking(true, false), w.tracking(true, false)
	key := regexp.MustCompile(`^us-east-1_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	group := regexp.MustCompile(`^-[A-Za-z0-9_-]{8}$`)
	seen := map[string]bool{}
	for range 50 {
		i, err := w.Issue(w.Ctx, p)
		w.must(err)
		if !key.MatchString(i.DeviceKey) || !group.MatchString(i.GroupKey) || seen[i.DeviceKey] || seen[i.GroupKey] {
			t.Fatalf("issued %+v", i)
		}
		seen[i.DeviceKey], seen[i.GroupKey] = true, true
		if m := i.Metadata(); *m.DeviceKey != i.DeviceKey || *m.DeviceGroupKey != i.GroupKey {
			t.Fatalf("metadata is %+v", m)
		}
	}
	i, err := w.Issue(w.Ctx, q)
	w.must(err)
	if seen[i.GroupKey] {
		t.Error("two pools share a group key")
	}
}
