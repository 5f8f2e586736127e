package storwaresim

// ContentRoute says which of the two content routes of a cloud download gives
// the bytes (Storware NOTES section 7).
type ContentRoute int

const (
	// ContentOnBoth streams the same bytes from /{guid} and /content-download.
	ContentOnBoth ContentRoute = iota
	// ContentByGUID streams from /{guid}; /content-download answers the
	// documented empty JSON object.
	ContentByGUID
	// ContentByDownload refuses /{guid} with 406 and streams from
	// /content-download only.
	ContentByDownload
)

// TaskForm is the shape of the answer of POST /tasks/* (NOTES section 8).
type TaskForm int

const (
	// TasksAsArray answers an array of tasks.
	TasksAsArray TaskForm = iota
	// TaskAsObject answers the first task alone.
	TaskAsObject
	// TasksAsBulk answers {successful, unsuccessful, tasks}.
	TasksAsBulk
)

// Disposition is the Content-Disposition of a download (NOTES section 7).
type Disposition int

const (
	// DispositionPlain names the file as a bare token.
	DispositionPlain Disposition = iota
	// DispositionQuoted names the file in quotes, with a blank in it.
	DispositionQuoted
	// DispositionNone sends no such header.
	DispositionNone
)

// ErrorForm is the shape of an error body (NOTES section 13).
type ErrorForm int

const (
	// ErrorMessage answers {message}.
	ErrorMessage ErrorForm = iota
	// ErrorNested answers {error: {message}}.
	ErrorNested
	// ErrorText answers an HTML page.
	ErrorText
)

// Reading is one way to read the doubtful documents. The zero value is the
// likeliest.
type Reading struct {
	BareEnums   bool // enums in bodies as bare strings instead of {name, description} (section 3)
	PostOK      bool // POST answers 200 instead of the documented 201 (section 6)
	NoContent   bool // PUT and DELETE answer 204 without the documented body (section 6)
	SessionOK   bool // GET /session answers 200 with a string instead of 204 (section 2)
	RouteCookie bool // a second cookie must come back with the session's: "keep all cookies" (section 2)

	TaskForm         TaskForm
	TaskPerObject    bool // one task and one record for each object of a cloud download
	TaskHidesRecord  bool // tasks do not name the mounted backup they prepare
	NotReadyNotFound bool // content before its time is 404 instead of 409
	OnlyDownloads    bool // /cloud-download hides records of other modes
	ExpiryUnmounts   bool // an expired record goes by a task of its own, not at once (section 7)

	Content     ContentRoute
	Chunked     bool // content comes without a Content-Length
	Disposition Disposition
	Errors      ErrorForm // the hostile scenarios mix all three whatever is said here

	ExclusiveTo       bool // "to" leaves out its own millisecond
	RangeOnBackupTime bool // "from" and "to" look at backupTime instead of snapshotTime
	UntimedQueued     bool // a queued backup has no snapshotTime yet
	NewerRelease      bool // some records carry enum constants that no document names (section 14)
}
