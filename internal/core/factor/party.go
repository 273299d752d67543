package factor

import (
	"net/url"
	"slices"
	"strings"

	"cognate/internal/api/cognitoidp"
	"cognate/internal/core/pool"
)

// relyingParty is the id that passkeys of the pool are bound to, ErrNoRelyingParty when there is none.
func (f *Factors) relyingParty(p *pool.Pool) (string, error) {
	if id := f.Addresses.RelyingParty(p); id != "" {
		return id, nil
	}
	return "", ErrNoRelyingParty
}

// HasRelyingParty reports whether users of the pool can have passkeys at all.
func (f *Factors) HasRelyingParty(p *pool.Pool) bool {
	_, err := f.relyingParty(p)
	return err == nil
}

// verification is what passkeys of the pool are asked for: "required" or "preferred". Passkeys that may stand for two
// factors always have to verify their user.
func verification(p *pool.Pool) string {
	w := p.MFA.WebAuthnConfiguration
	required := multiFactorPasskeys(p) ||
		w != nil && w.UserVerification != nil && *w.UserVerification == cognitoidp.UserVerificationTypeRequired
	if required {
		return string(cognitoidp.UserVerificationTypeRequired)
	}
	return string(cognitoidp.UserVerificationTypePreferred)
}

// multiFactorPasskeys reports whether passkeys may stand for two factors in the pool.
func multiFactorPasskeys(p *pool.Pool) bool {
	w := p.MFA.WebAuthnConfiguration
	return w != nil && w.FactorConfiguration != nil &&
		*w.FactorConfiguration == cognitoidp.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
}

// allowedOrigin reports whether a browser page of this origin may use passkeys of the relying party: an https origin of
// its domain or a subdomain, on any port. localhost, which browsers trust without TLS, may use http.
func allowedOrigin(rpID, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin {
		return false // more than an origin, or spelled unlike browsers do
	}
	host := u.Hostname()
	if host != rpID && !strings.HasSuffix(host, "."+rpID) || strings.HasSuffix(u.Host, ":") {
		return false
	}
	local := rpID == "localhost" || strings.HasSuffix(rpID, ".localhost")
	return u.Scheme == "https" || u.Scheme == "http" && local
}

// The passkey providers that people know by name, by the AAGUID of their authenticators.
var providers = map[string]string{
	"fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
	"dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
	"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
	"adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
	"08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
	"9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
	"6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
	"bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
	"d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
	"531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
}

// friendlyName makes a FriendlyCredentialName.
func friendlyName(aaguid string, method string) string {
	if name := providers[aaguid]; name != "" {
		return name
	}
	if method == AMRRoaming {
		return "Security key"
	}
	return "Passkey"
}

// passkeyMethod tells the amr value of a passkey from what was said at its registration: a platform authenticator
// unless it is attached from outside.
func passkeyMethod(attachment string, transports []string) string {
	roams := func(t string) bool { return t == "usb" || t == "nfc" || t == "ble" || t == "smart-card" }
	if attachment == "cross-platform" || attachment == "" && slices.ContainsFunc(transports, roams) {
		return AMRRoaming
	}
	return AMRPlatform
}
