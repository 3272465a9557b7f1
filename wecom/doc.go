// Package wecom is a client for the server API of WeCom (企业微信): it reads and
// manages. Calls that make a customer see something are not here but in
// wecom/outreach.
//
// One method is one endpoint, one file is one chapter of the official pages,
// and each method links its page. What a method returns is what WeCom said;
// nothing is cached except access tokens.
//
// # Errors
//
// An errcode other than 0 is always an [*Error]; compare with errors.Is and the
// sentinels, or sort with [ClassOf]. A limit that is known to be used up
// answers at once with a [*LimitError] that says until when. A secret that
// WeCom refused is not tried again before [Client.SetSecret] changes it: asking
// again and again with a wrong secret gets the address banned. Neither secrets
// nor tokens are ever part of an error or a log line.
//
// # Limits
//
// All calls of a client share a number of slots (16 unless told otherwise), a
// quarter of them kept for calls that somebody waits for ([Interactive], and
// calls that are so by nature). WeCom's answer 45033 halves the slots, success
// lets them grow again slowly. Each endpoint stays below WeCom's published
// 10,000 calls a minute and 150,000 an hour. Nodes that share a [Leaser] keep
// these limits together.
//
// # Time
//
// The client asks [Config].Clock for the corp's time and never sleeps in it:
// what must wait for a window to end is returned as a LimitError and left to
// the caller's timers. Only short pauses between repeats (at most seconds) are
// waited out, in wall time and under the caller's context.
package wecom
