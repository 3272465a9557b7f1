package sandbox_test

import (
	"context"
	"fmt"
	"net/http"

	"zhiyin.dev/zhiyin/sandbox"
)

func Example() {
	box, err := sandbox.Start(context.Background(), sandbox.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = box.Close() }()
	resp, err := http.Get(box.URL + "/cgi-bin/gettoken?corpid=" + box.Ready.CorpID + "&corpsecret=" + box.Ready.Secrets.App)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	fmt.Println(resp.Status, box.State().Counts["customers"], "customers")
	// Output: 200 OK 3000 customers
}
