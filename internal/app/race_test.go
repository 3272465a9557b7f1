//go:build race

package app_test

// underRace makes the big worlds smaller: the race detector looks at the same code ten times as slowly.
const underRace = true
