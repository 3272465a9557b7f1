package guard

import (
	"time"

	"zhiyin.dev/zhiyin/internal/governance/normal"
)

// codeNumbers is the check that finds identity and bank card numbers by their own check digits.
const codeNumbers = "numbers"

// numbersOf finds identity numbers (18 characters, GB 11643) and numbers of UnionPay cards (16 to 19 digits from 62 on).
func numbersOf(t normal.Text) []place {
	var out []place
	for i := 0; i < len(t.Runes); {
		j := i
		for j < len(t.Runes) && t.Runes[j] >= '0' && t.Runes[j] <= '9' {
			j++
		}
		end := j
		if j < len(t.Runes) && t.Runes[j] == 'x' {
			end++
		}
		switch {
		case identity(t.Runes[i:end]):
			out = append(out, place{i, end})
		case card(t.Runes[i:j]):
			out = append(out, place{i, j})
		}
		i = max(j, i+1)
	}
	return out
}

func identity(s []rune) bool {
	if len(s) != 18 || s[0] < '1' || s[0] > '8' {
		return false
	}
	if born, err := time.Parse("20060102", string(s[6:14])); err != nil || born.Year() < 1900 || born.Year() > 2099 {
		return false
	}
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s[17] == []rune("10x98765432")[sum%11]
}

func card(s []rune) bool {
	if len(s) < 16 || len(s) > 19 || s[0] != '6' || s[1] != '2' {
		return false
	}
	sum := 0
	for i := range s { // Luhn, from the right
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
