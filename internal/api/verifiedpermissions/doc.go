// Package verifiedpermissions is the vocabulary of Amazon Verified Permissions: shapes, enums, exceptions,
// the Service interface and the operation table. Everything but this comment is
// generated from models/verifiedpermissions.json.
package verifiedpermissions

//go:generate go run cognate/internal/api/gen -dir ..
