package pool

import (
	"strconv"

	"cognate/internal/api/cognitoidp"
)

// stepUpFeature is the name of step-up authentication in a refusal.
const stepUpFeature = "Step-Up Authentication"

// StepUp refuses step-up authentication on a tier that has none (FeatureUnavailableInTierException).
func (p *Pools) StepUp(of *Pool) error { return p.AboveLite(of, stepUpFeature) }

// AboveLite returns FeatureUnavailableInTierException for a feature that a pool on LITE has not.
func (p *Pools) AboveLite(of *Pool, feature string) error {
	if p.d.IgnoreTiers || *of.Config.UserPoolTier != cognitoidp.UserPoolTierTypeLite {
		return nil
	}
	return tierRefusal(cognitoidp.UserPoolTierTypeLite, "", []string{feature})
}

// ACR is the pool's name of an authentication level, 1 to 4; "" for any other.
func (p *Pool) ACR(level int) string {
	return p.Config.AcrConfiguration["Level"+strconv.Itoa(level)].AcrValue
}

// ACRLevel is the authentication level, 1 to 4, that the pool has a name for; 0 for a name of none, such as one from
// before the levels were renamed.
func (p *Pool) ACRLevel(name string) int {
	for level := 4; level > 0 && name != ""; level-- {
		if p.ACR(level) == name {
			return level
		}
	}
	return 0
}
