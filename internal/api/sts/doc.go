// Package sts is the vocabulary of AWS Security Token Service: shapes, enums, exceptions,
// the Service interface and the operation table. Everything but this comment is
// generated from models/sts.json.
package sts

//go:generate go run cognate/internal/api/gen -dir ..
