// Package saml reads what SAML 2.0 identity providers say: the metadata
// documents that describe them and the signed responses by which they vouch
// for somebody. It is pure, and only package iam imports it.
//
// Signatures and the canonical form of XML are github.com/russellhaering/
// goxmldsig's; this package trusts nothing but the element that the library
// returns, which it reads again from the very bytes that were signed. So a
// signature over one element never vouches for another one. Documents with a
// DOCTYPE are refused before anything else is read, so there are no entities.
//
// What AWS asks of both documents:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
package saml
