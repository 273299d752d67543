package pool

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
)

// defaultACR are the names of the four authentication levels of a pool that does not rename them.
var defaultACR = map[string]string{
	"Level1": "urn:cognito:loa:1", "Level2": "urn:cognito:loa:2", "Level3": "urn:cognito:loa:3", "Level4": "urn:cognito:loa:4",
}

// newerBlocks sets the blocks that an update keeps when it omits them: ACR names, keys, issuer and dynamic client
// registration.
func newerBlocks(c, old *cognitoidp.UserPoolType, in *cognitoidp.CreateUserPoolRequest) error {
	c.KeyConfiguration, c.IssuerConfiguration, c.DcrConfiguration = old.KeyConfiguration, old.IssuerConfiguration, old.DcrConfiguration
	if in.IssuerConfiguration != nil {
		c.IssuerConfiguration = &cognitoidp.IssuerConfigurationType{Type: or(in.IssuerConfiguration.Type, cognitoidp.IssuerTypeOriginal)}
	}
	if d := in.DcrConfiguration; d != nil {
		block := *d
		block.EnableStatus = or(block.EnableStatus, cognitoidp.StatusTypeEnabled)
		block.OpenDcrEnabled = or(block.OpenDcrEnabled, false)
		c.DcrConfiguration = &block
	}
	if k := in.KeyConfiguration; k != nil {
		block := *k
		if block.KeyType == nil {
			block.KeyType = new(cognitoidp.EncryptionKeyTypeAwsOwnedKey)
			if block.KmsKeyArn != nil {
				block.KeyType = new(cognitoidp.EncryptionKeyTypeCustomerManagedKey)
			}
		}
		if (*block.KeyType == cognitoidp.EncryptionKeyTypeCustomerManagedKey) != (block.KmsKeyArn != nil) {
			return cognitoidp.NewInvalidParameter("KmsKeyArn is required with the KeyType CUSTOMER_MANAGED_KEY and not allowed with AWS_OWNED_KEY.")
		}
		c.KeyConfiguration = &block
	}
	return acr(c, old, in.AcrConfiguration)
}

// acr merges ACR names over the defaults; without a request the old ones stay.
func acr(c, old *cognitoidp.UserPoolType, in map[string]cognitoidp.AcrLevelConfigType) error {
	if in == nil && old.AcrConfiguration != nil {
		c.AcrConfiguration = old.AcrConfiguration
		return nil
	}
	c.AcrConfiguration = make(map[string]cognitoidp.AcrLevelConfigType, len(defaultACR))
	used := make(map[string]string, len(defaultACR))
	for _, level := range slices.Sorted(maps.Keys(defaultACR)) {
		set, ok := in[level]
		if !ok {
			set.AcrValue = defaultACR[level]
		}
		if other, taken := used[set.AcrValue]; taken {
			return cognitoidp.NewInvalidParameter("AcrConfiguration gives %s and %s the same AcrValue %s; each effective value must be unique.", other, level, set.AcrValue)
		}
		used[set.AcrValue] = level
		c.AcrConfiguration[level] = set
	}
	for level := range in {
		if _, ok := defaultACR[level]; !ok {
			return cognitoidp.NewInvalidParameter("AcrConfiguration has the unknown level %s; the levels are Level1 to Level4.", level)
		}
	}
	return nil
}

// renamesACR reports whether any level has another name than its default.
func renamesACR(c *cognitoidp.UserPoolType) bool {
	for level, set := range c.AcrConfiguration {
		if set.AcrValue != defaultACR[level] {
			return true
		}
	}
	return false
}

// tier holds that a pool uses no feature above its tier. before is the tier that an update starts from.
func (r rules) tier(c *cognitoidp.UserPoolType, mfa *cognitoidp.GetUserPoolMfaConfigResponse, before cognitoidp.UserPoolTierType) error {
	if r.ignoreTiers {
		return nil
	}
	return tierRefusal(*c.UserPoolTier, before, aboveTier(c, mfa))
}

// rank orders the tiers.
var rank = map[cognitoidp.UserPoolTierType]int{
	cognitoidp.UserPoolTierTypeLite: 1, cognitoidp.UserPoolTierTypeEssentials: 2, cognitoidp.UserPoolTierTypePlus: 3,
}

// tierRefusal is the answer to features above a tier: to the change of tier when it goes down, else to the feature.
func tierRefusal(tier, before cognitoidp.UserPoolTierType, features []string) error {
	if len(features) == 0 {
		return nil
	}
	text := "The following features need to be disabled for the " + string(tier) + " pricing tier configured: " + strings.Join(features, ", ")
	if rank[tier] < rank[before] {
		return cognitoidp.NewTierChangeNotAllowed("%s", text)
	}
	return cognitoidp.NewFeatureUnavailableInTier("%s", text)
}

// aboveTier names the features in use that the pool's tier does not include.
func aboveTier(c *cognitoidp.UserPoolType, mfa *cognitoidp.GetUserPoolMfaConfigResponse) (out []string) {
	tier := rank[*c.UserPoolTier]
	if c.UserPoolAddOns != nil && c.UserPoolAddOns.AdvancedSecurityMode != cognitoidp.AdvancedSecurityModeTypeOff && tier < 3 {
		out = append(out, "Threat Protection")
	}
	if tier > 1 {
		return out
	}
	for _, f := range c.Policies.SignInPolicy.AllowedFirstAuthFactors {
		if f != cognitoidp.AuthFactorTypePassword {
			out = append(out, "Passwordless Sign-In")
			break
		}
	}
	if t := c.LambdaConfig.PreTokenGenerationConfig; t != nil && t.LambdaVersion != cognitoidp.PreTokenGenerationLambdaVersionTypeV10 {
		out = append(out, "Token Customization with Pre-Token Generation Lambda "+string(t.LambdaVersion))
	}
	if num(c.Policies.PasswordPolicy.PasswordHistorySize) > 0 {
		out = append(out, "Password History")
	}
	if mfa.EmailMfaConfiguration != nil {
		out = append(out, "Email MFA")
	}
	if w := mfa.WebAuthnConfiguration; w != nil && val(w.FactorConfiguration) == cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification {
		out = append(out, "Passkey MFA")
	}
	if renamesACR(c) {
		out = append(out, "Custom ACR Values")
	}
	if d := c.DcrConfiguration; d != nil && val(d.EnableStatus) == cognitoidp.StatusTypeEnabled {
		out = append(out, "Dynamic Client Registration")
	}
	return out
}

// maxTags is how many tags a pool may have.
const maxTags = 50

// tagPool sets the tags that a pool is created or updated with.
func tagPool(c *cognitoidp.UserPoolType, tags map[string]string) error {
	if text := badTags(tags); text != "" {
		return cognitoidp.NewUserPoolTagging("%s", text)
	}
	maps.Copy(c.UserPoolTags, tags)
	return nil
}

// badTags explains what is wrong with a whole set of tags; empty when nothing is.
func badTags(tags map[string]string) string {
	if len(tags) > maxTags {
		return "A user pool can have at most 50 tags."
	}
	for key := range tags {
		if len(key) >= 4 && strings.EqualFold(key[:4], "aws:") {
			return "Tag keys starting with aws: are reserved: " + key
		}
	}
	return cmp.Or(badLimits(tags), badRecovery(tags), badNotices(tags), badLanguage(tags), badIntrospection(tags), badUserInfo(tags), badProofKey(tags))
}
