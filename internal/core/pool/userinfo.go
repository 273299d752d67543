package pool

// TagUserInfoTypes is the tag by which a pool chooses the JSON types of userInfo, beyond what Cognito offers: string, the
// default, as Cognito has them, or json, those of OpenID Connect Core section 5.1. ID tokens, which have booleans and
// objects in any case, then have the number too.
const TagUserInfoTypes = "cognate:userinfo-types"

// UserInfoTyped reports whether userInfo tells booleans, numbers and addresses in the types of OpenID Connect, and ID tokens numbers.
func (p *Pool) UserInfoTyped() bool { return p.Config.UserPoolTags[TagUserInfoTypes] == "json" }

// badUserInfo explains a value of TagUserInfoTypes that is neither string nor json; empty when nothing is wrong.
func badUserInfo(tags map[string]string) string {
	switch v := tags[TagUserInfoTypes]; v {
	case "", "string", "json":
		return ""
	default:
		return "The tag " + TagUserInfoTypes + " must be string or json; not " + v
	}
}
