package main

// One controller: a process on a host of its own, with its directory on a small file system of its own.

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Switches of shim/shim.c, in its order.
const (
	wallOffsetMs = iota
	syncErrno
	writeErrno
	syncDelayMs
	switches
)

// Node is one controller and what a fault can do to it.
type Node struct {
	Host    *Host
	Address string
	index   int
	command func(n *Node) []string
	env     []string
	dir     string // of its files: a mount that only its host sees
	log     string // its output
	shim    []byte // mapped; nil without the shim
	ballast string

	mutex   sync.Mutex
	process *os.Process
	ended   chan struct{}
	stopped bool // by SIGSTOP
	starts  int
}

func (n *Node) start(wrapper ...string) error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.process != nil {
		return nil
	}
	output, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer output.Close()
	arguments := append(wrapper, n.command(n)...)
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Env = append(os.Environ(), n.env...)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	n.Host.Do(func() { err = command.Start() })
	if err != nil {
		return err
	}
	n.starts++
	n.process, n.stopped = command.Process, false
	ended := make(chan struct{})
	n.ended = ended
	go func() {
		_ = command.Wait()
		n.mutex.Lock()
		n.process = nil
		n.mutex.Unlock()
		close(ended)
	}()
	return nil
}

func (n *Node) running() bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.process != nil
}

func (n *Node) signal(signal syscall.Signal) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.process != nil {
		_ = n.process.Signal(signal)
		n.stopped = signal == syscall.SIGSTOP
	}
}

func (n *Node) kill() {
	n.signal(syscall.SIGKILL)
	if n.ended != nil {
		<-n.ended
	}
}

func (n *Node) set(which int, value int64) {
	if n.shim != nil {
		binary.LittleEndian.PutUint64(n.shim[8*which:], uint64(value))
	}
}

// fill takes all the space that is left for the node's files.
func (n *Node) fill() {
	n.Host.Do(func() {
		file, err := os.Create(n.ballast)
		if err != nil {
			return
		}
		defer file.Close()
		for chunk := 1 << 20; chunk > 0; {
			if _, err := file.Write(make([]byte, chunk)); err != nil {
				chunk /= 16
			}
		}
	})
}

func (n *Node) free() {
	n.Host.Do(func() { _ = os.Remove(n.ballast) })
}

// writtenLog is the segment that the last writes went to, and where its frames end (src/raft/log_format.h). The process
// must be dead. Runs on the host.
func (n *Node) writtenLog() (name string, data []byte, end int64) {
	_ = filepath.WalkDir(n.data(), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".log") && path > name {
			name = path
		}
		return nil
	})
	data, _ = os.ReadFile(name)
	const header, head = 4096, 16
	if len(data) < header+head {
		return name, nil, 0
	}
	mark := binary.LittleEndian.Uint32(data[36:]) | 1 // of the salt
	for end = header; end+head <= int64(len(data)) && binary.LittleEndian.Uint32(data[end:]) == mark; {
		size := int64(binary.LittleEndian.Uint32(data[end+8:]))
		end = (end + head + size + 15) / 16 * 16
	}
	return name, data, end
}

func overwrite(name string, at int64, bytes []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteAt(bytes, at)
	return err
}

// tear leaves the log as a crash of the machine in the middle of a write does: after what was synced stands the beginning
// of a record.
func (n *Node) tear(random *rand.Rand) (what string) {
	n.Host.Do(func() {
		name, data, end := n.writtenLog()
		if data == nil {
			what = "no log to tear"
			return
		}
		part := data[4096+7:][:1+random.Intn(40)] // of a frame, but not its beginning
		if random.Intn(2) == 0 {
			part = data[4096:][:1+random.Intn(40)]
		}
		if err := overwrite(name, end, part); err != nil {
			what = err.Error()
			return
		}
		what = fmt.Sprintf("%d bytes of a record at %d of %s", len(part), end, filepath.Base(name))
	})
	return what
}

// shorten takes bytes from the end of the log that had been synced: a disk that lies. giveBack undoes it, from a copy.
func (n *Node) shorten(random *rand.Rand, most int64) (what string) {
	n.Host.Do(func() {
		if out, err := exec.Command("cp", "-a", n.data(), n.data()+".kept").CombinedOutput(); err != nil {
			what = fmt.Sprintf("%v: %s", err, out)
			return
		}
		name, data, end := n.writtenLog()
		if data == nil {
			what = "no log to shorten"
			return
		}
		cut := 1 + random.Int63n(min(most, end-4096))
		if err := overwrite(name, end-cut, make([]byte, cut)); err != nil {
			what = err.Error()
			return
		}
		what = fmt.Sprintf("the last %d of %d bytes of %s", cut, end, filepath.Base(name))
	})
	return what
}

func (n *Node) giveBack() {
	n.Host.Do(func() {
		_ = os.RemoveAll(n.data())
		_ = os.Rename(n.data()+".kept", n.data())
	})
}

// throwAway the copy: what the node has now is right.
func (n *Node) throwAway() {
	n.Host.Do(func() { _ = os.RemoveAll(n.data() + ".kept") })
}

func (n *Node) data() string { return n.dir + "/data" }

func (n *Node) output() string {
	text, _ := os.ReadFile(n.log)
	return string(text)
}

func (n *Node) tail(lines int) string {
	all := strings.Split(strings.TrimSpace(n.output()), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

func mapShim(path string) ([]byte, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := file.Truncate(8 * switches); err != nil {
		return nil, err
	}
	return syscall.Mmap(int(file.Fd()), 0, 8*switches, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
}

func (n *Node) waitEnded(timeout time.Duration) bool {
	n.mutex.Lock()
	ended, running := n.ended, n.process != nil
	n.mutex.Unlock()
	if !running {
		return true
	}
	select {
	case <-ended:
		return true
	case <-time.After(timeout):
		return false
	}
}
