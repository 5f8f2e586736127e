// Package identity answers two questions: who is calling, and what may they
// see and do. Tokens are JWTs from configured issuers, checked by the rules of
// RFC 8725; role bindings turn a subject and its groups into verbs on
// connections. Everything is denied that no binding grants.
package identity
