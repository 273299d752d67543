// Package kms is the vocabulary of the part of AWS Key Management Service that
// Cognate serves: data keys, encryption and decryption under symmetric keys, and
// the description of a key. Everything but this comment is generated from
// models/kms.json, which holds the facts of the public API reference for these
// four operations. ValidationException, an error common to all of KMS, is listed
// with each operation.
package kms

//go:generate go run cognate/internal/api/gen -dir ..
