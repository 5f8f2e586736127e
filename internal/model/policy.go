package model

import "encoding/json"

// Policy says when backups are made and how long they are kept.
type Policy struct {
	ID          ID          `json:"id"`
	Connection  string      `json:"connection"`
	Provider    string      `json:"provider"`
	Name        string      `json:"name"`
	Description string      `json:"description,omitempty"`
	Status      string      `json:"status"` // active, inactive, locked, unknown
	AssetKinds  []AssetKind `json:"assetKinds"`
	Rules       []Rule      `json:"rules"`

	ExtendedRetention []ExtendedRetention `json:"extendedRetention,omitempty"`
	Blackouts         []Window            `json:"blackouts,omitempty"`
	Retry             *Retry              `json:"retry,omitempty"`
	Usage             *Usage              `json:"usage,omitempty"`

	// Version is the vendor's mark of this state of the policy, "" if it has none.
	Version        string          `json:"version,omitempty"`
	Native         Native          `json:"native"`
	NativeDocument json.RawMessage `json:"nativeDocument,omitempty"`
	Lossy          []string        `json:"lossy"` // neutral fields that the vendor can not hold
}

// Rule is one line of a policy: what is made, when, and how long it is kept.
type Rule struct {
	Kind      string     `json:"kind"` // incremental, full, log, snapshot, archive, replicate
	Schedule  *Schedule  `json:"schedule,omitempty"`
	Retention *Retention `json:"retention,omitempty"`
	Lock      *Lock      `json:"lock,omitempty"`
	Tier      string     `json:"tier,omitempty"`
	Target    string     `json:"target,omitempty"`
	AssetKind AssetKind  `json:"assetKind,omitempty"` // when the rule is for one kind only
}

// Schedule is when a rule runs. One of Every, Daily, Weekly, Monthly, Yearly is
// set, or none when the rule runs on demand only.
type Schedule struct {
	Every   Period   `json:"every,omitzero"`
	Daily   *Daily   `json:"daily,omitempty"`
	Weekly  *Weekly  `json:"weekly,omitempty"`
	Monthly *Monthly `json:"monthly,omitempty"`
	Yearly  *Yearly  `json:"yearly,omitempty"`
	Windows []Window `json:"windows,omitempty"`
}

// Daily runs each day, at a time of day (HH:MM) if the vendor has one.
type Daily struct {
	At       string `json:"at,omitempty"`
	TimeZone string `json:"timeZone,omitempty"`
}

// Weekly runs on the days named (monday to sunday).
type Weekly struct {
	Days []string `json:"days"`
}

// Monthly runs on a day of the month, or on the week's day named.
type Monthly struct {
	DayOfMonth int    `json:"dayOfMonth,omitempty"`
	Week       string `json:"week,omitempty"` // first to fourth, last
	Day        string `json:"day,omitempty"`
}

// Yearly runs on the first or the last day of the year.
type Yearly struct {
	Day string `json:"day"` // first, last
}

// Window is a stretch of time on some days. Start and End are HH:MM.
type Window struct {
	Days     []string `json:"days,omitempty"`
	Start    string   `json:"start,omitempty"`
	End      string   `json:"end,omitempty"`
	TimeZone string   `json:"timeZone,omitempty"`
}

// Retention keeps backups for a period or keeps a number of them.
type Retention struct {
	Keep   Period `json:"keep,omitzero"`
	Copies int    `json:"copies,omitempty"`
}

// Lock protects backups against deletion before a time is over.
type Lock struct {
	Mode     string `json:"mode"` // compliance, administrative
	Duration Period `json:"duration,omitzero"`
}

// ExtendedRetention keeps the first good backup of each period longer.
type ExtendedRetention struct {
	Every     Period    `json:"every,omitzero"`
	Runs      int       `json:"runs,omitempty"` // every so many runs instead
	Retention Retention `json:"retention"`
	Lock      *Lock     `json:"lock,omitempty"`
}

// Retry is how often a failed run is tried again.
type Retry struct {
	Attempts int    `json:"attempts"`
	Interval Period `json:"interval,omitzero"`
}

// Usage counts what a policy protects. A nil count is not known.
type Usage struct {
	Assets *int `json:"assets,omitempty"`
	Groups *int `json:"groups,omitempty"`
}
