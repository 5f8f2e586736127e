// Package api is the HTTP surface of the gateway: the OpenAPI document and
// everything that makes HTTP keep its word.
//
// openapi.yaml is the source. The server code is generated from it, and at boot
// the same document is compiled into the checks that every request passes
// before a handler sees it, so what is published and what is enforced are one.
// Handlers know resources and Go errors; one place turns errors into problem
// documents, one writes bodies, one streams bytes.
//
// The package decides who may see what ([identity.Principal]) and never asks a
// vendor by itself: it goes through fleet, federate and restores.
package api

//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
