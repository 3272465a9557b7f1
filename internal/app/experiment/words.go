package experiment

import "slices"

// On is what a send of the plan says on a day, the first is 0.
func (s Send) On(day int) string {
	return Words(s.Text, day, slices.IndexFunc(Plan(), func(p Send) bool { return p.At == s.At }))
}

// Words are what a daily message says on a day: its own sentence, and something new in front. The same text every day would reach
// nobody through the platform after the first (FTG-14), which is not what the plan is about.
func Words(text string, day, send int) string {
	things := []string{
		"保湿面霜", "山茶洗发水", "玫瑰护手油", "燕麦身体乳", "海藻面膜", "竹炭洁面", "桂花香皂", "羊毛浴巾", "木梳礼盒", "薰衣草枕", "青柠牙膏", "防晒喷雾", "雪松香薰",
	}
	news := []string{
		"今早刚到货，可以先试再买", "老师傅在店里讲怎么用", "换了新的包装，旧瓶可以带来回收", "和邻街的花店一起摆摊", "上周问的人多，我们写了一页说明", "有小样，孩子也能用", "做了加大的一款",
	}
	n := day*5 + send
	return things[n%len(things)] + news[n%len(news)] + "。" + text
}
