// Package federate makes one honest list out of many connections.
//
// What has a time is merged ([Merge]): every connection is a handful of sorted
// streams, and the merge reads as little of each as the page needs. Streams
// that state a bound are opened only when the bound comes to the top; the
// others are asked for a few items and refilled as they drain. A page over S
// streams costs S small asks and O(page * log S) work, wherever in the list it
// lies. What has no time is concatenated ([Concat]), connection by connection.
//
// # Walks
//
// A walk is a first page and the pages that follow its cursors. The cursor is
// a place in the total order, so it has one size for any number of
// connections, and any replica can go on from it. A walk shows the world as of
// its start: newer items are not part of it.
//
// A connection that fails is missed: it is out of the walk from the place where
// it failed, the page says so, and complete is false from there to the end of
// the walk. The resume cursor, which every such page carries, walks what has
// been missed so far and nothing else. So the items of a walk and of the resume
// of its last page are each visible item exactly once.
package federate
