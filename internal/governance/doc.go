// Package governance decides whether a customer may be reached, and keeps the ledger of every touch, also of those it
// held back. Nothing that a customer sees goes out without a Permit, and only this package makes one.
//
// # States
//
//	            Reserve                Permit                 Delivered
//	request ─┬──────────▶ reserved ──────────────▶ tasked ──────────────▶ delivered ─▶ committed
//	         │               │                        │                                  ▲
//	         └─▶ held        └──────▶ released ◀──────┘ Release (WeCom says: not sent)   │
//	                                     └───────────────────────────────────────────────┘ it reached the customer after all: late
//
// Everything but held and released counts against the caps. A reserved touch ends by itself (Expires); a tasked one ends
// only by WeCom's answer, because a member may have confirmed it without our knowing. delivered and committed happen in one
// step, with both times kept.
//
// # Rules, in the order they are read
//
// Class comes first: what answers the customer's own act is Service, and is checked for its words and counted, but never held by
// caps, hours or an opt-out from marketing. Then: content, opt-out (LAW-24), suppression (FTG-09), a minor (LAW-08), the purposes that the notice names (LAW-01), consent where the corp asks for it (LAW-21) or the customer came for service only (LAW-04), the refusal to be chosen by traits (LAW-12), WeCom's own quota
// (WC-01), the caps of topic and channel (FTG-02), the corp's sliding caps (FTG-01), the sender's day (FTG-16, OWN-05), quiet hours (FTG-05, which only defers). The first rule that refuses ends the
// reading; what it counted is kept in the row, and the row alone is enough to decide it again (Recompute).
//
// # Invariants, tested against this code
//
//   - L1: for every customer and instant, the marketing touches made by us within each window are at most its cap.
//   - L2: what was delivered is never released. L3: one delivery is booked once.
//   - L4: after an opt-out no marketing is reserved or tasked; what a member had confirmed before is booked as late.
//   - L8: lifecycle may take the place of marketing that is reserved; a class never takes its own or a higher one's, and what is
//     tasked stays. L10: a batch is decided alike in any order; between batches the first reserved wins.
//   - L6: the ledger counts at least what the customer got. L7: every reservation ends.
//   - L11: every call to a customer carries a ledger id (Orphans compares both sides).
//
// # Why counting is careful
//
// We do not know when a task will be confirmed. So an open touch counts as if it were delivered at the worst instant of its time,
// from its earliest possible delivery to its end, and at any instant once its end has passed; a new one is judged over the
// whole of its own time. What is planned for other days therefore leaves room, and because a member may confirm late or send by
// themselves, each call looks for room again (full). Decisions
// about one customer are serialised over all nodes by a lock (one of 256 by hash, because locks are a bounded resource).
//
// # What stands elsewhere
//
// policy holds all rules as data, guard reads texts by those about content, normal undoes hidden words. The names that
// rooms need of them are repeated here (Check, Finding, Field).
//
// Callers: internal/outreach asks for permits and books results, nouns reserve, internal/app registers the expiry timer.
package governance
