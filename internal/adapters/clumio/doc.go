// Package clumio is the adapter for Clumio: it speaks the vendor's REST API of
// one control plane within one organizational unit.
//
// Ids: a backup has the kind of its asset and the vendor's backup id as key, an
// asset its kind and the vendor's asset id. A restore is restore~<task id>, or
// instant-access~<endpoint id>; an operation is task~<task id>. The kind of a
// restore is not in its id, because a task does not reliably tell it and one
// restore must have one id wherever it is met.
//
// A bucket of S3 is an asset once for each protection group it is in, which is
// what is backed up and restored. A bucket that is in none is shown too, by the
// vendor's id of the bucket.
//
// A file in a backup has the path /<file system id>/<path in it>.
//
// Restores: what a request becomes is made by a recipe for its kind and source,
// once for Start and for Plan. What a finished restore has made is found by
// Locate, from the request that started it: the task tells neither name nor
// marker, and an id that carried them would not be the one that lists give.
//
// What the vendor does not have: bytes of restores, files of backups without a
// mail or a browser download (backups are browsable here, but their files do
// not open), reasons of failed tasks (NOTES section 5), and a link from a
// finished restore to what it made (NOTES section 9). NOTES is the digest of the
// vendor's public guide, SDKs and samples that this package cites.
package clumio
