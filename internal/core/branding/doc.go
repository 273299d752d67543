// Package branding keeps how the pages of a pool look, and what they link to: the styles of managed login with their
// images, the customization of the classic pages, and the terms of use and privacy policies of clients.
//
// A settings document is kept as its owner sent it, with members that this version does not know. Settings is the tree
// that is known: the documents are checked against it, and pages are given it, filled up with the defaults. Look is all
// that a page needs; it costs no database access while nothing changes.
package branding
