package pool

import (
	"regexp"

	"cognate/internal/api/cognitoidp"
)

// TagMessageLanguage is the tag by which a pool says in which language users get messages for which it has no template,
// beyond what Cognito offers: LanguageAuto for that of the user, a language for what to do where that is not known,
// LanguageEnglish for English in any case. Without the tag the API sends English, as on AWS, and pages the user's
// language.
const TagMessageLanguage = "cognate:message-language"

// Values of TagMessageLanguage besides languages.
const (
	LanguageAuto    = "auto"
	LanguageEnglish = "off"
)

var languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$`)

// MessageLanguage is the value of TagMessageLanguage, "" for none.
func MessageLanguage(config *cognitoidp.UserPoolType) string {
	if config == nil {
		return ""
	}
	return config.UserPoolTags[TagMessageLanguage]
}

// badLanguage explains a value of TagMessageLanguage that is none; empty when nothing is wrong.
func badLanguage(tags map[string]string) string {
	v := tags[TagMessageLanguage]
	if v == "" || v == LanguageAuto || v == LanguageEnglish || languageForm.MatchString(v) {
		return ""
	}
	return "The tag " + TagMessageLanguage + " must be auto, off or a language such as de or pt-BR; not " + v
}
