// Package xksproxy is a small external key store proxy with a key manager in
// memory: it speaks the API of kms/xks over real HTTP, verifies signatures and
// encrypts with AES-256-GCM. Tests stand it behind external key stores, and
// tell it how to fail.
//
// Tests of kms and emulator/emulatortest may import it.
//
// AWS documents the API at https://github.com/aws/aws-kms-xksproxy-api-spec.
package xksproxy

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"sealstack/auth/sigv4"
	"sealstack/clock"
	"sealstack/kms/xks"
)

// Proxy is a proxy and its keys. It is safe for concurrent use.
type Proxy struct {
	path            string
	accessKeyID     string
	secretAccessKey string
	mux             *http.ServeMux

	mu       sync.Mutex
	keys     map[string]*Key
	failures map[string]Failure
	health   []string
	requests []Request
}

// Key is an external key. What its status and usage do not allow
// is refused; the spec is only said.
type Key struct {
	Spec   string
	Usage  []string
	Status string

	aead cipher.AEAD
}

// Failure is how an operation of the proxy goes wrong. The first that is set
// counts.
type Failure struct {
	Fault  xks.Fault                     // one that the API names
	Raw    string                        // a response with status 200 that is this text
	Status int                           // a response with this status and no body
	Delay  time.Duration                 // real time that goes by before the operation
	Change func(response map[string]any) // what becomes of a right response
}

// Request is a request that the proxy has served, as far as it may be logged.
type Request struct {
	Path     string
	Metadata xks.Metadata
	AAD      []byte
}

// New returns a proxy that serves at a path, "/kms/xks/v1" at its end, for one
// credential.
func New(path, accessKeyID, secretAccessKey string) *Proxy {
	p := &Proxy{
		path: path, accessKeyID: accessKeyID, secretAccessKey: secretAccessKey,
		keys: map[string]*Key{}, failures: map[string]Failure{}, health: []string{"ACTIVE"}, mux: http.NewServeMux(),
	}
	p.mux.HandleFunc("POST "+path+"/health", p.serve("health", p.getHealth))
	p.mux.HandleFunc("POST "+path+"/keys/{id}/metadata", p.serve("metadata", p.getMetadata))
	p.mux.HandleFunc("POST "+path+"/keys/{id}/encrypt", p.serve("encrypt", p.encrypt))
	p.mux.HandleFunc("POST "+path+"/keys/{id}/decrypt", p.serve("decrypt", p.decrypt))
	p.mux.HandleFunc("POST /", func(w http.ResponseWriter, _ *http.Request) { fail(w, xks.InvalidPath) })
	return p
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// AddKey makes an enabled AES-256 key that encrypts and decrypts.
func (p *Proxy) AddKey(id string) {
	var secret [32]byte
	rand.Read(secret[:])
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic(err) // the size is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[id] = &Key{Spec: "AES_256", Usage: []string{"ENCRYPT", "DECRYPT"}, Status: "ENABLED", aead: aead}
}

// Alter changes what the proxy says of a key; the key must exist.
func (p *Proxy) Alter(id string, change func(*Key)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.keys[id])
}

// RemoveKey destroys a key.
func (p *Proxy) RemoveKey(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, id)
}

// Fail makes an operation (health, metadata, encrypt, decrypt) go wrong until
// it is given the zero Failure.
func (p *Proxy) Fail(operation string, f Failure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures[operation] = f
}

// SetHealth sets the status of each key manager behind the proxy.
func (p *Proxy) SetHealth(managers ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.health = managers
}

// SetSecret replaces the secret access key of the credential.
func (p *Proxy) SetSecret(secret string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secretAccessKey = secret
}

// Requests lists what the proxy has served, and forgets it.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.requests
	p.requests = nil
	return list
}

// body is a request of any operation.
type body struct {
	Metadata   xks.Metadata `json:"requestMetadata"`
	AAD        []byte       `json:"additionalAuthenticatedData"`
	Plaintext  []byte       `json:"plaintext"`
	Ciphertext []byte       `json:"ciphertext"`
	Extra      []byte       `json:"ciphertextMetadata"`
	IV         []byte       `json:"initializationVector"`
	Tag        []byte       `json:"authenticationTag"`
	Algorithm  string       `json:"encryptionAlgorithm"`
	Integrity  string       `json:"ciphertextDataIntegrityValueAlgorithm"`
}

// answer is what an operation answers.
type answer = map[string]any

// serve authenticates a request and has it answered.
func (p *Proxy) serve(operation string, fn func(id string, in *body) (answer, xks.Fault)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		f := p.failures[operation]
		p.mu.Unlock()
		text, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		wait, cancel := context.WithTimeout(r.Context(), f.Delay)
		<-wait.Done()
		cancel()
		if err != nil || !p.authentic(r, text) {
			fail(w, xks.Unauthenticated)
			return
		}
		var in body
		if err := json.Unmarshal(text, &in); err != nil || in.Metadata.RequestID == "" || in.Metadata.Operation == "" {
			fail(w, xks.Validation)
			return
		}
		p.mu.Lock()
		p.requests = append(p.requests, Request{r.URL.Path, in.Metadata, in.AAD})
		p.mu.Unlock()
		if f.spoil(w) {
			return
		}
		out, fault := fn(r.PathValue("id"), &in)
		if fault != "" {
			fail(w, fault)
			return
		}
		if f.Change != nil {
			f.Change(out)
		}
		json.NewEncoder(w).Encode(out)
	}
}

