package config

import (
	"bytes"
	_ "embed"
)

//go:embed schema.json
var schema []byte

//go:embed example.yaml
var example string

// Schema returns the JSON Schema of the file, for editors. It says less than
// Load: what one setting means for another is only partly in it.
func Schema() []byte { return bytes.Clone(schema) }

// Example returns a commented file that shows every setting.
func Example() string { return example }
