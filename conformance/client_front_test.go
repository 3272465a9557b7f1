package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"zhiyin.dev/zhiyin/sandbox"
	"zhiyin.dev/zhiyin/wecom"
)

// behindProxy carries the ready line to the process that plays the program.
const behindProxy = "ZHIYIN_CONFORMANCE_READY"

// A program is told of the front as an operator would: by HTTPS_PROXY and the
// file of a certificate authority, in the environment of a process of its own.
func TestTheClientReachesTheOfficialHostThroughTheFront(t *testing.T) {
	t.Parallel()
	srv, err := sandbox.Start(t.Context(), sandbox.Options{Front: "127.0.0.1:0", DataDir: t.TempDir(), Staff: 5, Customers: 40})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	line, err := json.Marshal(srv.Ready)
	if err != nil {
		t.Fatal(err)
	}
	program := exec.CommandContext(t.Context(), os.Args[0])
	program.Env = []string{
		behindProxy + "=" + string(line),
		fmt.Sprint("HTTPS_PROXY=", srv.Ready.Front["proxy"]),
		fmt.Sprint("SSL_CERT_FILE=", srv.Ready.Front["ca_file"]),
	}
	if out, err := program.CombinedOutput(); err != nil {
		t.Fatalf("the program: %v\n%s", err, out)
	}
}

func TestMain(m *testing.M) {
	if line := os.Getenv(behindProxy); line != "" {
		if err := playProgram(context.Background(), line); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// playProgram is that program: it lists members, changes a remark and reads it,
// without any address of the sandbox.
func playProgram(ctx context.Context, line string) error {
	var ready sandbox.Ready
	if err := json.Unmarshal([]byte(line), &ready); err != nil {
		return err
	}
	c, err := wecom.New(wecom.Config{
		CorpID: ready.CorpID, AgentID: ready.AgentID,
		Secrets: wecom.Secrets{Contact: ready.Secrets.Contact, External: ready.Secrets.External, App: ready.Secrets.App},
	})
	if err != nil {
		return err
	}
	staff, err := c.FollowUsers(ctx)
	if err != nil || len(staff) == 0 {
		return fmt.Errorf("members with customers: %v, %w", staff, err)
	}
	customers, err := c.CustomerIDs(ctx, staff[0])
	if err != nil || len(customers) == 0 {
		return fmt.Errorf("customers of %s: %v, %w", staff[0], customers, err)
	}
	remark := "经前门"
	if err := c.Remark(ctx, wecom.RemarkRequest{Staff: staff[0], Customer: customers[0], Remark: &remark}); err != nil {
		return err
	}
	detail, err := c.Customer(ctx, customers[0], "")
	if err != nil {
		return err
	}
	if got := fmt.Sprintf("%+v", detail); !strings.Contains(got, remark) {
		return fmt.Errorf("the remark is not there: %s", got)
	}
	return nil
}
