package config

import (
	"errors"
	"fmt"

	"cognate/internal/base/httpkit"
	"cognate/internal/base/limit"
)

// Limits are the budgets of strangers as they are configured: "100/h" or "off" each.
type Limits struct {
	Switch                                        string // auto, on or off; auto is on in serve alone
	SourceFailures, SourceSignUps, SourceMessages string
	DestinationMessages                           string
	PoolFailures, PoolSignUps, PoolMessages       string
	SharedSources                                 []string // addresses and networks that are nobody's own
}

// LimitsOn reports whether there are budgets.
func (s *Settings) LimitsOn() bool {
	return s.Limits.Switch == "on" || s.Limits.Switch != "off" && s.Mode == Serve
}

// Each calls fn with the name and the text of every budget.
func (l *Limits) Each(fn func(flag, text string)) {
	for _, b := range []struct{ flag, text string }{
		{"--limit-source-failures", l.SourceFailures}, {"--limit-source-sign-ups", l.SourceSignUps},
		{"--limit-source-messages", l.SourceMessages}, {"--limit-destination-messages", l.DestinationMessages},
		{"--limit-pool-failures", l.PoolFailures}, {"--limit-pool-sign-ups", l.PoolSignUps},
		{"--limit-pool-messages", l.PoolMessages},
	} {
		fn(b.flag, b.text)
	}
}

// Rates are the budgets by their flags. What is not given is off.
func (l *Limits) Rates() (map[string]limit.Rate, error) {
	rates, errs := map[string]limit.Rate{}, []error(nil)
	l.Each(func(flag, text string) {
		if text == "" {
			return
		}
		r, err := limit.ParseRate(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", flag, err))
		}
		rates[flag] = r
	})
	return rates, errors.Join(errs...)
}

func (s *Settings) validateLimits() error {
	_, err := s.Limits.Rates()
	if _, bad := httpkit.ParseProxies(s.Limits.SharedSources); bad != nil {
		err = errors.Join(err, fmt.Errorf("--shared-sources: %w", bad))
	}
	return err
}
