package main

// Hosts: network namespaces of their own, without names, so that nothing of them is left when this process ends, whatever
// ends it. Each is a thread that has unshared network and mounts and never leaves; what must happen there is sent to it.
// The thread also starts the host's processes, which die with it (PDEATHSIG).

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"unsafe"
)

const (
	tunSetInterface = 0x400454ca
	tunNoInfo       = 0x1001 // IFF_TUN | IFF_NO_PI

)

// Go's syscall package has no name for it.
var setnsCall = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

// Host is one machine of the chaos network. IP is its only address besides loopback.
type Host struct {
	Name string
	IP   string
	tun  int
	net  int // its network namespace, for setns
	jobs chan func()
}

func newHost(name, ip, mount string, mountMiB int) (*Host, error) {
	host := &Host{Name: name, IP: ip, jobs: make(chan func())}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: a thread that unshared is of no use to anybody else
		err := host.unshare(mount, mountMiB)
		ready <- err
		if err != nil {
			return
		}
		for job := range host.jobs {
			job()
		}
	}()
	return host, <-ready
}

func (h *Host) unshare(mount string, mountMiB int) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET | syscall.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare: %w (root is needed)", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if mount != "" {
		if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, fmt.Sprintf("size=%dm", mountMiB)); err != nil {
			return fmt.Errorf("tmpfs: %w", err)
		}
	}
	var err error
	if h.net, err = syscall.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", syscall.Gettid()), syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
		return err
	}
	if h.tun, err = syscall.Open("/dev/net/tun", syscall.O_RDWR|syscall.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("/dev/net/tun: %w", err)
	}
	var request [40]byte
	copy(request[:15], "chaos0")
	*(*uint16)(unsafe.Pointer(&request[16])) = tunNoInfo
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(h.tun), tunSetInterface, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return fmt.Errorf("TUNSETIFF: %w", errno)
	}
	for _, arguments := range [][]string{
		{"link", "set", "lo", "up"}, {"addr", "add", h.IP + "/24", "dev", "chaos0"}, {"link", "set", "chaos0", "up"},
	} {
		if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", arguments, err, out)
		}
	}
	return nil
}

// Do runs the job on the host: its files, its network, its children.
func (h *Host) Do(job func()) {
	done := make(chan struct{})
	h.jobs <- func() {
		defer close(done)
		job()
	}
	<-done
}

// Go starts a goroutine whose sockets are the host's.
func (h *Host) Go(job func()) {
	go func() {
		runtime.LockOSThread()
		if _, _, errno := syscall.RawSyscall(setnsCall, uintptr(h.net), syscall.CLONE_NEWNET, 0); errno != 0 {
			fmt.Fprintln(os.Stderr, "chaos: setns:", errno)
			os.Exit(1)
		}
		job()
	}()
}
