// Package xmltext writes XML by appending to a buffer: elements, text and the
// numbers that XML Schema writes in its own way.
//
// Only wire and the packages below it may import it.
package xmltext

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Declaration stands in front of a document.
const Declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

// Open appends the start tag of an element.
func Open(b []byte, name string) []byte {
	return append(append(append(b, '<'), name...), '>')
}

// Close appends the end tag of an element.
func Close(b []byte, name string) []byte {
	return append(append(append(b, '<', '/'), name...), '>')
}

// Element appends an element that holds text.
func Element(b []byte, name, text string) []byte {
	return Close(Append(Open(b, name), text), name)
}

// Append appends text, escaped for XML 1.0. A carriage return is written as a
// reference, since parsers would turn it into a newline; what XML can't hold
// becomes U+FFFD.
func Append(b []byte, text string) []byte {
	for _, r := range text {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r == '\r':
			b = append(b, "&#xD;"...)
		case r < ' ' && r != '\n' && r != '\t', r == 0xFFFE, r == 0xFFFF:
			b = utf8.AppendRune(b, utf8.RuneError)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// Float appends a number of the given size in bits.
func Float(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}
