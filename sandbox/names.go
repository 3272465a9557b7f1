package sandbox

import "fmt"

// People of the world are called by a colour, a fruit and a number, so that
// nobody real is ever meant.
var (
	colours = []rune("青红黄紫橙白粉金绿蓝黑银碧朱赤翠")
	fruits  = []rune("柠橙梨桃李杏枣莓柚橘樱榴芒蕉椰瓜")
)

// customerName is the WeChat nickname of customer number n.
func customerName(n int32) string {
	kinds := len(colours) * len(fruits)
	k, number := int(n)%kinds, int(n)/kinds+1
	return fmt.Sprintf("%c%c %02d", colours[k%len(colours)], fruits[(k/len(colours)+k)%len(fruits)], number)
}

// avatarColour is the background of a drawn avatar.
func avatarColour(n uint64) string {
	return fmt.Sprintf("hsl(%d 45%% 55%%)", n%360)
}
