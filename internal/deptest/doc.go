// Package deptest holds the tests that keep the house in order: which package may import which, and whether the
// documents name things that exist. It has no code of its own; nothing imports it.
//
// The rules and their lists are in rules_test.go, one readable page. A failure names the file, the import and the reason
// of the rule. To allow something new, change the list in the same commit and say why there.
package deptest
