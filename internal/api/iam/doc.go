// Package iam is the vocabulary of AWS Identity and Access Management: shapes, enums, exceptions,
// the Service interface and the operation table. Everything but this comment is
// generated from models/iam.json.
package iam

//go:generate go run cognate/internal/api/gen -dir ..