// spoil answers in place of the operation, if the failure says so.
func (f Failure) spoil(w http.ResponseWriter) bool {
	switch {
	case f.Fault != "":
		fail(w, f.Fault)
	case f.Raw != "":
		io.WriteString(w, f.Raw)
	case f.Status != 0:
		w.WriteHeader(f.Status)
	default:
		return false
	}
	return true
}

func fail(w http.ResponseWriter, fault xks.Fault) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(fault.Status())
	json.NewEncoder(w).Encode(answer{"errorName": fault, "errorMessage": "the proxy says so"})
}

// skew is how far the time of a request may be off.
const skew = 5 * time.Minute

// authentic verifies the signature of a request.
func (p *Proxy) authentic(r *http.Request, text []byte) bool {
	a, err := sigv4.Parse(r)
	if err != nil || a.AccessKeyID != p.accessKeyID || a.Scope.Service != xks.Service {
		return false
	}
	if off := clock.Real().Now().Sub(a.Time); off > skew || off < -skew {
		return false
	}
	p.mu.Lock()
	key := sigv4.DeriveKey(p.secretAccessKey, a.Scope)
	p.mu.Unlock()
	return a.Verify(r, sigv4.HashPayload(text), sigv4.Standard, &key) == nil
}

func (p *Proxy) getHealth(string, *body) (answer, xks.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var fleet []answer
	for _, status := range p.health {
		fleet = append(fleet, answer{"id": "manager", "model": "in memory", "healthStatus": status})
	}
	return answer{
		"xksProxyFleetSize": 1, "xksProxyVendor": "Sealstack", "xksProxyModel": "xksproxy", "ekmVendor": "Sealstack", "ekmFleetDetails": fleet,
	}, ""
}

func (p *Proxy) key(id string) (Key, xks.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, ok := p.keys[id]
	if !ok {
		return Key{}, xks.KeyNotFound
	}
	return *k, ""
}

func (p *Proxy) getMetadata(id string, _ *body) (answer, xks.Fault) {
	k, fault := p.key(id)
	return answer{"keySpec": k.Spec, "keyUsage": k.Usage, "keyStatus": k.Status}, fault
}

// generation is the metadata of every ciphertext.
var generation = []byte("generation 1")

// authenticated is what a ciphertext is bound to: data and metadata with their
// lengths before them, so that they cannot be divided in another way.
func authenticated(aad, metadata []byte) []byte {
	out := append([]byte{byte(len(aad) >> 8), byte(len(aad))}, aad...)
	return append(append(out, byte(len(metadata))), metadata...)
}

func (p *Proxy) encrypt(id string, in *body) (answer, xks.Fault) {
	k, fault := p.usable(id, in, "ENCRYPT")
	if fault != "" {
		return nil, fault
	}
	s := xks.Sealed{Metadata: generation, IV: make([]byte, k.aead.NonceSize())}
	rand.Read(s.IV)
	sealed := k.aead.Seal(nil, s.IV, in.Plaintext, authenticated(in.AAD, s.Metadata))
	end := len(in.Plaintext)
	s.Ciphertext, s.Tag = sealed[:end], sealed[end:]
	out := answer{"ciphertext": s.Ciphertext, "ciphertextMetadata": s.Metadata, "initializationVector": s.IV, "authenticationTag": s.Tag}
	if in.Integrity != "" {
		value := xks.IntegrityValue(in.AAD, &s)
		out["ciphertextDataIntegrityValue"] = value[:]
	}
	return out, ""
}

func (p *Proxy) decrypt(id string, in *body) (answer, xks.Fault) {
	k, fault := p.usable(id, in, "DECRYPT")
	if fault != "" {
		return nil, fault
	}
	plaintext, err := k.open(in)
	if err != nil {
		return nil, xks.InvalidCipher
	}
	return answer{"plaintext": plaintext}, ""
}

var errSizes = errors.New("xksproxy: no ciphertext has these sizes")

func (k *Key) open(in *body) ([]byte, error) {
	if len(in.IV) != k.aead.NonceSize() || len(in.Tag) != k.aead.Overhead() {
		return nil, errSizes
	}
	return k.aead.Open(nil, in.IV, slices.Concat(in.Ciphertext, in.Tag), authenticated(in.AAD, in.Extra))
}

// usable finds the key and holds it and the request against what is asked.
func (p *Proxy) usable(id string, in *body, usage string) (Key, xks.Fault) {
	k, fault := p.key(id)
	switch {
	case fault != "":
	case in.Algorithm != "AES_GCM" || in.Integrity != "" && in.Integrity != "SHA_256" || bytes.Equal(in.Plaintext, in.Ciphertext):
		fault = xks.Validation
	case k.Status != "ENABLED":
		fault = xks.InvalidState
	case !slices.Contains(k.Usage, usage):
		fault = xks.InvalidKeyUsage
	}
	return k, fault
}
