// Package config reads the configuration of the gateway: one YAML file, with
// single settings overridden from the environment. It is strict: a key that
// means nothing is an error with its line, and all problems are told at once.
// Secrets are references, never values in the file. What an adapter wants of
// its account is the adapter's business; it passes through here as JSON.
package config

import (
	"log/slog"
	"time"
)

// Config is a complete, valid configuration. It can be printed: it shows where
// secrets are, never what they are.
type Config struct {
	Server      Server       `koanf:"server"`
	Log         Log          `koanf:"log"`
	Auth        Auth         `koanf:"auth"`
	CursorKey   Secret       `koanf:"cursorKey"` // seals cursors; replicas share it; zero: make one up at start
	Journal     Journal      `koanf:"journal"`
	Lists       Lists        `koanf:"lists"`
	Connections []Connection `koanf:"connections"`
	Telemetry   Telemetry    `koanf:"telemetry"`

	source *source
}

// Server is the listeners.
type Server struct {
	Addr              string        `koanf:"addr"`
	AdminAddr         string        `koanf:"adminAddr"` // metrics and health; "" is off
	TLS               TLS           `koanf:"tls"`
	ShutdownTimeout   time.Duration `koanf:"shutdownTimeout"`
	ReadHeaderTimeout time.Duration `koanf:"readHeaderTimeout"`
	MaxHeaderBytes    int           `koanf:"maxHeaderBytes"`
}

// TLS holds both files or neither.
type TLS struct {
	CertFile string `koanf:"certFile"`
	KeyFile  string `koanf:"keyFile"`
}

// Enabled reports whether the API is served over TLS.
func (t TLS) Enabled() bool { return t.CertFile != "" }

// Log is what is logged and how.
type Log struct {
	Level  slog.Level `koanf:"level"`
	Format string     `koanf:"format"` // json or text
}

// Auth is who may do what; there is no anonymous access.
type Auth struct {
	Issuers  []Issuer            `koanf:"issuers"`
	Roles    map[string][]string `koanf:"roles"` // name -> verbs, besides those built in
	Bindings []Binding           `koanf:"bindings"`
}

// Issuer is a source of tokens. Exactly one of Secret, JWKSURL and Discovery
// says where its keys are. What is left out has the defaults of package identity.
type Issuer struct {
	Issuer     string   `koanf:"issuer"`
	Audiences  []string `koanf:"audiences"`
	Algorithms []string `koanf:"algorithms"` // none: all that suit the keys

	Secret    Secret `koanf:"secret"`
	JWKSURL   string `koanf:"jwksUrl"`
	Discovery bool   `koanf:"discovery"`

	GroupsClaim string        `koanf:"groupsClaim"`
	RequireType string        `koanf:"requireType"` // wanted "typ" header, such as at+jwt; "" is any
	Leeway      time.Duration `koanf:"leeway"`
}

// Binding gives verbs on connections to callers. A caller is meant by any of
// Subjects and Groups; a connection has to fit each of Connections, Providers
// and Labels that is set. At least one is, and none is empty: Connections ["*"]
// is all of them.
type Binding struct {
	Subjects []string `koanf:"subjects"`
	Groups   []string `koanf:"groups"`
	Issuer   string   `koanf:"issuer"` // may be "" while there is only one

	Roles []string `koanf:"roles"`
	Verbs []string `koanf:"verbs"`

	Connections []string          `koanf:"connections"`
	Providers   []string          `koanf:"providers"`
	Labels      map[string]string `koanf:"labels"`
}

// Journal is where restores are remembered: a file, or memory for trials.
type Journal struct {
	Path   string `koanf:"path"`
	Memory bool   `koanf:"memory"`
}

// Lists bounds lists over many connections.
type Lists struct {
	SourceDeadline time.Duration `koanf:"sourceDeadline"` // for one connection's part
	Fanout         int           `koanf:"fanout"`         // connections asked at once
}

// Connection is one vendor account.
type Connection struct {
	Name   string            `koanf:"name"`
	Driver string            `koanf:"driver"` // the caller knows which there are
	Region string            `koanf:"region"`
	Labels map[string]string `koanf:"labels"`
	Limits Limits            `koanf:"limits"`
	Config Sealed            `koanf:"config"`
}

// Limits bounds what a connection is asked at once and how long it may take.
// Zero members mean the gateway's defaults.
type Limits struct {
	Calls   int           `koanf:"calls"`
	Streams int           `koanf:"streams"`
	Read    time.Duration `koanf:"read"`
	Write   time.Duration `koanf:"write"`
	Idle    time.Duration `koanf:"idle"`
}

// Telemetry names this gateway in traces. The exporter is chosen by the
// standard OTEL_* variables.
type Telemetry struct {
	ServiceName string `koanf:"serviceName"`
}

func defaults() Config {
	return Config{
		Server: Server{
			Addr: ":8080", AdminAddr: "127.0.0.1:9090",
			ShutdownTimeout: 30 * time.Second, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10,
		},
		Log:       Log{Level: slog.LevelInfo, Format: "json"},
		Lists:     Lists{SourceDeadline: 10 * time.Second, Fanout: 32},
		Telemetry: Telemetry{ServiceName: "switchback"},
	}
}

// Problem returns a problem of the setting at a path, such as
// "connections[2].config.token", with its place in the file. It lets the
// caller report what only it can know, in the same form.
func (c *Config) Problem(path, message string) Problem {
	if c.source == nil {
		return Problem{Path: path, Message: message}
	}
	return c.source.problem(path, message)
}
