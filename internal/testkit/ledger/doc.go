// Package ledger holds servers to their word: workers change users and write down what was acknowledged, and an auditor
// looks it up one by one afterwards.
package ledger
