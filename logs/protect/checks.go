package protect

import (
	"net/netip"
	"slices"
	"strings"
)

// digits returns the digits of a text as numbers.
func digits(text string) (list []int) {
	for _, c := range text {
		if '0' <= c && c <= '9' {
			list = append(list, int(c-'0'))
		}
	}
	return list
}

// luhn reports whether the digits of a text fit the Luhn check formula.
func luhn(text string) bool { return luhnSum(digits(text))%10 == 0 }

func luhnSum(d []int) (sum int) {
	for i, n := range d {
		if (len(d)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum
}

// cardPrefixes are the ranges in which numbers of a card's issuer begin, with
// the lengths that they have: American Express, Dankort, Diner's Club,
// Discover, Electron, JCB, Mastercard, UnionPay and Visa.
var cardPrefixes = []struct {
	from, to string
	lengths  []int
}{
	{"34", "34", []int{15}}, {"37", "37", []int{15}},
	{"5019", "5019", []int{16}},
	{"300", "305", []int{14, 16}}, {"36", "36", []int{14}}, {"38", "39", []int{14, 16}},
	{"6011", "6011", []int{16, 19}}, {"644", "649", []int{16, 19}}, {"65", "65", []int{16, 19}},
	{"3528", "3589", []int{16, 17, 18, 19}},
	{"51", "55", []int{16}}, {"2221", "2720", []int{16}},
	{"62", "62", []int{16, 17, 18, 19}},
	{"4", "4", []int{13, 16, 19}},
}

func isCard(text string) bool {
	number := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if !luhn(number) {
		return false
	}
	for _, p := range cardPrefixes {
		if start := number[:len(p.from)]; p.from <= start && start <= p.to && slices.Contains(p.lengths, len(number)) {
			return true
		}
	}
	return false
}

// isIBAN checks the length and the remainder by 97.
func isIBAN(text string, length int) bool {
	plain := strings.ReplaceAll(text, " ", "")
	if len(plain) != length {
		return false
	}
	rest := 0
	for _, c := range plain[4:] + plain[:4] {
		if '0' <= c && c <= '9' {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil && text != "::"
}

// isSSN refuses numbers that are never given out.
func isSSN(text string) bool {
	d := digits(text)
	area, group, serial := d[0]*100+d[1]*10+d[2], d[3]*10+d[4], d[5]*1000+d[6]*100+d[7]*10+d[8]
	return area != 0 && area != 666 && area < 900 && group != 0 && serial != 0
}

// isVIN checks the ninth character, a check digit.
func isVIN(text string) bool {
	const letters = "ABCDEFGH JKLMN P R STUVWXYZ"
	values := [...]int{1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 0, 2, 3, 4, 5, 6, 7, 8, 9}
	weights := [...]int{8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2}
	sum := 0
	for i := range weights {
		if c := text[i]; '0' <= c && c <= '9' {
			sum += weights[i] * int(c-'0')
		} else {
			sum += weights[i] * values[strings.IndexByte(letters, c)]
		}
	}
	check := byte('0' + sum%11)
	if sum%11 == 10 {
		check = 'X'
	}
	return text[8] == check
}

func isDEA(text string) bool {
	d := digits(text[2:])
	return (d[0]+d[2]+d[4]+2*(d[1]+d[3]+d[5]))%10 == d[6]
}

func isNPI(text string) bool { return luhn("80840" + text) }

func isNHS(text string) bool {
	d := digits(text)
	sum := 0
	for i := range 9 {
		sum += d[i] * (10 - i)
	}
	check := 11 - sum%11
	return check%11 == d[9] && check != 10
}
