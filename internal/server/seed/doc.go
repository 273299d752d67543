// Package seed applies a YAML file that declares pools, clients, groups and
// users to a server. What the file names is made or brought to the declared
// state through the same operations that the API offers; what it does not name
// is left alone. Applying a file twice changes nothing.
package seed
