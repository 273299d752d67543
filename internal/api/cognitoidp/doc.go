// Package cognitoidp is the vocabulary of Amazon Cognito user pools: shapes,
// enums, exceptions, the Service interface and the operation table. Everything
// but this comment is generated from models/cognito-idp.json.
//
// Optional scalar members are pointers, required ones values; structures are
// always pointers; absent lists, maps, blobs and documents are nil.
package cognitoidp

//go:generate go run cognate/internal/api/gen -dir ..
