package branding

import (
	"maps"
	"net/url"
	"slices"

	"cognate/internal/api/cognitoidp"
)

// The names of documents, and what begins the keys of their links.
const (
	termsOfUse    = "terms-of-use"
	privacyPolicy = "privacy-policy"
	termsPrefix   = "cognito:"
)

// checkLinks holds links to what a page may lead people to.
func checkLinks(links map[string]string) error {
	for _, language := range slices.Sorted(maps.Keys(links)) {
		u, err := url.Parse(links[language])
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			return cognitoidp.NewInvalidParameter("Links: the link of %s must be an absolute http or https URL.", language)
		}
	}
	return nil
}

// linksOf are the links of a request; a document without any has an empty map.
func linksOf(links map[string]string) map[string]string {
	if links == nil {
		return map[string]string{}
	}
	return links
}

// describeTerms is a document as lists have it.
func describeTerms(t cognitoidp.TermsType) cognitoidp.TermsDescriptionType {
	return cognitoidp.TermsDescriptionType{
		TermsId: t.TermsId, TermsName: t.TermsName, Enforcement: t.Enforcement,
		CreationDate: t.CreationDate, LastModifiedDate: t.LastModifiedDate,
	}
}
