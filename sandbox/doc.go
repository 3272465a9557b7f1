// Package sandbox is WeCom in a box: an emulator of the server interface of
// WeCom (企业微信) with a small world behind it. Staff, customers, groups, tags
// and contact ways exist, act, and send encrypted callbacks; whatever reaches a
// customer is written down. Platforms and SDKs are tested against it without a
// network, an account or anybody to annoy.
//
// It is not a client and shares no wire struct with one: it is meant to find
// the mistakes a shared struct hides. It keeps nothing on disk but private keys
// and certificates that other programs open. Commands and tests use it; nothing
// in this module's internal packages does.
//
// # Use
//
// Start serves a sandbox on a free loopback port; Ready of the server holds the
// corp, the secrets and the callback pair. Everything a test needs afterwards
// goes through WeCom's own paths and through the control plane under
// /_sandbox/, or through methods of the same names: Act, Advance, SetFaults,
// SetCallback, Deliveries, State, Reset.
//
// # How a call goes
//
//	HTTP -> faults -> [world stands still] -> token -> quota -> decode -> handler -> answer
//
// Every answer is HTTP 200 with an errcode, as on the real server. A path that
// does not exist is HTTP 404 with a JSON body. A refusal carries a hint in the
// header Sandbox-Hint and in GET /_sandbox/refusals.
//
// # How to add a chapter
//
// Write one file with a function that returns a family, and name it in
// families (families.go):
//
//	func exampleFamily() family {
//		return family{
//			routes: []route{
//				post("/cgi-bin/example/add", byExternal, exampleAdd),
//				get("/cgi-bin/example/get", byApp|byKF, exampleGet).alias("/cgi-bin/example/read"),
//			},
//			acts:  []act{doing("somebody_acts", somebodyActs)},
//			pages: map[string]func(*Sandbox, http.ResponseWriter, *http.Request){"GET /page": servePage},
//			build: func(s *Sandbox) { ... what a new world holds of it ... },
//		}
//	}
//
//	type exampleAddQuery struct {
//		Name string `json:"name"`             // wrong type: 40058
//		Type int    `json:"type" bad:"41037"` // wrong type: 41037
//	}
//
//	func exampleAdd(c *call, q *exampleAddQuery) (any, error) {
//		if q.Name == "" {
//			return nil, refuse(40063, "name is empty")
//		}
//		c.w.examples = append(c.w.examples, q.Name)
//		return exampleReply{reply: done(), ID: "..."}, nil // or nil, nil: errcode 0
//	}
//
// Then write a good call of each path in a table of its chapter in
// served_<chapter>_test.go: TestEveryServedEndpoint spoils it in every way the
// facts in package spec name and demands refusals with the codes they list.
// Effects get tests by hand.
//
// The handler runs with Sandbox.mu held; its answer is encoded afterwards and
// must not alias what the world goes on changing. State lives in a field of
// world, so that a reset forgets it. Uploads and downloads set route.raw and
// answer by themselves. Unknown parameters and wrong types are refused before
// the handler; null counts as unset.
//
// Inside: s.now() is world time, s.after and s.at set timers of the world,
// s.send(s.newEvent(...)) tells the platform, s.delivered writes what reached a
// customer, s.journal what happened, w.draw(salt) picks by seed. Draw from a
// hash of what the draw is about, never from a shared stream: calls come in any
// order.
//
// # Time
//
// The world has one clock. It stands still while a call is in flight, while a
// callback waits for its answer or next try, and while a platform that follows
// the clock is busy. It never passes a timer of the world or the next due time
// of a follower without stopping there, so that everything happens at its exact
// world time on a machine of any speed:
//
//	running --call, callback, busy follower--> held --all done, all idle--> running
//	running --timer or follower due--> step: fire, tell followers --> held or running
//	any     --advance--> step by step to the target, held at each step as above
//
// A follower reports with POST /_sandbox/clock/follow
//
//	{"id":"p1","busy":false,"next":"2026-01-01T10:00:00+08:00","seen":"..","epoch":12,"wait_ms":900}
//
// and is answered {"clock","speed","running","epoch"}. id and busy are enough.
// With next the clock stops there until the follower has reported again. epoch,
// echoed from the last answer, proves that the follower looked at its work
// after the newest callback; without it the second report counts. With
// wait_ms the answer is held back until there is news, so that steps cost
// microseconds, not a polling gap. With leave it ends; one that is silent for
// 2 s of wall time is dropped. Follow does the same for a platform in this
// process.
//
// Time-outs of machines are wall time: the 5 s a callback may take, the second
// between its tries, latency faults, a follower's silence. Options.Patience
// makes them longer where a slow platform must not look like a dead one.
//
// # What is guarded by what
//
// Sandbox.mu guards world, clock, tokens, faults and targets. The callback
// queue and the call statistics have locks of their own, taken after it, never
// before. No lock is held over a request to the platform.
//
// Deviations from the real server and all switches are listed in
// docs/sandbox.md.
package sandbox
