// Package archtest holds the layout of the repository as tests: who may import whom, that every AWS operation has
// exactly one home, that SQL stands only in store files, that packages and exported names are explained, and that no
// file carries words that belong to somebody's machine. It holds no code of the product.
//
// The rules are written down in docs/design.md and CONTRIBUTING.md; a change of a rule here needs a record in docs/adr.
package archtest
