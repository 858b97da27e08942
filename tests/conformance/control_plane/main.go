// A Kubernetes control plane in one program: the first argument says which part of it to be.
package main

import (
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata" // the time zones of CronJobs

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/pkg/controller/job"
)

var servers = map[string]func(){
	"etcd":                    func() { etcdmain.Main(os.Args) },
	"kube-apiserver":          func() { os.Exit(cli.Run(apiserver.NewAPIServerCommand())) },
	"kube-controller-manager": runControllers,
}

func main() {
	if len(os.Args) < 2 {
		fail("expected a part of the control plane")
	}
	os.Args = os.Args[1:]
	part := os.Args[0]
	if serve, found := servers[part]; found {
		go endWithInput()
		serve()
		return
	}
	var err error
	switch part {
	case "kubectl":
		util.CheckErr(cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()))
	case "keys":
		err = writeKeys(os.Args[1:])
	default:
		err = fmt.Errorf("unknown part %q", part)
	}
	if err != nil {
		fail(err)
	}
}

func runControllers() {
	// The pause before a failed pod is replaced: ten seconds, doubled each time, in a real cluster.
	job.DefaultJobPodFailureBackOff = 500 * time.Millisecond
	os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
}

// endWithInput ends a server when its standard input does, so that none outlives the process that
// started it, however that one ends.
func endWithInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func fail(reason any) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(1)
}
