package normal

import (
	_ "embed" // the table of traditional characters
	"strings"
)

//go:embed traditional.txt
var traditional string

// lookalikes are letters of other scripts and the ASCII letter each is taken for.
const lookalikes = "аaвbсcԁdеeҽeģgһhіiїiјjкkӏlмmпnнhоoрpԛqгrѕsтtυuѵvωwԝwхxуyᴢzαaβbγyεeηnκkιiνvοoρpτtχxөoօoսuհhոnցg" +
	"ıiɑaɡgᴀaʙbᴄcᴅdᴇeɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrᴛtᴜuᴠvᴡwʏy"

// pairs reads "ab" as b for a; lines that begin with # are for people.
func pairs(s string) map[rune]rune {
	m := map[rune]rune{}
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rs := []rune(strings.TrimSpace(line))
		for i := 0; i+1 < len(rs); i += 2 {
			if rs[i] != rs[i+1] {
				m[rs[i]] = rs[i+1]
			}
		}
	}
	return m
}
