package logs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"

	"sealstack/storage"
)

// position is the place of an event among those of its group: by timestamp,
// then by ingestion, then by its place in the batch.
type position struct {
	timestamp int64
	sequence  uint64
	index     int
}

// before reports whether p comes before q.
func (p position) before(q position) bool {
	if p.timestamp != q.timestamp {
		return p.timestamp < q.timestamp
	}
	if p.sequence != q.sequence {
		return p.sequence < q.sequence
	}
	return p.index < q.index
}

// A token of GetLogEvents is "f/" or "b/" and 56 digits, as AWS's are. The
// digits hold a position and a MAC over it, the direction, the stream and the
// hour, so that a token that was not made here, for this stream, within the
// last 24 hours is refused.
const (
	tokenDigits = 56
	tokenHours  = 24
	timeBits    = 44
	indexBits   = 14
	macBits     = 48
)

// pageToken returns the token of a position. forward tells its direction.
func (s *Service) pageToken(st *stream, forward bool, at position) string {
	hour := s.now() / (60 * 60 * 1000)
	n := at.number()
	n.Lsh(n, macBits)
	n.Or(n, new(big.Int).SetUint64(s.tokenMAC(st, forward, at, hour)))
	return fmt.Sprintf("%s%0*s", direction(forward), tokenDigits, n.String())
}

// readToken returns the position and the direction of a token, or AWS's error.
func (s *Service) readToken(st *stream, token string) (at position, forward bool, err error) {
	digits, forward := strings.CutPrefix(token, "f/")
	if !forward {
		var backward bool
		if digits, backward = strings.CutPrefix(token, "b/"); !backward {
			return at, false, badToken()
		}
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if len(digits) != tokenDigits || strings.Trim(digits, "0123456789") != "" || !ok {
		return at, false, badToken()
	}
	mac := new(big.Int).And(n, big.NewInt(1<<macBits-1)).Uint64()
	at, ok = positionOf(n.Rsh(n, macBits))
	now := s.now() / (60 * 60 * 1000)
	for hour := now; ok && hour >= now-tokenHours; hour-- {
		if s.tokenMAC(st, forward, at, hour) == mac {
			return at, forward, nil
		}
	}
	return at, false, badToken()
}

func direction(forward bool) string {
	if forward {
		return "f/"
	}
	return "b/"
}

// number packs a position: 44 bits of timestamp, 64 of sequence, 14 of index.
func (p position) number() *big.Int {
	n := big.NewInt(p.timestamp)
	n.Lsh(n, 64)
	n.Or(n, new(big.Int).SetUint64(p.sequence))
	n.Lsh(n, indexBits)
	return n.Or(n, big.NewInt(int64(p.index)))
}

func positionOf(n *big.Int) (position, bool) {
	if n.BitLen() > timeBits+64+indexBits {
		return position{}, false
	}
	index := new(big.Int).And(n, big.NewInt(1<<indexBits-1)).Int64()
	n.Rsh(n, indexBits)
	sequence := new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1)).Uint64()
	return position{n.Rsh(n, 64).Int64(), sequence, int(index)}, true
}

// tokenMAC authenticates a position in a stream for an hour.
func (s *Service) tokenMAC(st *stream, forward bool, at position, hour int64) uint64 {
	m := hmac.New(sha256.New, s.tokenKey[:])
	fmt.Fprintf(m, "%s/%t/%d/%d/%d/%d", st.ID, forward, at.timestamp, at.sequence, at.index, hour)
	return binary.BigEndian.Uint64(m.Sum(nil)) >> (64 - macBits)
}

// uploadToken returns the sequence token of a stream: 56 digits that change
// with each batch and that nobody has to send any more.
func (s *Service) uploadToken(st *stream) string {
	m := hmac.New(sha256.New, s.tokenKey[:])
	fmt.Fprintf(m, "upload/%s/%d", st.ID, st.Sequence)
	n := new(big.Int).SetBytes(m.Sum(nil))
	digits := n.Mod(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(tokenDigits-2), nil))
	return fmt.Sprintf("49%0*s", tokenDigits-2, digits.String())
}

// eventID returns the 56 digits that name an event in FilterLogEvents: its
// place in the order of the group's events.
func eventID(at position) string {
	return fmt.Sprintf("3%0*s", tokenDigits-1, at.number().String())
}

// filterToken continues a FilterLogEvents call behind a position.
func (s *Service) filterToken(purpose string, at position) string {
	return s.root.Tokens().Encode(purpose, storage.K(at.timestamp, at.sequence, at.index, s.now()))
}

// readFilterToken returns the position that a FilterLogEvents call goes on
// from.
func (s *Service) readFilterToken(purpose, token string) (position, error) {
	k, err := s.root.Tokens().Decode(purpose, token)
	if err != nil {
		return position{}, badToken()
	}
	parts := k.Parts()
	if len(parts) != 4 || s.now()-parts[3].(int64) > tokenHours*60*60*1000 {
		return position{}, badToken()
	}
	return position{parts[0].(int64), parts[1].(uint64), int(parts[2].(int64))}, nil
}
