// Package clumio is the adapter for Clumio: it speaks the vendor's REST API of
// one control plane within one organizational unit.
//
// Ids: a backup has the kind of its asset and the vendor's backup id as key, an
// asset its kind and the vendor's asset id. A restore is restore~<task id>, or
// instant-access~<endpoint id>; an operation is task~<task id>. The kind of a
// restore is not in its id, because a task does not reliably tell it and one
// restore must have one id wherever it is met.
//
// What the vendor does not have: bytes of restores, files of backups without
// a mail or a browser download (so backups are not browsable here), reasons of failed tasks (NOTES section 5), and
// a link from a finished restore to what it made (NOTES section 9). NOTES is
// the digest of the vendor's public guide, SDKs and samples that this package
// cites.
package clumio
