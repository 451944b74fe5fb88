package main

// RocketMQ's remoting protocol as far as a client of the controller needs it: frames with JSON headers, requests in any
// number on one connection.

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

var errTimeout = errors.New("no answer in time")

// Frame is a request or a response.
type Frame struct {
	Code   int               `json:"code"`
	Flag   int               `json:"flag"`
	Opaque int32             `json:"opaque"`
	Remark string            `json:"remark,omitempty"`
	Fields map[string]string `json:"extFields"`

	Language  string `json:"language"`
	Version   int    `json:"version"`
	Serialize string `json:"serializeTypeCurrentRPC"`
	Body      []byte `json:"-"`
}

// Connection to one node. Once broken it stays broken.
type Connection struct {
	socket  net.Conn
	mutex   sync.Mutex
	next    int32
	waiting map[int32]chan *Frame
	broken  error
}

// dial must run on a goroutine of the host that the connection is from.
func dial(address string, timeout time.Duration) (*Connection, error) {
	socket, err := net.DialTimeout("tcp4", address, timeout)
	if err != nil {
		return nil, err
	}
	c := &Connection{socket: socket, waiting: map[int32]chan *Frame{}}
	go c.read()
	return c, nil
}

func (c *Connection) read() {
	reader := bufio.NewReader(c.socket)
	for {
		frame, err := readFrame(reader)
		if err != nil {
			c.fail(err)
			return
		}
		c.mutex.Lock()
		waiter := c.waiting[frame.Opaque]
		delete(c.waiting, frame.Opaque)
		c.mutex.Unlock()
		if waiter != nil {
			waiter <- frame
		}
	}
}

func (c *Connection) fail(err error) {
	_ = c.socket.Close()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.broken == nil {
		c.broken = err
	}
	for _, waiter := range c.waiting {
		close(waiter)
	}
	c.waiting = map[int32]chan *Frame{}
}

func (c *Connection) close() { c.fail(net.ErrClosed) }

func (c *Connection) err() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.broken
}

// call waits for the answer; an error means that whether the request was carried out is unknown.
func (c *Connection) call(code int, fields map[string]string, body []byte, timeout time.Duration) (*Frame, error) {
	waiter := make(chan *Frame, 1)
	c.mutex.Lock()
	if c.broken != nil {
		defer c.mutex.Unlock()
		return nil, c.broken
	}
	c.next++
	opaque := c.next
	c.waiting[opaque] = waiter
	c.mutex.Unlock()
	if err := c.send(code, 0, opaque, fields, body, timeout); err != nil {
		c.fail(err)
		return nil, err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case frame, answered := <-waiter:
		if !answered {
			return nil, c.err()
		}
		return frame, nil
	case <-timer.C:
		c.mutex.Lock()
		delete(c.waiting, opaque)
		c.mutex.Unlock()
		return nil, errTimeout
	}
}

// tell sends a one-way request.
func (c *Connection) tell(code int, fields map[string]string, timeout time.Duration) error {
	c.mutex.Lock()
	c.next++
	opaque := c.next
	c.mutex.Unlock()
	err := c.send(code, 2, opaque, fields, nil, timeout)
	if err != nil {
		c.fail(err)
	}
	return err
}

func (c *Connection) send(code, flag int, opaque int32, fields map[string]string, body []byte, timeout time.Duration) error {
	header, err := json.Marshal(Frame{Code: code, Flag: flag, Opaque: opaque, Fields: fields, Language: "GO", Version: 477, Serialize: "JSON"})
	if err != nil {
		return err
	}
	frame := make([]byte, 8, 8+len(header)+len(body))
	binary.BigEndian.PutUint32(frame, uint32(4+len(header)+len(body)))
	binary.BigEndian.PutUint32(frame[4:], uint32(len(header)))
	frame = append(append(frame, header...), body...)
	_ = c.socket.SetWriteDeadline(time.Now().Add(timeout))
	_, err = c.socket.Write(frame) // one goroutine at a time is held by the socket itself
	return err
}

func readFrame(reader io.Reader) (*Frame, error) {
	var head [8]byte
	if _, err := io.ReadFull(reader, head[:]); err != nil {
		return nil, err
	}
	total, word := binary.BigEndian.Uint32(head[:]), binary.BigEndian.Uint32(head[4:])
	size := word & 0xffffff
	if total < 4+size || total > 64<<20 || word>>24 != 0 {
		return nil, fmt.Errorf("no JSON frame: %x", head)
	}
	data := make([]byte, total-4)
	if _, err := io.ReadFull(reader, data); err != nil {
		return nil, err
	}
	frame := &Frame{}
	if err := json.Unmarshal(data[:size], frame); err != nil {
		return nil, err
	}
	frame.Body = data[size:]
	return frame, nil
}
