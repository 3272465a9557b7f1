// Package audit keeps the log that nobody can change unseen: every decision of the governor, every reading of customers'
// words, and every change that somebody makes.
//
// # How an entry comes in
//
//	Log             by hand, inside the transaction of the change it speaks of
//	Service.Request by itself: a transaction that an API call other than GET writes, and that logged nothing, is logged
//	Touches         rows of the ledger, one entry for all that one transaction did alike
//	Service.Access  before a route that is Personal answers, in a group commit
//
// All of it is a row of audit_entry in the transaction of what it is about: both are there after a crash, or neither. An
// entry holds ids, numbers, versions and hashes, never words: it can never be erased.
//
// # How it becomes evident
//
// Writers need no order among each other: an entry is written without a lock, and waits. Within a second Seal takes what was
// committed, by id, under one lock over all nodes, and gives each its place as a leaf of a Merkle tree (RFC 6962, the numbering of
// golang.org/x/mod/sumdb/tlog). It signs the new tree head with a key that is derived from the master key and stands in no
// database. The last head of each hour is kept.
//
// An entry about the ledger holds a digest of each row as the transaction left it, with the row's revision: so a row that
// is changed by other hands, taken away or brought back to a former state does not match what the log says of it.
//
// # What it cannot show
//
// Whoever has the master key and the database can write a new history. A head that was kept elsewhere (zhiyin audit head)
// shows that, too: zhiyin audit verify --against. What was written within the last second has no place in the tree yet; for the ledger the row names
// its entry, so that one without the other is found. Cutting off the end of the log together with its heads shows by the rows of
// the ledger that name missing entries, and by a head kept elsewhere.
//
// What it is not: the ledger, which decides (governance), and the log of the process (log). Callers: governance, auth, setting
// and staff log by hand; internal/app connects the rest.
package audit
