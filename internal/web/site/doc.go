// Package site is the shell of everything that a browser or a relying party asks and that is not the AWS API: pages,
// OAuth endpoints, documents. It knows how a request is answered, never what a page does.
//
// A package with pages gives the site its Routes. The site finds the pool and the route of a request, gives it an id, the
// caller's address and the one log event, bounds its body, answers what is the same everywhere (unknown paths, other
// methods, preflights of browsers) and renders the Reply with protective headers. Handlers see a Request and return a
// Reply; they never see a ResponseWriter.
//
// Cookies seals what a browser keeps for a pool, and CSRF protects forms by one of them.
package site
