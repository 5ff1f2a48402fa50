// Package cbor is the codec of Smithy's RPC v2 CBOR protocol: it fills inputs
// from CBOR documents and appends outputs as such, along the plans of package
// plan. What is CBOR (RFC 8949) is fxamacker/cbor's affair.
//
// Only wire may import it. The protocol is documented at
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html.
package cbor
