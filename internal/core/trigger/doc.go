// Package trigger calls the Lambda functions of a user pool's LambdaConfig. It
// builds each trigger's event as Amazon Cognito sends it, reads back only what
// that trigger may change, and turns every way a function can fail into the
// exception and text of AWS (spec/triggers.md).
//
// The room never decides when a trigger fires: the rooms that own a flow call
// it, always outside a transaction, because a function may take seconds. A
// trigger that is not configured costs nothing and changes nothing.
package trigger
