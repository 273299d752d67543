// Package server assembles Cognate: it opens the store and the keys, builds the
// rooms in the order in which they may know each other, binds the AWS APIs to
// them, mounts the web endpoints, runs the background jobs and shuts all of it
// down again. It holds no rule of Cognito itself.
package server
