// Package conformance holds client and sandbox to what neither of them made:
// vectors of the wire with their sources (wire/), the facts of package spec,
// each other, and strangers' SDKs (node/): by the sandbox's address, and
// unmodified through its front. It has no code, only tests.
//
// A vector is one exchange: the call of the client, the request it must send,
// the answer, and what may stay unread of it. Numbers and words are chosen to
// be unlike each other, so that a lost or swapped field shows.
package conformance
