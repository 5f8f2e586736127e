package main

import (
	"os/exec"
	"syscall"
)

// inGroup puts a command into a process group of its own, so that what `go run`
// has started can be stopped with it.
func inGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func stopGroup(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }
