// Package clientdoc knows app clients that nobody has registered: an https address names the client, and the document at
// that address describes it (OAuth Client ID Metadata Document). Policies of a pool say which addresses may do so, and
// which app client of the pool stands behind them.
//
// The documents are strangers': they are fetched by the guarded client alone, and what they say narrows what the app
// client may do, never widens it.
package clientdoc
