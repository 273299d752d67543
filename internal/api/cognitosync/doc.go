// Package cognitosync is the vocabulary of Amazon Cognito Sync: shapes, enums, exceptions,
// the Service interface and the operation table. Everything but this comment is
// generated from models/cognito-sync.json.
package cognitosync

//go:generate go run cognate/internal/api/gen -dir ..
